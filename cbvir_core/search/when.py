"""The exact moment of a hit: its scene is decoded again."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from cbvir_core.decode.borders import Box
from cbvir_core.moment import Survey, find_moment
from cbvir_core.search.options import LEAST_S, SearchOptions
from cbvir_core.search.prepare import MIRRORED, crop
from cbvir_core.types import Hit, Image

KEYFRAME_NOTE = "This scene was not looked at frame by frame. The time is the keyframe's."
"""What is said of the time of every scene but the best, where all are asked for."""


def at_its_moment(
    hit: Hit,
    picture: Image,
    options: SearchOptions,
    borders: Box | None,
    spent_s: float,
    survey: Survey | None = None,
) -> Hit:
    """The hit with the time of the frame that fits the picture best.

    `borders` is the box of the frame that the still shows, `spent_s` what the query took so far, `survey`
    what thumbnails of the scene say of the asked part.  Where the file is offline or no frame is clear, the
    time is the thumbnail's or else the keyframe's, and the note says so.
    """
    evidence = hit.evidence
    transform = None
    if evidence is not None:
        transform = _moved(borders) @ evidence.homography
        if survey is not None and survey.transform is not None:
            transform = _moved(borders) @ survey.transform @ np.linalg.inv(_moved(options.region))
    asked = picture if evidence is not None or options.region is None else crop(picture, options.region)
    mirrored = MIRRORED in hit.variant if evidence is None else np.linalg.det(evidence.homography) < 0
    found = find_moment(
        hit.path,
        (hit.scene_start_s, hit.scene_end_s),
        asked,
        keyframe_s=hit.time_s,
        transform=transform,
        mirrored=bool(mirrored),
        video_id=hit.keyframe_id.video,
        survey=survey,
        budget_s=max(LEAST_S, options.exact_time_s - spent_s),
    )
    return replace(hit, time_s=found.time_s, exact=found.exact, time_note=found.reason)


def _moved(part: Box | None) -> npt.NDArray[np.float64]:
    """From the pixels of a part of a picture to those of the picture."""
    moved = np.eye(3)
    if part is not None:
        moved[:2, 2] = part[:2]
    return moved
