"""Results as clips on a time line, each with a marker at its moment, for editing programs."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from enum import StrEnum
from pathlib import Path

import opentimelineio as otio
from opentimelineio.opentime import RationalTime, TimeRange

from cbvird.export.results import ExportedResult, on_one_line

USUAL_RATE = 25.0
"""Frames a second of a film whose file does not say it, or is offline."""

TIMELINE_NAME = "cbvir"
REEL_NAME_LENGTH = 32
"""Characters of a reel's name in an edit decision list; the eight of CMX 3600 would confuse many files."""

NOT_IN_A_REEL_NAME = re.compile(r"[^A-Za-z0-9]+")


class TimelineForm(StrEnum):
    """The forms of a time line, by the adapter of OpenTimelineIO that writes it."""

    OTIO = "otio_json"
    EDL = "cmx_3600"
    FCPXML = "fcpx_xml"


def as_timeline(
    results: Sequence[ExportedResult], rates: Mapping[str, float | None], form: TimelineForm
) -> bytes:
    """Return one track with a clip for each result, one or more, in their order.

    `rates` has the frames a second of videos by id.  OpenTimelineIO keeps the rate of each; the other forms
    have one, that of most results.
    """
    own = [_valid_rate(rates.get(result.video_id)) for result in results]
    common = Counter(own).most_common(1)[0][0]
    timeline = otio.schema.Timeline(TIMELINE_NAME)
    track = otio.schema.Track("V1", kind=otio.schema.TrackKind.Video)
    timeline.tracks.append(track)
    for result, rate in zip(results, own, strict=True):
        track.append(_clip(result, rate if form is TimelineForm.OTIO else common))
    if form is TimelineForm.EDL:
        written = otio.adapters.write_to_string(timeline, form, rate=common, reelname_len=REEL_NAME_LENGTH)
    else:
        written = otio.adapters.write_to_string(timeline, form)
    return str(written).encode("utf-8", "replace")


def _valid_rate(rate: float | None) -> float:
    return float(RationalTime.nearest_valid_timecode_rate(rate or USUAL_RATE))


def _clip(result: ExportedResult, rate: float) -> otio.schema.Clip:
    """Return the part of the file that a result names, at least a frame of it."""
    start = RationalTime(round(result.start_s * rate), rate)
    frames = max(1, round(result.end_s * rate) - int(start.value))
    one_frame = RationalTime(1, rate)
    moment = RationalTime(min(round(result.time_s * rate), int(start.value) + frames - 1), rate)
    clip = otio.schema.Clip(
        name=result.name,
        media_reference=otio.schema.ExternalReference(
            target_url=result.address,
            available_range=TimeRange(RationalTime(0, rate), start + RationalTime(frames, rate)),
        ),
        source_range=TimeRange(start, RationalTime(frames, rate)),
        metadata={"cmx_3600": {"reel": NOT_IN_A_REEL_NAME.sub("_", Path(result.name).stem)}},
    )
    clip.markers.append(
        otio.schema.Marker(
            name=on_one_line(result.label),
            marked_range=TimeRange(moment, one_frame),
            color=otio.schema.MarkerColor.GREEN,
        )
    )
    return clip
