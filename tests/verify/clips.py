"""A few real clips: the still of their first keyframe, and a frame from the middle of its scene."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from cbvir_core import extract_keyframes
from cbvir_core.decode import STILL_SIDE, decode_still, encode_still, read_frames
from cbvir_core.types import Image
from cbvir_core.verify import KEPT_FEATURES, QUERY_FEATURES, LocalFeatures, describe, pack, unpack

CLIPS = (
    "decord--flipping_a_pancake.mkv",
    "grounded-sam-2--bedroom.mp4",
    "interactive-examples--friday.mp4",
    "video-llava--sample_demo_9.mp4",
)

FRAME_SIDE = 480
"""Queries need not be large to be found, and the tests are quicker."""


@dataclass(frozen=True)
class Clip:
    """Two pictures of one scene and their features.

    `still_features` are what a store would give back for `still`, `frame_features` those of `frame` as a
    query.
    """

    still: Image
    frame: Image
    still_features: LocalFeatures
    frame_features: LocalFeatures


def read_clip(path: Path) -> Clip:
    """Return the still of a video's first keyframe and the frame in the middle of its scene."""
    keyframe = next(extract_keyframes(path, max_side=STILL_SIDE))
    middle_s = (keyframe.scene_start_s + keyframe.scene_end_s) / 2
    with read_frames(path, samples_per_s=3.0, max_side=FRAME_SIDE) as reader:
        frame = next(f.image for f in reader if f.time_s >= middle_s)
    still = decode_still(encode_still(keyframe.image))
    return Clip(still, frame, unpack(pack(describe(still, KEPT_FEATURES))), describe(frame, QUERY_FEATURES))
