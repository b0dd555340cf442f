"""Scenes that occur in many videos: one title card, one logo, one test pattern, one group.

Without it a picture of a title card that two hundred films begin with would be answered with ten of them,
and whatever else it shows would not be in the list.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from cbvir_core.search.answer import Candidate
from cbvir_core.types import Rows

TWIN_COSINE = 0.95
"""Filter cosine from which two stills show the same picture."""

MANY = 3
"""Videos that a picture must occur in to be a group."""


@dataclass(frozen=True, slots=True)
class Group:
    """The best scene, and the scenes of other videos that show the same."""

    first: Candidate
    others: list[Candidate] = field(default_factory=list)


def grouped(found: Sequence[Candidate], rows: Rows) -> list[Group]:
    """Candidates, best first, as groups, best first; `rows` are their filter descriptors.

    A picture of fewer than `MANY` videos is no group: its scenes stay as they are, in their places.
    """
    likeness = rows @ rows.T
    taken: set[int] = set()
    groups: list[Group] = []
    for number, first in enumerate(found):
        if number in taken:
            continue
        twins = [
            other
            for other in range(number + 1, len(found))
            if other not in taken
            and likeness[number, other] >= TWIN_COSINE
            and found[other].video.video_id != first.video.video_id
        ]
        videos = {first.video.video_id, *(found[other].video.video_id for other in twins)}
        if len(videos) < MANY:
            twins = []
        taken.update(twins)
        groups.append(Group(first, [found[other] for other in twins]))
    return groups
