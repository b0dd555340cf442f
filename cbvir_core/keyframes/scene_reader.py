"""The frames of scenes that are known already, read from their file once more."""

from __future__ import annotations

import math
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path

from cbvir_core.borders import crop_frame
from cbvir_core.decode import STILL_SIDE, Mode, read_frames, thumbnail
from cbvir_core.errors import FileChanged
from cbvir_core.keyframes.frames import FrameTrack
from cbvir_core.types import Box, SampledFrames, VideoId


@dataclass(frozen=True, slots=True)
class SceneTask:
    """A file, and the ends of all scenes of its video in the order of time.

    `borders` is the box that the stills of the video are cut to.  `sample_s` and `mode` are those of ingest.
    """

    path: Path
    video_id: VideoId
    scene_ends_s: tuple[float, ...]
    borders: Box | None
    sample_s: float
    mode: Mode


def read_scene_frames(task: SceneTask) -> Generator[SampledFrames | None, None, None]:
    """Yield for each scene, in the order of time, the frames that ingest keeps; None for one without samples.

    The file is decoded once, from its start to the end of the last scene that is taken.  Raises what
    `cbvir_core.decode.read_frames` raises, and FileChanged where the file holds another video.
    """
    track, ends = FrameTrack(), [*task.scene_ends_s[:-1], math.inf]
    with read_frames(
        task.path, samples_per_s=1 / task.sample_s, mode=task.mode, max_side=STILL_SIDE
    ) as frames:
        if frames.info.video_id != task.video_id:
            raise FileChanged("holds another video now; a rescan takes it in", path=task.path)
        for frame in frames:
            while frame.time_s >= ends[0]:
                yield track.take_until(ends.pop(0))
            shown = crop_frame(frame, task.borders)
            track.push(shown, thumbnail(shown.image))
    for end_s in ends:
        yield track.take_until(end_s)
