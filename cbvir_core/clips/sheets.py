"""Hits of a clip with their evidence as pictures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np

from cbvir_core.borders.crop import crop_picture
from cbvir_core.clips.answer import ClipHit
from cbvir_core.clips.clip import Clip
from cbvir_core.clips.evidence import FoundSegment
from cbvir_core.clips.segment_sheet import FramePair, segment_sheet
from cbvir_core.clips.windows import scenes_within
from cbvir_core.localise import hold_frames_around
from cbvir_core.search.answered_frame import clock
from cbvir_core.search.sheets import LabelledPicture
from cbvir_core.store import Store
from cbvir_core.types import Image, Verdict

MAX_SHEETS = 6
"""Hits that get a picture, the first ones."""

FRAMES_SHOWN = 4
"""Pairs of frames on a sheet, evenly spread over the segment."""

CLIP_LABEL, VIDEO_LABEL, THUMBNAIL_LABEL = "clip {time}", "video {time}", "video {time}, thumbnail"
NO_PICTURE_LABEL = "video: cannot be read"


def with_sheets(
    store: Store, clip: Clip, hits: Sequence[tuple[ClipHit, FoundSegment]]
) -> tuple[ClipHit, ...]:
    """Return the hits, with a sheet those that are at least likely, or else the first one."""
    wanted = [hit.rank for hit, _ in hits if hit.verdict is not Verdict.NONE] or [1]
    return tuple(
        replace(hit, sheet=_sheet(store, clip, hit, found)) if hit.rank in wanted[:MAX_SHEETS] else hit
        for hit, found in hits
    )


def _sheet(store: Store, clip: Clip, hit: ClipHit, found: FoundSegment) -> Image:
    start_s, end_s = hit.clip
    shares = (np.arange(FRAMES_SHOWN) + 0.5) / FRAMES_SHOWN
    times_s = {clip.nearest_picture(start_s + share * (end_s - start_s))[0] for share in shares.tolist()}
    pairs = [_pair(store, clip, hit, found, at_s) for at_s in sorted(times_s)]
    return segment_sheet(found.matrix, found.segment, pairs, caption(hit))


def caption(hit: ClipHit) -> list[str]:
    """Return what a hit says, as lines for a person."""
    how = [f"speed {hit.speed:.2f}", *["reversed"] * hit.is_reversed, *["mirrored"] * hit.is_mirrored]
    return [
        f"{hit.verdict} {hit.probability:.2f}: clip {clock(hit.clip[0])} to {clock(hit.clip[1])} is "
        f"{clock(hit.span[0])} to {clock(hit.span[1])} of the video, {', '.join(how)}",
        str(hit.path),
    ]


def _pair(store: Store, clip: Clip, hit: ClipHit, found: FoundSegment, at_s: float) -> FramePair:
    _, asked = clip.nearest_picture(at_s)
    shown_s = found.segment.time_in_video(at_s)
    asked = np.ascontiguousarray(asked[:, ::-1]) if hit.is_mirrored else asked
    label = CLIP_LABEL.format(time=clock(at_s)) + ", mirrored" * hit.is_mirrored
    return LabelledPicture(asked, label), _video_frame(store, hit, found, shown_s)


def _video_frame(store: Store, hit: ClipHit, found: FoundSegment, time_s: float) -> LabelledPicture:
    """Return the video's frame at a time, or the thumbnail nearest to it where the file cannot be read."""
    video, held = store.video(hit.video_id), hold_frames_around(hit.path, time_s, hit.video_id)
    if held is not None and video is not None:
        frame = crop_picture(held.nearest_picture(time_s), video.borders)
        return LabelledPicture(frame, VIDEO_LABEL.format(time=clock(time_s)))
    known = [store.thumbnails(scene.row) for scene in scenes_within(found.scenes, (time_s, time_s))]
    shown = {
        at_s: grey
        for one in known
        if one is not None
        for at_s, grey in zip(one.times_s.tolist(), one.frames, strict=True)
    }
    if not shown:
        return LabelledPicture(np.zeros((9, 16, 3), np.uint8), NO_PICTURE_LABEL)
    nearest_s = min(shown, key=lambda at_s: abs(at_s - time_s))
    picture = np.asarray(cv2.cvtColor(shown[nearest_s], cv2.COLOR_GRAY2RGB), np.uint8)
    return LabelledPicture(picture, THUMBNAIL_LABEL.format(time=clock(nearest_s)))
