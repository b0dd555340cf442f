"""The frame that an answer names, shown beside the query with the points in which both agree."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cbvir_core.borders.crop import crop_picture
from cbvir_core.decode import decode_still
from cbvir_core.localise import read_picture_at
from cbvir_core.search.evidence_sheet import evidence_sheet
from cbvir_core.search.findings import evidence_of
from cbvir_core.search.query import DescribedPicture
from cbvir_core.search.sheets import LabelledPicture
from cbvir_core.search.verify import compare_features
from cbvir_core.search.video_paths import existing_path, is_online
from cbvir_core.store import Store
from cbvir_core.types import Evidence, Image, KeyframeId, Region
from cbvir_core.verify import describe

QUERY_LABEL = "your picture"
FRAME_LABEL = "{file} at {time}"
STILL_LABEL = "{file}, keyframe at {time}"

OFFLINE_NOTE = (
    "The file is offline, so its frame at {wanted} cannot be shown: this is the still of a keyframe."
)
UNREADABLE_NOTE = "The frame at {wanted} could not be read: this is the still of a keyframe."


@dataclass(frozen=True, slots=True, eq=False)
class AnsweredFrame:
    """What is shown of an answer: the picture, cut to the video's borders, with the words above it.

    `note` says why it is the still of a keyframe where a frame was wanted.
    """

    image: Image
    label: str
    note: str = ""


def draw_answered_frame(
    store: Store,
    picture: Image,
    keyframe_id: KeyframeId,
    time_s: float | None,
    region: Region | None,
    caption: Sequence[str],
) -> Image:
    """Draw the query beside the frame at `time_s` of a keyframe's video (`evidence_sheet`).

    Without a time it is the keyframe's still.  Raises UnknownVideo, and InputError for a region outside the
    picture.
    """
    shown = answered_frame(store, keyframe_id, time_s)
    return evidence_sheet(
        LabelledPicture(picture, QUERY_LABEL),
        LabelledPicture(shown.image, shown.label),
        shared_points(picture, shown.image, region),
        [*caption, shown.note] if shown.note else caption,
    )


def answered_frame(store: Store, keyframe_id: KeyframeId, time_s: float | None) -> AnsweredFrame:
    """Return the frame at a time, or the still where there is no time or the frame cannot be read.

    Raises UnknownVideo.
    """
    (keyframe,) = store.keyframe_rows([store.row_of(keyframe_id)])
    still, video = decode_still(store.still(keyframe_id)), store.video(keyframe_id.video)
    path = existing_path(video) if video is not None and video.paths else Path(keyframe_id.video)
    keyframe_s = 0.0 if keyframe is None else keyframe.time_s
    label = STILL_LABEL.format(file=path.name, time=clock(keyframe_s))
    if time_s is None:
        return AnsweredFrame(still, label)
    if video is None or not is_online(path):
        return AnsweredFrame(still, label, OFFLINE_NOTE.format(wanted=clock(time_s)))
    frame = read_picture_at(path, time_s, keyframe_id.video)
    if frame is None:
        return AnsweredFrame(still, label, UNREADABLE_NOTE.format(wanted=clock(time_s)))
    shown = crop_picture(frame, video.borders)
    return AnsweredFrame(shown, FRAME_LABEL.format(file=path.name, time=clock(time_s)))


def shared_points(picture: Image, shown: Image, region: Region | None) -> Evidence | None:
    """Return in what a picture, or a part of it, agrees with a frame or still, mirrored or not.

    None where it does not.  Raises InputError for a region outside the picture.
    """
    described, frame = DescribedPicture.begin(picture, region), describe(shown)
    verification = compare_features(described.features.result(), frame, mirrored=False)
    return evidence_of(verification, described.corner)


def clock(seconds: float) -> str:
    """Return ``1:02:03.45`` or ``2:03.45``, as `cbvirctl` prints times."""
    minutes, hundredths = divmod(round(seconds * 100), 6000)
    hours, minutes = divmod(minutes, 60)
    tail = f"{hundredths // 100:02d}.{hundredths % 100:02d}"
    return f"{hours}:{minutes:02d}:{tail}" if hours else f"{minutes}:{tail}"
