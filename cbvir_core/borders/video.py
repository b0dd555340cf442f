"""The borders of a whole video: what remains a bar over many different frames.

In one frame a bar and a night sky look alike; over a video they do not, because content changes.  Different
frames are combined into one picture in which each pixel shows how far it usually is from the bars' colour,
and the box is looked for in that picture.  Subtitles and damaged frames do not appear in it, and a frame that
has content where the bars would be counts against them.

Measured by ``python -m bench.measure.borders``: of 45 clips without bars none was cut, as they
are or darkened (at 12 % of the light 23 of them still give evidence, at 6 % one); of added bars with
subtitles .85 to 1.00 were right to 4 pixels, in darkened clips .32 to 1.00, and none was too deep.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from cbvir_core.borders.blurred import blurred_box
from cbvir_core.borders.still import BAR_TOLERANCE, content_box
from cbvir_core.decode import GrowingFile, read_frames
from cbvir_core.decode.intra_frames import sample_intra_frames
from cbvir_core.types import Box, Image

MIN_BORDER_FRAMES = 5
"""Different frames that are needed for a decision."""

MAX_BORDER_FRAMES = 24
"""Different frames that are held at most (10 MB at 512 pixels); more would not change the decision."""

BORDER_GRID = 16, 9
"""Width and height in cells at which frames are compared."""

MIN_FRAME_DIFFERENCE = 10.0
"""Grey levels by which a cell of a new frame must differ from that of every frame that is held."""

MIN_FRAME_CONTRAST = 4.0
"""Standard deviation of a frame's cells below which the frame is of one colour and proves nothing."""

BORDER_QUANTILES = (0.4, 0.75)
"""Quantiles over the frames of a pixel's distance to the bars' colour.  Subtitles appear at one place in
fewer than 6 of 10 frames; dark content shows its edge only in a few.  Of the boxes that pass the checks the
smallest is taken; content that shows seldom is protected by `MAX_CONTRADICTING_SHARE`."""

SUBTITLE_STROKE = 5
"""Pixels; wider than the strokes of a subtitle at a frame size of 512."""

MAX_CONTRADICTING_SHARE, CONTRADICTION_AREA_SHARE = 0.1, 0.3
"""Share of frames that may contradict the bars, and the share of a bar that must differ from its colour in a
frame that does: print fills less."""

MIN_BLURRED_SHARE = 0.6
"""Share of frames in which blurred bars must be found at the same place."""

BORDER_INTRA_FRAMES = 24
"""Intra frames that are read, spread over the file."""

BORDER_OPENING_FRAMES = 40
"""Frames that are read from the beginning, one a second, where the intra frames were too few."""


class StableBorders:
    """The borders that frames of one video, pushed in any order, have in common.

    It holds the first `MAX_BORDER_FRAMES` different frames.  Frames are not copied: they must not be written
    to later.  A video whose frames change their shape has no stable borders.
    """

    def __init__(self) -> None:
        self._frames: list[Image] = []
        self._cells: list[npt.NDArray[np.float32]] = []
        self._mixed = False

    @property
    def decided(self) -> bool:
        """Whether more frames would not change the answer."""
        return self._mixed or len(self._frames) >= MAX_BORDER_FRAMES

    @property
    def evidence(self) -> int:
        """How many different frames are held."""
        return len(self._frames)

    def push(self, image: Image) -> None:
        """Add a frame, if it differs from those that are held."""
        if self.decided:
            return
        if self._frames and image.shape != self._frames[0].shape:
            self._mixed = True
            return
        grey = cv2.cvtColor(cv2.resize(image, BORDER_GRID, interpolation=cv2.INTER_AREA), cv2.COLOR_RGB2GRAY)
        cells = np.asarray(grey, np.float32)
        if cells.std() < MIN_FRAME_CONTRAST or any(
            np.abs(cells - other).max() < MIN_FRAME_DIFFERENCE for other in self._cells
        ):
            return
        self._frames.append(image)
        self._cells.append(cells)

    def box(self) -> Box | None:
        """Return the box of the picture in every frame, in pixels of the pushed frames.

        None without bars, and where there were too few different frames.
        """
        if self._mixed or len(self._frames) < MIN_BORDER_FRAMES:
            return None
        stack = np.stack(self._frames)
        boxes = []
        for colour in _colours(stack):
            for picture in _typical_pictures(stack, colour):
                box = content_box(picture)
                if (
                    box is not None
                    and _begins_in_steps(picture, box, colour)
                    and self._is_uncontradicted(box, colour)
                ):
                    boxes.append(box)
        return min(boxes, key=_area) if boxes else self._blurred()

    def _is_uncontradicted(self, box: Box, colour: npt.NDArray[np.int16]) -> bool:
        """Return whether at most `MAX_CONTRADICTING_SHARE` of the frames have content in a bar."""
        contradicting = sum(_content_in_bar(frame, box, colour) for frame in self._frames)
        return contradicting <= MAX_CONTRADICTING_SHARE * len(self._frames)

    def _blurred(self) -> Box | None:
        boxes = [box for box in map(blurred_box, self._frames) if box is not None]
        if len(boxes) < MIN_BLURRED_SHARE * len(self._frames):
            return None
        middle = np.median(boxes, axis=0)
        alike = np.abs(np.array(boxes) - middle).max(axis=1) <= 3
        if alike.sum() < MIN_BLURRED_SHARE * len(self._frames):
            return None
        left, top, right, bottom = (round(float(value)) for value in middle)
        return left, top, right, bottom


def find_borders(
    path: str | Path,
    *,
    max_side: int | None = None,
    report_progress: Callable[[], None] = lambda: None,
    growing: GrowingFile | None = None,
) -> Box | None:
    """Return the box of the picture in every frame of a video read with this `max_side`, or None.

    It reads intra frames from all over the file, and where these are too few, the beginning as well; of a
    file that is `growing` the beginning alone, as soon as it is written.
    `report_progress` is called after each frame.  Raises what `read_frames` raises.
    """
    borders = StableBorders()
    for image in _spread_frames(path, max_side, borders, growing):
        borders.push(image)
        report_progress()
        if borders.decided:
            break
    return borders.box()


def _spread_frames(
    path: str | Path, max_side: int | None, borders: StableBorders, growing: GrowingFile | None
) -> Iterator[Image]:
    if growing is None:
        yield from sample_intra_frames(path, BORDER_INTRA_FRAMES, max_side=max_side)
    if borders.evidence < 2 * MIN_BORDER_FRAMES:  # a short film, or one with hardly an intra frame
        with read_frames(path, samples_per_s=1.0, max_side=max_side, growing=growing) as frames:
            yield from (frame.image for frame, _ in zip(frames, range(BORDER_OPENING_FRAMES), strict=False))


def _colours(stack: npt.NDArray[np.uint8]) -> list[npt.NDArray[np.int16]]:
    """Return the colours that bars may have: those of the outermost columns and of the outermost lines."""
    across = np.median(stack[:, ::4, [0, 1, -2, -1]].reshape(-1, 3), axis=0)
    down = np.median(stack[:, [0, 1, -2, -1], ::4].reshape(-1, 3), axis=0)
    colours = [np.asarray(across, np.int16), np.asarray(down, np.int16)]
    return colours[:1] if np.abs(colours[0] - colours[1]).max() <= BAR_TOLERANCE // 2 else colours


def _typical_pictures(stack: npt.NDArray[np.uint8], colour: npt.NDArray[np.int16]) -> Iterator[Image]:
    """Yield for each of `BORDER_QUANTILES` the picture of pixels at that quantile of distance to the colour.

    Specks remain where the strokes of many subtitles cross; a median filter of `SUBTITLE_STROKE` removes them
    and keeps straight edges.
    """
    low = np.array(colour, np.uint8)
    off = np.maximum(stack, low) - np.minimum(stack, low)
    far = np.maximum(np.maximum(off[..., 0], off[..., 1]), off[..., 2]).astype(np.uint16)
    # Distance and frame number in one word: sorting by distance keeps the frame number with it.
    far = far << 8 | np.arange(len(stack), dtype=np.uint16)[:, None, None]
    ranks = [int(share * (len(stack) - 1)) for share in BORDER_QUANTILES]
    ordered = np.partition(far, ranks, axis=0)
    for rank in ranks:
        frame = (ordered[rank] & 255).astype(np.intp)
        typical = np.take_along_axis(stack, frame[None, ..., None], axis=0)[0]
        yield np.asarray(cv2.medianBlur(np.ascontiguousarray(typical), SUBTITLE_STROKE), np.uint8)


def _area(box: Box) -> int:
    return (box[2] - box[0]) * (box[3] - box[1])


def _begins_in_steps(picture: Image, box: Box, colour: npt.NDArray[np.int16]) -> bool:
    """Return whether the picture begins in a step, not in a slope as in a vignette.

    Of each pair of opposite sides that is cut, one side suffices: the other may be dark there.
    """
    left, top, right, bottom = box
    height, width = picture.shape[:2]
    away = np.abs(picture.astype(np.int16) - colour).max(axis=2)
    columns, rows = away[top:bottom].mean(axis=0), away[:, left:right].mean(axis=1)
    pairs = (
        [(columns, left), (columns[::-1], width - right)],
        [(rows, top), (rows[::-1], height - bottom)],
    )
    cut = [[_step(line, depth) for line, depth in pair if depth] for pair in pairs]
    return all(any(sides) for sides in cut if sides)


def _step(line: npt.NDArray[np.float64], depth: int) -> bool:
    """Return whether the line rises around `depth` more than twice as much as in the 5 places behind."""
    last = len(line) - 1
    before, at, behind = line[max(0, depth - 3)], line[min(depth + 2, last)], line[min(depth + 7, last)]
    return bool(at - before > 2 * (behind - at))


def _content_in_bar(frame: Image, box: Box, colour: npt.NDArray[np.int16]) -> bool:
    left, top, right, bottom = box
    bars = (frame[:, :left], frame[:top], frame[:, right:], frame[bottom:])
    off = (np.abs(bar.astype(np.int16) - colour).max(axis=2) > BAR_TOLERANCE for bar in bars if bar.size)
    return any(bool(found.mean() > CONTRADICTION_AREA_SHARE) for found in off)
