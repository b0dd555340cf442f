"""The bars of a whole video: what stays a bar over many different frames.

One frame cannot tell a bar from a night sky; a video can, because content comes and goes.  Frames that
differ are put on top of each other so that each pixel shows how far it usually is from the bars' colour,
and the box is looked for in that picture.  Subtitles and damaged frames fall out of it, and a frame that
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
from cbvir_core.decode import read_frames
from cbvir_core.decode.intra_frames import sample_intra_frames
from cbvir_core.types import Box, Image

MIN_BORDER_FRAMES = 5
"""Differing frames below which nothing is decided."""

MAX_BORDER_FRAMES = 24
"""Differing frames after which nothing more is learnt, and all that are ever held (10 MB at 512)."""

BORDER_GRID = 16, 9
"""Frames are compared at this size."""

MIN_FRAME_DIFFERENCE = 10.0
"""Grey levels by which some cell must differ from every frame so far."""

MIN_FRAME_CONTRAST = 4.0
"""Standard deviation of a frame's cells below which it is of one colour and proves nothing."""

BORDER_QUANTILES = (0.4, 0.75)
"""Quantiles over the frames that are looked at.  Subtitles show at one place in fewer than 6 of 10
frames; dark content shows its edge in a few only.  Of the boxes that hold the smallest is taken, and
what shows seldom is guarded by `MAX_CONTRADICTING_SHARE`."""

SUBTITLE_STROKE = 5
"""Pixels: wider than the strokes of a subtitle at 512."""

MAX_CONTRADICTING_SHARE, CONTRADICTION_AREA_SHARE = 0.1, 0.3
"""Share of frames that may speak against the bars, and what part of a bar must be off its colour for
that: print fills less."""

MIN_BLURRED_SHARE = 0.6
"""Share of frames in which bars of the picture's own blur must be found at the same place."""

BORDER_INTRA_FRAMES = 24
"""Intra frames that are looked at, spread over the file."""

BORDER_OPENING_FRAMES = 40
"""Seconds of film that are looked at, a frame a second, where those were too few."""


class StableBorders:
    """Takes frames of one video, in any order; holds the first `MAX_BORDER_FRAMES` that differ, and no more.

    Frames are not copied: they must not be written to later.  A video whose frames change their shape
    has no stable borders.
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
        """How many differing frames there have been."""
        return len(self._frames)

    def push(self, image: Image) -> None:
        """Takes a frame in, if it shows something new."""
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
        """Where the picture lies in every frame, or None: no bars, or too little to tell.

        left, top, right, bottom in pixels of the frames that were pushed.
        """
        if self._mixed or len(self._frames) < MIN_BORDER_FRAMES:
            return None
        stack = np.stack(self._frames)
        boxes = []
        for colour in _colours(stack):
            for usual in _usual(stack, colour):
                box = content_box(usual)
                if box is not None and _steps(usual, box, colour) and self._agreed(box, colour):
                    boxes.append(box)
        return min(boxes, key=_area) if boxes else self._blurred()

    def _agreed(self, box: Box, colour: npt.NDArray[np.int16]) -> bool:
        """Whether hardly a frame has content in a bar."""
        against = sum(_content_in_bar(frame, box, colour) for frame in self._frames)
        return against <= MAX_CONTRADICTING_SHARE * len(self._frames)

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
    path: str | Path, *, max_side: int | None = None, looked: Callable[[], None] = lambda: None
) -> Box | None:
    """The box of the picture in every frame of a video read with this `max_side`, or None.

    Looks at intra frames from all over the file; where these are few, at its beginning too; `looked` is
    called after each.  Raises what `read_frames` raises.
    """
    borders = StableBorders()
    for image in _looks(path, max_side, borders):
        borders.push(image)
        looked()
        if borders.decided:
            break
    return borders.box()


def _looks(path: str | Path, max_side: int | None, borders: StableBorders) -> Iterator[Image]:
    yield from sample_intra_frames(path, BORDER_INTRA_FRAMES, max_side=max_side)
    if borders.evidence < 2 * MIN_BORDER_FRAMES:  # a short film, or one with hardly an intra frame
        with read_frames(path, samples_per_s=1.0, max_side=max_side) as frames:
            yield from (frame.image for frame, _ in zip(frames, range(BORDER_OPENING_FRAMES), strict=False))


def _colours(stack: npt.NDArray[np.uint8]) -> list[npt.NDArray[np.int16]]:
    """Colours that the bars may have: of the left and right columns, of the upper and lower lines."""
    usual = np.median(stack[:, ::4, [0, 1, -2, -1]].reshape(-1, 3), axis=0)
    other = np.median(stack[:, [0, 1, -2, -1], ::4].reshape(-1, 3), axis=0)
    colours = [np.asarray(usual, np.int16), np.asarray(other, np.int16)]
    return colours[:1] if np.abs(colours[0] - colours[1]).max() <= BAR_TOLERANCE // 2 else colours


def _usual(stack: npt.NDArray[np.uint8], colour: npt.NDArray[np.int16]) -> Iterator[Image]:
    """Each pixel as it is at the `BORDER_QUANTILES` quantiles of its distance to the colour, without specks.

    Specks are where strokes of many subtitles cross; a median of `SUBTITLE_STROKE` keeps straight edges.
    """
    low = np.array(colour, np.uint8)
    off = np.maximum(stack, low) - np.minimum(stack, low)
    far = np.maximum(np.maximum(off[..., 0], off[..., 1]), off[..., 2]).astype(np.uint16)
    # Distance and number of the frame in one word: sorting the one brings the other along.
    far = far << 8 | np.arange(len(stack), dtype=np.uint16)[:, None, None]
    ranks = [int(share * (len(stack) - 1)) for share in BORDER_QUANTILES]
    ordered = np.partition(far, ranks, axis=0)
    for rank in ranks:
        frame = (ordered[rank] & 255).astype(np.intp)
        usual = np.take_along_axis(stack, frame[None, ..., None], axis=0)[0]
        yield np.asarray(cv2.medianBlur(np.ascontiguousarray(usual), SUBTITLE_STROKE), np.uint8)


def _area(box: Box) -> int:
    return (box[2] - box[0]) * (box[3] - box[1])


def _steps(usual: Image, box: Box, colour: npt.NDArray[np.int16]) -> bool:
    """Whether the picture begins in a step, not in a slope as a vignette does: on one side of each pair
    that is cut, since the other one may be dark there."""
    left, top, right, bottom = box
    height, width = usual.shape[:2]
    away = np.abs(usual.astype(np.int16) - colour).max(axis=2)
    columns, rows = away[top:bottom].mean(axis=0), away[:, left:right].mean(axis=1)
    pairs = (
        [(columns, left), (columns[::-1], width - right)],
        [(rows, top), (rows[::-1], height - bottom)],
    )
    cut = [[_step(line, depth) for line, depth in pair if depth] for pair in pairs]
    return all(any(sides) for sides in cut if sides)


def _step(line: npt.NDArray[np.float64], depth: int) -> bool:
    """Whether the line rises more in the 5 places around `depth` than in the 5 behind these."""
    last = len(line) - 1
    before, at, behind = line[max(0, depth - 3)], line[min(depth + 2, last)], line[min(depth + 7, last)]
    return bool(at - before > 2 * (behind - at))


def _content_in_bar(frame: Image, box: Box, colour: npt.NDArray[np.int16]) -> bool:
    left, top, right, bottom = box
    bars = (frame[:, :left], frame[:top], frame[:, right:], frame[bottom:])
    off = (np.abs(bar.astype(np.int16) - colour).max(axis=2) > BAR_TOLERANCE for bar in bars if bar.size)
    return any(bool(found.mean() > CONTRADICTION_AREA_SHARE) for found in off)
