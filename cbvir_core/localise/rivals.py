"""Which of several scenes of one video shows a picture best, by their thumbnails.

A still camera gives scene after scene in which all but a little is the same.  A scene's own thumbnails are
compared by what changes within it; scenes are told apart by what changes between them, so all their
thumbnails are compared at once.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cbvir_core.decode import THUMBNAIL_SIDE
from cbvir_core.geometry import Matrix, Size
from cbvir_core.localise.frames import FrameSequence
from cbvir_core.localise.hypotheses import taken_as_laid, taken_as_whole
from cbvir_core.localise.pattern import NO_FIT
from cbvir_core.localise.query import LocalisationQuery
from cbvir_core.types import Floats, Grey, Image, Thumbnails

MAX_RIVAL_THUMBNAILS = 96
"""Thumbnails of a scene that are compared at most, evenly spread: half a minute of film."""

MISLAID_FIT = 0.25
"""How much less a picture may fit as the whole frame than as it was laid, and still be compared as the whole
frame.  The nearest thumbnail of a whole frame of a moving camera fits by .5 to .6, where features of another
scene lay it on that one by .65 to .8."""


def scene_fits(
    scenes: Sequence[Thumbnails],
    picture: Image,
    *,
    still: Size,
    transform: Matrix | None = None,
    mirrored: bool = False,
) -> Floats:
    """Return how well the best thumbnail of each scene fits, at most 1; -1 where nothing can be compared.

    The scenes are of one video, and the picture lies in all of them in the same way.  Where it may be the
    whole frame it is compared as that: features of another scene lay it a little beside.  Else `transform`
    maps its pixels to those of a still of size `still`, with negative determinant if `mirrored`.
    """
    fits = np.full(len(scenes), NO_FIT, np.float32)
    owners, frames = _spread(scenes)
    if not frames:
        return fits
    height, width = frames[0].shape
    query = LocalisationQuery(
        picture, transform, mirrored, still=still, frame=(width, height), thumbnail_side=THUMBNAIL_SIDE
    )
    sequence = FrameSequence(tuple(map(float, range(len(frames)))), tuple(frames))
    shown, laid = taken_as_whole(sequence, query), taken_as_laid(sequence, query)
    if laid is not None and (shown is None or laid.fit > shown.fit + MISLAID_FIT):
        shown = laid
    if shown is not None:
        for number, score in shown.scores.items():
            fits[owners[number]] = max(fits[owners[number]], score)
    return fits


def _spread(scenes: Sequence[Thumbnails]) -> tuple[list[int], list[Grey]]:
    """Return the frames that are compared, and which scene each is of."""
    owners: list[int] = []
    frames: list[Grey] = []
    for owner, scene in enumerate(scenes):
        for number in scene.evenly(MAX_RIVAL_THUMBNAILS):
            owners.append(owner)
            frames.append(scene.frames[number])
    return owners, frames
