"""Scenes that show the same picture: one title card, one logo, one test pattern in many videos.

Without groups a picture of a title card that two hundred films begin with would be answered with ten of them,
and whatever else it shows would not be in the list.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from cbvir_core.search.findings import Scene
from cbvir_core.types import Rows

SAME_PICTURE_COSINE = 0.95
"""Filter cosine from which two stills show the same picture."""

MIN_GROUP_VIDEOS = 3
"""Videos that a picture must occur in to be a group."""


def grouped(scenes: Sequence[Scene], descriptors: Rows) -> list[list[int]]:
    """Return the scenes' numbers in groups; `descriptors` are their filter descriptors.

    Scenes come best first, and so do groups and the scenes of each group.  The first scene of a group
    represents it; the others are scenes of other videos that show the same picture.  A picture of fewer than
    `MIN_GROUP_VIDEOS` videos is no group: each of its scenes comes by itself, in its place.
    """
    same = [np.flatnonzero(row).tolist() for row in descriptors @ descriptors.T >= SAME_PICTURE_COSINE]
    taken: set[int] = set()
    groups: list[list[int]] = []
    for number, first in enumerate(scenes):
        if number in taken:
            continue
        twins = [
            other
            for other in same[number]
            if other > number and other not in taken and scenes[other].video.video_id != first.video.video_id
        ]
        videos = {first.video.video_id, *(scenes[other].video.video_id for other in twins)}
        if len(videos) < MIN_GROUP_VIDEOS:
            twins = []
        taken.update(twins)
        groups.append([number, *twins])
    return groups


def score_margins(scenes: Sequence[Scene], same_picture: npt.NDArray[np.bool_] | None = None) -> list[float]:
    """Return by how much each score exceeds the best one of any other video; the score where there is none.

    With `same_picture` (N x N) scenes that show the same picture are no rivals of each other: that a scene
    is in another film as well does not make it the less probable in this one.
    """
    scores = np.array([scene.score for scene in scenes], float)
    videos = np.array([scene.video.video_id for scene in scenes])
    rivals = videos[:, None] != videos
    if same_picture is not None:
        rivals &= ~same_picture
    best = np.where(rivals, scores, 0.0).max(axis=1, initial=0.0)
    return [float(margin) for margin in scores - best]


def show_same_picture(descriptors: Rows, agree: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Return which scenes show the same picture, N x N.

    Two do where both `agree` with the query, or their stills are alike by their filter `descriptors`.
    """
    return np.logical_and.outer(agree, agree) | (descriptors @ descriptors.T >= SAME_PICTURE_COSINE)
