"""Several pictures in order as one question: which video shows them one after the other?"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cbvir_core.search import SearchOptions
from cbvir_core.search.answer import verdict
from cbvir_core.types import Answer, Hit, Verdict, VideoId

LEAST_DOUBT = 1e-4
"""A single picture makes a video at most so certain: one that is sure must not outweigh all others."""


@dataclass(frozen=True, slots=True)
class OrderedHit:
    """A video that shows pictures in their order, or all of them in the opposite one.

    - `hits`: one for each picture, None for a picture that has no place in the order.
    - `is_reversed`: whether the video shows them from the last to the first.
    - `probability`: how probably the video shows at least one of them, in [0, 1].
    """

    rank: int
    video_id: VideoId
    path: Path
    hits: tuple[Hit | None, ...]
    is_reversed: bool
    probability: float
    verdict: Verdict


def videos_in_order(answers: Sequence[Answer], options: SearchOptions = SearchOptions()) -> list[OrderedHit]:
    """Return the videos that show the pictures of `answers` in order, the most certain first.

    Each picture was asked by itself, so that their distances in time may be any.  Of a video's hits the chain
    is chosen whose times do not turn back and whose certainty, the sum of -log(1 - probability), is highest.
    """
    found: dict[VideoId, list[list[Hit]]] = defaultdict(lambda: [[] for _ in answers])
    for number, answer in enumerate(answers):
        for hit in answer.results:
            found[hit.keyframe_id.video][number].append(hit)
    chains = [(video_id, _best_chain(hits)) for video_id, hits in found.items()]
    chains.sort(key=lambda one: -one[1].certainty)
    return [
        _ordered(rank, video_id, chain, options)
        for rank, (video_id, chain) in enumerate(chains[: options.top], start=1)
    ]


@dataclass(frozen=True, slots=True)
class _Chain:
    """Hits by the number of their picture, in order, and how certain they are together."""

    hits: tuple[Hit | None, ...]
    certainty: float
    is_reversed: bool


def _best_chain(hits: Sequence[Sequence[Hit]]) -> _Chain:
    """Return the best chain of one video's hits, `hits` by picture; forwards where both ways are as good."""
    there, back = _chain(hits), _chain(hits[::-1])
    if back.certainty > there.certainty:
        return _Chain(back.hits[::-1], back.certainty, is_reversed=True)
    return there


def _chain(hits: Sequence[Sequence[Hit]]) -> _Chain:
    """Return the chain whose times do not turn back, by dynamic programming over all hits."""
    ends: list[tuple[float, Hit, _Chain]] = []
    for number, own in enumerate(hits):
        added: list[tuple[float, Hit, _Chain]] = []
        for hit in own:
            before = [one for _, last, one in ends if last.time_s <= hit.time_s]
            best = max(before, key=lambda one: one.certainty, default=_Chain((), 0.0, is_reversed=False))
            skipped = (None,) * (number - len(best.hits))
            certainty = best.certainty + _certainty(hit)
            added.append((certainty, hit, _Chain((*best.hits, *skipped, hit), certainty, is_reversed=False)))
        ends += added
    _, _, best = max(ends, key=lambda one: one[0])
    return _Chain((*best.hits, *(None,) * (len(hits) - len(best.hits))), best.certainty, is_reversed=False)


def _certainty(hit: Hit) -> float:
    return -math.log(max(LEAST_DOUBT, 1.0 - hit.probability))


def _ordered(rank: int, video_id: VideoId, chain: _Chain, options: SearchOptions) -> OrderedHit:
    probability = 1.0 - math.exp(-chain.certainty)
    path = next(hit.path for hit in chain.hits if hit is not None)
    claim = verdict(probability, options)
    return OrderedHit(rank, video_id, path, chain.hits, chain.is_reversed, probability, claim)
