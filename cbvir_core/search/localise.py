"""The exact moment of a hit: its scene is decoded again."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from cbvir_core.geometry import shift
from cbvir_core.localise import Moment, Survey, find_moment
from cbvir_core.search.answer import Candidate, existing_path
from cbvir_core.search.options import SearchOptions
from cbvir_core.search.prepare import MIRRORED, crop
from cbvir_core.types import Box, Evidence, Image


def moment_of(
    scene: Candidate,
    agrees: Evidence | None,
    picture: Image,
    options: SearchOptions,
    budget_s: float,
    survey: Survey | None = None,
) -> Moment:
    """The frame of a scene that fits the picture best.

    `agrees` is in what the picture and the scene's still agree, `survey` what thumbnails of the scene say of
    the asked part.  Where the file is offline or no frame is clear, the time is the thumbnail's or else the
    keyframe's, and the reason says so.
    """
    borders, keyframe = scene.video.borders, scene.keyframe
    transform = None
    if agrees is not None:
        transform = _moved(borders) @ agrees.homography
    if survey is not None:
        there = _moved(borders) @ survey.transform @ np.linalg.inv(_moved(options.region))
        survey = replace(survey, transform=there)
    asked = picture if agrees is not None or options.region is None else crop(picture, options.region)
    mirrored = MIRRORED in scene.variant if agrees is None else np.linalg.det(agrees.homography) < 0
    return find_moment(
        existing_path(scene.video),
        (keyframe.scene_start_s, keyframe.scene_end_s),
        asked,
        keyframe_s=keyframe.time_s,
        transform=transform,
        mirrored=bool(mirrored),
        video_id=keyframe.keyframe_id.video,
        survey=survey,
        budget_s=budget_s,
    )


def confirmed(survey: Survey, moment: Moment) -> Survey:
    """What thumbnails say, or more where the very frame shows more: it lies between two of them."""
    return replace(
        survey,
        explained=max(survey.explained, moment.explained),
        fit=max(survey.fit, moment.fit),
    )


def _moved(part: Box | None) -> npt.NDArray[np.float64]:
    """From the pixels of a part of a picture to those of the picture."""
    return np.eye(3) if part is None else shift(*part[:2])
