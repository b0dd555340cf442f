"""Hard negatives: for every picture the other pictures of the set that the network confuses with it.

Near-duplicates (a second photograph of one scene, a recoloured copy) would be the hardest negatives, and
false ones.  They are found by the rows of a judge: a teacher where there is one, else the network itself.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from cbvir_core.train.origins import PictureOrigins
from cbvir_core.train.random_draws import RandomDraws

MAX_NEAR_DUPLICATES = 16
"""Most near-duplicates of a picture: an untrained judge finds all pictures alike."""

_SIMILARITY_ROWS = 1024


@dataclass(frozen=True)
class MinedNegatives:
    """Hard negatives and near-duplicates among N pictures.

    `nearest` [N, K] are the hardest negatives of each picture, the hardest first, -1 where there are
    fewer.  `duplicates` are the pairs (i, j) that are neither negatives nor positives of each other, as
    ``i * N + j``, sorted, in both orders.
    """

    nearest: Tensor
    duplicates: Tensor

    @classmethod
    def nothing(cls, pictures: int) -> MinedNegatives:
        """Return the value before mining: no negatives, no near-duplicates."""
        none = torch.empty(0, dtype=torch.int64)
        return cls(none.reshape(1, 0).expand(pictures, 0), none)

    def strangers(self, first: Tensor, second: Tensor, origins: PictureOrigins) -> Tensor:
        """Return which rows of a batch may be negatives of each other, boolean B x B, symmetric.

        Entry i of `first` and `second` are the pictures, of one scene, of the two views of row i.
        """
        batch = torch.cat([first, second])
        codes = batch[:, None] * len(self.nearest) + batch
        source = origins.source[batch]
        apart = (source[:, None] != source) & ~torch.isin(codes, self.duplicates)
        n = len(first)
        return apart.reshape(2, n, 2, n).permute(0, 2, 1, 3).flatten(0, 1).all(dim=0)


def mine(rows: Tensor, judge: Tensor, origins: PictureOrigins, limit: float, count: int) -> MinedNegatives:
    """Find the `count` nearest pictures of each that are of another source and not near-duplicates.

    `rows` and `judge` are unit rows of the same N pictures.  Two pictures are near-duplicates where their
    rows of the judge have a cosine above `limit`.
    """
    duplicates = _duplicates(judge, limit)
    nearest = []
    for start in range(0, len(rows), _SIMILARITY_ROWS):
        chunk = torch.arange(start, min(len(rows), start + _SIMILARITY_ROWS))
        scores = rows[chunk] @ rows.T
        scores[origins.source[chunk][:, None] == origins.source] = -torch.inf
        own = duplicates[(duplicates >= start * len(rows)) & (duplicates < (chunk[-1] + 1) * len(rows))]
        scores.view(-1)[own - start * len(rows)] = -torch.inf
        best = scores.topk(min(count, len(rows)), dim=1)
        nearest.append(best.indices.masked_fill(best.values.isneginf(), -1))
    return MinedNegatives(torch.cat(nearest), duplicates)


def _duplicates(judge: Tensor, limit: float) -> Tensor:
    found = []
    for start in range(0, len(judge), _SIMILARITY_ROWS):
        scores = judge[start : start + _SIMILARITY_ROWS] @ judge.T
        chunk = torch.arange(len(scores))
        scores[chunk, start + chunk] = -torch.inf
        best = scores.topk(min(MAX_NEAR_DUPLICATES, len(judge)), dim=1)
        one, place = (best.values > limit).nonzero().T
        other = best.indices[one, place]
        found += [(start + one) * len(judge) + other, other * len(judge) + start + one]
    both: Tensor = torch.cat(found).unique()  # type: ignore[no-untyped-call]
    return both


def hard_order(mined: MinedNegatives, origins: PictureOrigins, size: int, draws: RandomDraws) -> Tensor:
    """Return an order of all pictures, int64 N: the `hard_groups` one after the other, shuffled."""
    groups = hard_groups(mined, origins, size, draws)
    shuffled = (groups[number] for number in draws.order(len(groups)).tolist())
    return torch.tensor([picture for group in shuffled for picture in group], dtype=torch.int64)


def hard_groups(
    mined: MinedNegatives, origins: PictureOrigins, size: int, draws: RandomDraws
) -> list[list[int]]:
    """Divide all pictures into groups of at most `size` that the network confuses with each other.

    In a random order, each picture that is still free forms a group with its nearest free ones.  A group
    never holds two pictures of one source, nor near-duplicates.
    """
    n = len(mined.nearest)
    nearest, source, pairs = mined.nearest.tolist(), origins.source.tolist(), set(mined.duplicates.tolist())
    free = [True] * n

    def fits(picture: int, group: list[int]) -> bool:
        return free[picture] and not any(
            source[picture] == source[member] or picture * n + member in pairs for member in group
        )

    groups = []
    for anchor in draws.order(n).tolist():
        if not free[anchor]:
            continue
        group = [anchor]
        for picture in nearest[anchor]:
            if len(group) < size and picture >= 0 and fits(picture, group):
                group.append(picture)
        for member in group:
            free[member] = False
        groups.append(group)
    return groups
