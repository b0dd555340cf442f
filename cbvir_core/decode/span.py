"""The frames of one span of a video, read without decoding all that lies before it."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from fractions import Fraction
from itertools import chain, pairwise
from pathlib import Path
from typing import Literal

import av
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from cbvir_core.decode.container import open_video
from cbvir_core.decode.convert import Converter
from cbvir_core.decode.decoder import Decoder
from cbvir_core.decode.identity import is_growing, regular_size
from cbvir_core.decode.probe import probe
from cbvir_core.decode.skipping import FIXED_SKIP_DECODERS
from cbvir_core.decode.stream import FrameStream
from cbvir_core.decode.timeline import CLOCK_RESTART_S, Timeline
from cbvir_core.errors import FileChanged
from cbvir_core.types import Frame, VideoInfo

SEEKABLE_CONTAINERS = frozenset({"mov", "matroska", "mpegts", "flv", "asf", "nut", "avi"})
"""Containers in which a seek keeps the exact times; others are read from their start.
MPEG program streams are not among them: not every frame has its own PTS, and what FFmpeg invents for the
others depends on where reading began (``tests/decode/test_span.py``, kind ``mpg``)."""

SCANNED_CONTAINERS = frozenset({"mpeg", "mxf"})
"""Containers that are read from their start, so that their times are what they are then; but decoding
begins at the nearest I-frame all the same: packets cost a small part of what decoding them does."""

CLOCK_PROBES = 12
"""Places spread over a transport stream at which its clock must have advanced.  In recordings that are joined
end to end the clock begins anew, and then one PTS occurs at several places."""

FIXED_DELAY_CODECS = frozenset(
    {"mpeg4", "msmpeg4v2", "msmpeg4v3", "mjpeg", "dvvideo", "wmv1", "wmv2", "ffv1", "huffyuv", "rawvideo"}
)
"""Codecs in AVI whose delay from packet to picture never changes, so that a packet's number in the
index gives its picture's time.  In H.264 it may grow on the way: such a file is read from its start."""

LANDINGS_S = (Fraction(0), Fraction(1), Fraction(4), Fraction(16))
"""Seconds before a place to which a seek goes, in turn, until an I-frame before the place comes after it: an
index may lead behind the place, or to a packet in the middle of a group of pictures."""

MAX_EARLIER_KEYS = 4
"""I-frames before the span from which decoding is tried, the nearest first: one may be damaged or incomplete
(gradual refresh).  After these, decoding begins at the start of the file."""

THREADED_CONTAINERS = frozenset({"mov", "matroska"})
"""Containers that give every frame its PTS; the order in which threads hand out frames is no matter there."""

DECODING_THREADS = 2
"""Threads on the way to a span, each with a frame: on two cores, beside other work, half of the time, and the
same processor time (720p H.264, GOP of 250).  Ingest has one, because it has a process for each core."""

MAX_WAITING_PACKETS = 2_000
"""Packets that wait, undecoded, while the nearest I-frame is looked for."""


class SpanReader(FrameStream):
    """An iterator over every `Frame` with ``start_s <= time_s <= end_s``; a context manager.

    Pictures and times are those of ``read_frames(path, samples_per_s=None, mode="every")``.  Decoding
    begins at the nearest I-frame before the span; containers without exact seeks (all but
    `SEEKABLE_CONTAINERS`) are decoded from their start.  On the way to the span, frames that no other one
    needs are left out.  With ``only_keys`` it yields intra frames alone,
    except where frames are counted (AVI).  `stop` is called after each decoded picture; when it returns
    True, reading ends, also on the way to the span, and `stopped` is True.  `info` is the probed file (an
    earlier `probe` of it may be handed in), `decoded` the number of pictures decoded so far.

    Raises what `probe` raises; while frames are read FileChanged and DecodeMemory.  A span in which
    no frame can be decoded yields none.
    """

    def __init__(
        self,
        path: str | Path,
        start_s: float,
        end_s: float,
        *,
        max_side: int | None = None,
        only_keys: bool = False,
        stop: Callable[[], bool] | None = None,
        info: VideoInfo | None = None,
    ) -> None:
        self._start_s, self._end_s = start_s, end_s
        self._mode: Literal["keyframes", "every"] = "keyframes" if only_keys else "every"
        self._converter = Converter(max_side)
        self._stop = stop
        self.info = info or probe(path)
        self.decoded = 0
        self.stopped = False
        self._decoder: _SpanDecoder | None = None
        super().__init__()

    def _all(self) -> Generator[Frame, None, None]:
        for time, picture in self._from_before():
            if float(time) > self._end_s:
                break
            yield Frame(time, self._converter.convert(picture, self.info.sample_aspect))
        size, known_size = regular_size(self.info.path), self.info.size_bytes
        if size < known_size or (size > known_size and not is_growing(self.info.video_id)):
            raise FileChanged("changed while it was being read; try again.", path=self.info.path)

    def _from_before(self) -> Iterator[tuple[Fraction, VideoFrame]]:
        """Return timed pictures from the span's first on, read from the nearest place that leads there."""
        place: int | None = self._first_place()
        for _ in range(MAX_EARLIER_KEYS):
            if place is None:
                break
            for hurry in (True, False):
                pictures = self._timed(self._begin(place, hurry))
                first = next(pictures, None)
                if self.stopped:
                    return iter(())
                if first is None or first[0] > self._start_s:
                    break
                shown = self._inside(first, pictures)
                if not (hurry and self.damaged):
                    return shown
                # What a decoder paints over a broken place depends on the frames left out.
            key = self._decoder.key if self._decoder else None
            place = None if key is None else key - 1
        pictures = self._timed(self._begin(None, False))
        first = next(pictures, None)
        return iter(()) if first is None or self.stopped else self._inside(first, pictures)

    def _inside(
        self, first: tuple[Fraction, VideoFrame], others: Iterator[tuple[Fraction, VideoFrame]]
    ) -> Iterator[tuple[Fraction, VideoFrame]]:
        """Return the pictures without those before the span; the first of these is decoded at once."""
        pictures = chain([first], others)
        inside = next((shown for shown in pictures if float(shown[0]) >= self._start_s), None)
        return iter(()) if inside is None else chain([inside], pictures)

    def _begin(self, place: int | None, hurry: bool) -> _SpanDecoder:
        if self._decoder:
            self._decoder.close()
        self._decoder = _SpanDecoder(self.info, self._mode, place, Fraction(self._start_s), hurry)
        return self._decoder

    def _first_place(self) -> int | None:
        """Return where the span begins, as a PTS; None where decoding has to begin at the file's start."""
        if self._start_s <= 0 or not (_is_scanned(self.info) or seekable(self.info)):
            return None
        return int((Fraction(self._start_s) + self.info.start) / self.info.time_base)

    def _timed(self, decoder: _SpanDecoder) -> Iterator[tuple[Fraction, VideoFrame]]:
        timeline = Timeline(self.info.time_base, self.info.start, decoder.frame_s)
        for pts, picture in decoder.pictures():
            self.decoded += 1
            if self._stop and self._stop():
                self.stopped = True
                return
            yield timeline.at(pts), picture


class _SpanDecoder(Decoder):
    """A decoder that begins at the nearest key frame up to the PTS `place` (None: at the start of the file).

    With `hurry` it skips, on the way to `wanted`, the frames that no other one needs.  Where there is no such
    key frame, it yields no picture.  `key` is the time of the key frame it began at, in the stream's units.
    """

    def __init__(
        self,
        info: VideoInfo,
        mode: Literal["keyframes", "every"],
        place: int | None,
        wanted: Fraction,
        hurry: bool,
    ) -> None:
        super().__init__(info.path, mode, Fraction(0))
        self._time_base, self._place = info.time_base, place
        self._landings: tuple[Fraction | None, ...] = (None,) if _is_scanned(info) else LANDINGS_S
        self._wanted = int((wanted + info.start) / info.time_base)
        fixed = self._untimed or self._only_keys or self._context.name in FIXED_SKIP_DECODERS
        self._hurry = hurry and not fixed
        self.key: int | None = None
        if self._hurry and info.container.split(",")[0] in THREADED_CONTAINERS:
            self._stream.thread_type = "FRAME"
            self._stream.thread_count = DECODING_THREADS
        if place is not None and self._untimed:
            # The first picture of the file gives the delay by which all times are counted.
            next(super().pictures(), None)

    def pictures(self) -> Iterator[tuple[int | None, VideoFrame]]:
        """Yield pictures as `Decoder` does, but none before the key frame: those refer to unread frames."""
        begun = self._place is None
        for pts, picture in super().pictures():
            begun = begun or (pts is not None and self.key is not None and pts >= self.key)
            if begun:
                yield pts, picture

    def _packets(self) -> Iterator[Packet[VideoStream] | None]:
        if self._place is None or (self._untimed and self._first_dts is None):
            yield from super()._packets()
            return
        for back in self._landings:
            try:
                if back is not None:
                    self._container.seek(self._place - int(back / self._time_base), stream=self._stream)
            except av.FFmpegError:
                continue
            packets = super()._packets()
            if waiting := self._from_key(packets, self._place):
                yield from waiting
                yield from packets
                return

    def _from_key(
        self, packets: Iterator[Packet[VideoStream] | None], place: int
    ) -> list[Packet[VideoStream] | None]:
        """Return the packets from the nearest key frame up to `place` on, as far as they had to be read.

        Return none where there is no such key frame, or where the clock begins anew before `place`.
        """
        waiting: list[Packet[VideoStream] | None] = []
        latest: int | None = None
        for packet in packets:
            if packet is not None and packet.dts is not None:
                if latest is not None and (latest - packet.dts) * self._time_base > CLOCK_RESTART_S:
                    return []
                latest = packet.dts
            time = None if packet is None else packet.dts if self._untimed else packet.pts
            if packet is not None and packet.is_keyframe and time is not None and time <= place:
                self.key, waiting = time, []
            elif not waiting:
                if packet is None or packet.is_keyframe:
                    return []
                continue
            waiting.append(packet)
            if packet is None or len(waiting) > MAX_WAITING_PACKETS or _is_behind(packet, place):
                break
        return waiting

    def _watch(self, packet: Packet[VideoStream] | None) -> None:
        if self._hurry:
            before = packet is not None and packet.pts is not None and packet.pts < self._wanted
            self._context.skip_frame = "NONREF" if before else "DEFAULT"


def _is_behind(packet: Packet[VideoStream], place: int) -> bool:
    """Return whether no packet after this one can belong to a frame up to `place`."""
    return packet.dts is not None and packet.dts > place


def _is_scanned(info: VideoInfo) -> bool:
    return info.container.split(",")[0] in SCANNED_CONTAINERS


def seekable(info: VideoInfo) -> bool:
    """Return whether a place in the file can be sought and its time still be known exactly."""
    name = info.container.split(",")[0]
    if name == "avi":
        return info.codec in FIXED_DELAY_CODECS
    return name in SEEKABLE_CONTAINERS and (name != "mpegts" or _clock_advances(info))


def _clock_advances(info: VideoInfo) -> bool:
    """Return whether the clock grows from place to place; in a joined recording it does not."""
    container, stream = open_video(info.path)
    with container:
        clocks: list[Fraction] = []
        for number in range(CLOCK_PROBES):
            try:
                container.seek(info.size_bytes * number // CLOCK_PROBES, unsupported_byte_offset=True)
                pts = next((p.pts for p in container.demux(stream) if p.pts is not None), None)
            except av.FFmpegError:
                return False
            if pts is not None:
                clocks.append(pts * info.time_base)
    return all(later - earlier > -CLOCK_RESTART_S for earlier, later in pairwise(clocks))
