"""The frames of a video, one after the other, in the order and at the times in which a player shows them."""

from __future__ import annotations

import weakref
from collections.abc import Generator, Iterator
from fractions import Fraction
from pathlib import Path

from av.video.frame import VideoFrame

from cbvir_core.decode.convert import Converter
from cbvir_core.decode.decoder import Decoder
from cbvir_core.decode.growing import GrowingFile
from cbvir_core.decode.identity import regular_size
from cbvir_core.decode.probe import probe
from cbvir_core.decode.skipping import Mode, check_mode
from cbvir_core.decode.sparse import SparseDecoder
from cbvir_core.decode.stream import FrameStream
from cbvir_core.decode.timeline import Sampler, Timeline
from cbvir_core.errors import DamagedVideo, FileChanged
from cbvir_core.types import Frame, Image


def read_frames(
    path: str | Path,
    *,
    samples_per_s: float | None = 3.0,
    mode: Mode = "auto",
    max_side: int | None = None,
    growing: GrowingFile | None = None,
) -> FrameReader:
    """Return a reader of the video's frames: upright, square pixels, exact presentation times.

    It yields the first frame, then the first one at or after each point of a grid of `samples_per_s`
    (None: every decoded frame), and the last one if it comes half an interval or more after the one before.
    `mode` says which frames are decoded at all (`Mode`); `max_side` bounds the longer side, and
    nothing larger is converted.

    A file that is `growing` is read to its end, and each frame comes soon after it was written.  Of such a
    file mode ``auto`` decodes still stretches too: to leave them out, groups of pictures are read ahead.

    Times are PTS less the container's start.  Edit lists are obeyed as in a player: FFmpeg shifts the PTS,
    and frames before the edit are decoded but not yielded.

    Raises what `probe` raises.  While frames are read: DamagedVideo when not one could be decoded,
    FileChanged when the file grew or shrank meanwhile, DecodeMemory.
    """
    return FrameReader(path, samples_per_s=samples_per_s, mode=mode, max_side=max_side, growing=growing)


class FrameReader(FrameStream):
    """An iterator over `Frame`; a context manager.  It decodes in one thread and holds one picture.

    `info` is the probed file.  `position_s` is how far decoding has come, for progress against
    ``info.duration_s``.
    """

    _decoder: Decoder

    def __init__(
        self,
        path: str | Path,
        *,
        samples_per_s: float | None,
        mode: Mode,
        max_side: int | None,
        growing: GrowingFile | None = None,
    ) -> None:
        self._sampler = Sampler(samples_per_s)
        self._converter = Converter(max_side)
        check_mode(mode)
        self._growing = growing
        self.info = probe(path, growing=growing)
        self.position_s = 0.0
        self._mode: Mode = mode
        self._decoder = self._open(mode)
        self._converted: tuple[VideoFrame, weakref.ref[Image]] | None = None
        super().__init__()

    def _open(self, mode: Mode) -> Decoder:
        path, interval = self.info.path, self._sampler.interval
        if mode == "auto" and self._growing is None:
            return SparseDecoder(path, interval)
        return Decoder(path, mode, interval, self._growing)

    def _all(self) -> Generator[Frame, None, None]:
        """Yield the samples; where skipping leaves no frame, read once more without skipping.

        It leaves none where an edit list begins behind the only intra frame, for example.
        """
        found = yield from self._sampled()
        if not found and self._mode != "every":
            self._decoder.close()
            self._decoder = self._open("every")
            found = yield from self._sampled()
        self._check_end(found)

    def _sampled(self) -> Generator[Frame, None, bool]:
        # `waiting` is the decoder's own picture, not yet converted: the last of the film if none follows.
        waiting: tuple[Fraction, VideoFrame] | None = None
        found = False
        for time, picture in self._timed():
            waiting = (time, picture)
            if self._converted is not None and self._converted[0] is not picture:
                self._converted = None  # a frame of a few megabytes is not held on the way to the next one
            if self._sampler.wants(time):
                waiting, found = None, True
                yield self._frame(time, picture)
        if waiting and self._sampler.wants_last(waiting[0]):
            yield self._frame(*waiting)
        return found

    def _timed(self) -> Iterator[tuple[Fraction, VideoFrame]]:
        timeline = Timeline(self.info.time_base, self.info.start, self._decoder.frame_s)
        for pts, picture in self._decoder.pictures():
            time = timeline.at(pts)
            self.position_s = float(time)
            yield time, picture

    def _frame(self, time: Fraction, picture: VideoFrame) -> Frame:
        """Return the frame; one that repeats the frame before has the same image, while somebody holds it."""
        image = self._converted[1]() if self._converted else None
        if image is None:
            image = self._converter.convert(picture, self.info.sample_aspect)
            self._converted = picture, weakref.ref(image)
        return Frame(time, image)

    def _check_end(self, found: bool) -> None:
        path = self.info.path
        if self._growing is None and regular_size(path) != self.info.size_bytes:
            raise FileChanged("changed while it was being read; try again when it is finished.", path=path)
        if not found:
            raise DamagedVideo(
                "has the form of a video, but not one picture of it can be decoded "
                f"({self.damaged} damaged parts); copy or record it again.",
                path=path,
            )
