"""Hard negatives: for every picture those that the network takes for it, out of the whole set.

Near-duplicates (a second photograph of one scene, a recoloured copy) are the hardest negatives of all,
and false ones.  A judge's rows tell them: a teacher's where there is one, else the network's own.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from cbvir_core.train.origins import PictureOrigins
from cbvir_core.train.random_draws import RandomDraws

MAX_NEAR_DUPLICATES = 16
"""Near-duplicates that a picture can have: a judge that knows nothing yet takes all pictures for one."""

_SIMILARITY_ROWS = 1024


@dataclass(frozen=True)
class MinedNegatives:
    """What was found among N pictures.

    `nearest` [N, K] are each picture's hardest negatives, the hardest first, -1 where there are fewer;
    `duplicates` are the pairs (i, j) that are no negatives of each other though they are no positives
    either, as ``i * N + j``, sorted and both ways round.
    """

    nearest: Tensor
    duplicates: Tensor

    @classmethod
    def nothing(cls, pictures: int) -> MinedNegatives:
        """Before anything was mined."""
        none = torch.empty(0, dtype=torch.int64)
        return cls(none.reshape(1, 0).expand(pictures, 0), none)

    def strangers(self, first: Tensor, second: Tensor, origins: PictureOrigins) -> Tensor:
        """Which pictures of a batch may be negatives of each other, boolean B x B, symmetric.

        Entry i of both sides are the pictures, of one scene, that the two views of a row come from.
        """
        batch = torch.cat([first, second])
        codes = batch[:, None] * len(self.nearest) + batch
        source = origins.source[batch]
        apart = (source[:, None] != source) & ~torch.isin(codes, self.duplicates)
        n = len(first)
        return apart.reshape(2, n, 2, n).permute(0, 2, 1, 3).flatten(0, 1).all(dim=0)


def mine(rows: Tensor, judge: Tensor, origins: PictureOrigins, limit: float, count: int) -> MinedNegatives:
    """Each picture's `count` nearest that are no positives, no neighbours and no near-duplicates.

    `rows` and `judge` are unit rows of the same N pictures; pictures whose rows of the judge have a
    cosine above `limit` are near-duplicates.
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
    """All pictures once, int64 N: `hard_groups` after each other, shuffled."""
    groups = hard_groups(mined, origins, size, draws)
    shuffled = (groups[number] for number in draws.order(len(groups)).tolist())
    return torch.tensor([picture for group in shuffled for picture in group], dtype=torch.int64)


def hard_groups(
    mined: MinedNegatives, origins: PictureOrigins, size: int, draws: RandomDraws
) -> list[list[int]]:
    """Every picture in one group of at most `size` that the network takes for each other.

    In a random order each picture that is still free takes its nearest free ones, but never two of one
    source nor near-duplicates.
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
