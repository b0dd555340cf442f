"""The one loop from a video file to its keyframes: read, find and cut the borders, detect, make thumbnails.

`Library.add`, the decode worker of the service, `extract_keyframes`, `cbvir_core.evaluate` and the benchmarks
all run it, so that they see the same pictures at the same times.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from cbvir_core.borders import crop_frame, find_borders, scale_box
from cbvir_core.decode import STILL_SIDE, GrowingFile, Mode, fit_size, read_frames
from cbvir_core.errors import DecodeError
from cbvir_core.keyframes.extractor import KeyframeExtractor
from cbvir_core.keyframes.options import KeyframeOptions
from cbvir_core.types import Box, Frame, Keyframe, VideoInfo

IngestProgress = Callable[[float, int], None]
"""Called with how far decoding has come, in seconds, and the number of damaged frames up to there."""


class KeyframeReader:
    """An iterator over the keyframes of a video, each as soon as it is certain; a context manager.

    The constructor opens and probes the file.  Iteration finds the borders first, unless `find_borders` was
    called, and cuts every frame to them.  `info` is the probed file.  `max_side` bounds the longer side of
    the frames before their borders are cut; None leaves them at full size.  `progress` is called after each
    frame that was looked at, also while borders are looked for.  A file that is `growing` is read to its end.

    Raises what `cbvir_core.decode.read_frames` raises.
    """

    def __init__(
        self,
        path: str | Path,
        options: KeyframeOptions = KeyframeOptions(),
        *,
        mode: Mode = "auto",
        max_side: int | None = STILL_SIDE,
        progress: IngestProgress = lambda position_s, damaged: None,
        growing: GrowingFile | None = None,
    ) -> None:
        self._growing = growing
        self._frames = read_frames(
            path, samples_per_s=1 / options.sample_s, mode=mode, max_side=max_side, growing=growing
        )
        self.info: VideoInfo = self._frames.info
        self._max_side = max_side
        self._progress = progress
        self._extractor = KeyframeExtractor(options)
        self._borders: Box | None = None
        self._looked_for_borders = False
        self._keyframes = self._read()

    @property
    def position_s(self) -> float:
        """How far decoding has come, in seconds."""
        return self._frames.position_s

    @property
    def damaged(self) -> int:
        """How many packets and frames so far were broken and left out."""
        return self._frames.damaged

    def find_borders(self) -> Box | None:
        """Return the box to which every frame is cut, or None for a video without borders.

        The box is in pixels of the frames as they are read with `max_side`.  The first call looks at frames
        from all over the file, which may take a minute on a slow machine.  None as well where looking fails:
        whatever is wrong with the file, reading it will tell.

        Raises what `cbvir_core.decode.probe` raises, but no DecodeError.
        """
        if not self._looked_for_borders:
            with suppress(DecodeError):
                self._borders = self._scaled(
                    find_borders(
                        self.info.path,
                        max_side=STILL_SIDE,
                        report_progress=self._report_progress,
                        growing=self._growing,
                    )
                )
            self._looked_for_borders = True
        return self._borders

    def _scaled(self, box: Box | None) -> Box | None:
        """Return the box in pixels of the frames that are read.

        Borders are always looked for at the size of the stills, for which their thresholds are measured, so
        that every size has the same ones.
        """
        size = self.info.width, self.info.height
        read = size if self._max_side is None else fit_size(*size, self._max_side)
        return None if box is None else scale_box(box, fit_size(*size, STILL_SIDE), read)

    def samples(self) -> Iterator[Frame]:
        """Yield the frames that keyframes are chosen from, cut to the borders; instead of the keyframes."""
        borders = self.find_borders()
        whole, cut = None, None
        for frame in self._frames:
            if cut is None or whole is not frame.image:  # where the film stands still one image is repeated
                whole, cut = frame.image, crop_frame(frame, borders).image
            yield Frame(frame.time, cut)
            self._report_progress()

    def _read(self) -> Iterator[Keyframe]:
        for sample in self.samples():
            yield from self._extractor.push(sample)
        yield from self._extractor.flush()

    def _report_progress(self) -> None:
        self._progress(self.position_s, self.damaged)

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Keyframe:
        return next(self._keyframes)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._frames.close()


def extract_keyframes(
    path: str | Path,
    options: KeyframeOptions = KeyframeOptions(),
    *,
    mode: Mode = "auto",
    max_side: int | None = STILL_SIDE,
) -> Iterator[Keyframe]:
    """Yield the keyframes of a video in the order of time, each as soon as it is certain.

    By default these are exactly the keyframes that `Library.add` stores: borders are cut, and pictures are
    at most 512 pixels on their longer side.  ``max_side=None`` gives pictures at full size, with the borders
    cut as well.  `mode` is that of `cbvir_core.decode.read_frames`, and so are the errors.
    """
    with KeyframeReader(path, options, mode=mode, max_side=max_side) as keyframes:
        yield from keyframes
