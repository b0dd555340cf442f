"""A file's video stream as decoded pictures; damaged ones are counted and left out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction
from pathlib import Path

import av
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from cbvir_core.decode.container import MICROSECOND, no_memory, open_video
from cbvir_core.decode.growing import GrowingFile
from cbvir_core.decode.skipping import GapWatch, Mode, first_skip

MAX_FAILED_READS = 100
"""Failed reads in a row after which the rest of the file is left out."""

DEFAULT_FRAME_S = Fraction(1, 25)
"""Duration of a frame where the file does not tell its rate."""

UNTIMED_CONTAINERS = frozenset(
    {"avi", "h264", "hevc", "vvc", "m4v", "mpegvideo", "mjpeg", "vc1", "h261", "h263", "dirac", "obu"}
)
"""Containers that store no presentation times: frames have to be counted, so none may be skipped.
FFmpeg invents PTS for AVI, but with B-frames in H.264 they are out of order."""


TimedPicture = tuple[int | None, VideoFrame]
"""The PTS of a picture, None where it is unknown, and the picture."""


class Decoder:
    """An iterator over FFmpeg's own pictures in presentation order; it holds none of them.

    `sample_s` is the time between wanted samples, the longest gap that mode ``auto`` accepts.  A file that is
    `growing` is read to its end, whenever that comes.
    `damaged` counts reads, packets and pictures that were broken.
    """

    def __init__(
        self, path: Path, mode: Mode, sample_s: Fraction, growing: GrowingFile | None = None
    ) -> None:
        self._path = path
        self._container, self._stream = open_video(path, growing)
        self._context = self._stream.codec_context
        self._untimed = self._container.format.name in UNTIMED_CONTAINERS
        self._only_keys = mode == "keyframes" and not self._untimed
        self._first_dts: int | None = None
        self._context.skip_frame = "DEFAULT" if self._untimed else first_skip(mode, self._context.name)
        watching = mode == "auto" and self._context.skip_frame == "NONREF"
        self._gaps = GapWatch(sample_s, self._stream.time_base or MICROSECOND) if watching else None
        self.damaged = 0

    @property
    def frame_s(self) -> Fraction:
        """The usual duration of a frame in seconds, for frames without PTS."""
        rate = self._stream.guessed_rate
        return 1 / rate if rate else DEFAULT_FRAME_S

    def pictures(self) -> Iterator[TimedPicture]:
        """Yield PTS (None where unknown) and picture of every frame that decodes without damage.

        Raises DecodeMemory when memory is refused.
        """
        yield from self._shown(self._packets())

    def close(self) -> None:
        """Close the file."""
        self._container.close()

    def _shown(self, packets: Iterable[Packet[VideoStream] | None]) -> Iterator[TimedPicture]:
        """Yield what the packets decode to; None among them empties the decoder."""
        for packet in packets:
            self._watch(packet)
            for picture in self._decode(packet):
                if picture.is_corrupt:
                    self.damaged += 1
                    continue
                pts = self._pts_of(picture)
                if self._gaps:
                    self._gaps.shown(pts)
                yield pts, picture

    def _packets(self) -> Iterator[Packet[VideoStream] | None]:
        """Yield all packets, also behind broken places, and None at the end, which empties the decoder."""
        failed = 0
        while failed < MAX_FAILED_READS:
            try:
                for packet in self._container.demux(self._stream):
                    failed = 0
                    if packet.size and (packet.is_keyframe or not self._only_keys):
                        yield packet
                break
            except IndexError:
                # PyAV raises this at the end of a file with a stream that its header did not name.
                break
            except MemoryError as error:
                raise no_memory(self._path) from error
            except av.FFmpegError:
                self.damaged += 1
                failed += 1
        yield None

    def _decode(self, packet: Packet[VideoStream] | None) -> list[VideoFrame]:
        try:
            return self._stream.decode(packet)
        except MemoryError as error:
            raise no_memory(self._path) from error
        except av.FFmpegError:
            self.damaged += 1
            return []

    def _watch(self, packet: Packet[VideoStream] | None) -> None:
        if self._gaps is None:
            return
        if packet is not None and not packet.is_discard:
            self._gaps.sent(packet.pts)
        if self._gaps.too_sparse:
            self._context.skip_frame = "DEFAULT"
            self._gaps = None

    def _pts_of(self, picture: VideoFrame) -> int | None:
        """Return the picture's PTS; without one its DTS.

        With one decoding thread, FFmpeg hands the DTS on in the order of presentation.
        """
        if not self._untimed:
            return picture.dts if picture.pts is None else picture.pts
        if picture.dts is None:
            return None
        if self._first_dts is None:
            self._first_dts = picture.dts
        return picture.dts - self._first_dts + (self._stream.start_time or 0)
