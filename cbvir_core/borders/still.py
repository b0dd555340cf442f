"""The borders of one picture: letterbox, pillarbox and windowbox, captioned bars and blurred bars.

A plain bar is a run of lines of one colour along a side.  That alone would also cut off a night sky, so a
bar must be *proved*: its inner end is a straight edge, at which most of the line changes at once.
A side whose edge is hidden (dark content next to a black bar) is cut as deep as the opposite bar of
the same colour, never deeper.  What cannot be proved stays: the uncut picture is searched in any case,
so a bar that is missed costs less than content that is cut off.

Measured by ``python -m bench.measure.borders`` (its columns of single frames): of 105 frames
without bars one was cut, of the darkened ones two.  Many frames of a video prove more than one: see
`cbvir_core.borders.video`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from cbvir_core.borders.blurred import blurred_box
from cbvir_core.borders.captioned import captioned_depths
from cbvir_core.types import Box, Image

BAR_TOLERANCE = 12
"""Grey levels by which a pixel of a bar may differ from the bar's colour (JPEG at quality 30)."""

BAR_MEAN_DEVIATION = 2.0
"""Mean difference from the bar's colour, in grey levels, above which a run of lines is content."""

BAR_STRAY_SHARE = 0.02
"""Share of a bar's line that may differ more than `BAR_TOLERANCE`."""

BAR_EDGE_SHARE = 0.6
"""Share of the first line of the picture that must differ from the bar."""

BAR_EDGE_LINES = 16
"""Lines within which the edge must follow a bar: one JPEG block at halved chroma resolution, which rings when
an edge runs through it."""

RINGING_STEP_SHARE = 0.5
"""Share of the edge's step up to which the lines before it may ring; content differs by the whole step."""

RINGING_LINE_SHARE = 0.05
"""Share of such a line that may differ by more."""

MIN_CONTENT_SHARE = 0.2
"""Share of width and of height that must remain (a wide film on an upright phone: 0.27)."""

_SIDES = ("left", "top", "right", "bottom")


@dataclass(frozen=True, slots=True)
class _Bar:
    """A run of `depth` uniform lines; `lines` is the whole picture, the outermost line first."""

    depth: int
    colour: npt.NDArray[np.int16]
    lines: Image


def content_box(image: Image) -> Box | None:
    """Return the box of the picture inside its bars, or None where no bar is proved.

    Bars may be of any colour and on any sides, and one pair may lie within another.  Plain bars are looked
    for first, twice, then captioned bars, then blurred copies of the picture.
    """
    height, width = image.shape[:2]
    whole = box = (0, 0, width, height)
    for find in (_inside, _inside, _between_captions, blurred_box):
        if find is _between_captions and (box[1], box[3]) != (0, height):
            continue  # behind a plain bar the picture begins, perhaps with a dark sky
        inner = find(image[box[1] : box[3], box[0] : box[2]])
        if inner is not None:
            box = (box[0] + inner[0], box[1] + inner[1], box[0] + inner[2], box[1] + inner[3])
    return None if box == whole else box


def _between_captions(image: Image) -> Box | None:
    """Return the box between captioned bars, or None."""
    height, width = image.shape[:2]
    top, bottom = captioned_depths(image)
    if not (top or bottom) or height - top - bottom < MIN_CONTENT_SHARE * height:
        return None
    return 0, top, width, height - bottom


def _inside(image: Image) -> Box | None:
    """Return the box inside the outermost plain bars, or None."""
    height, width = image.shape[:2]
    bars = [_bar(lines) for lines in _from_each_side(image)]
    if any(bar.depth == len(bar.lines) for bar in bars):
        return None
    depths = _proved([bar.depth for bar in bars], bars)
    left, top, right, bottom = depths
    if (
        not any(depths)
        or width - left - right < MIN_CONTENT_SHARE * width
        or height - top - bottom < MIN_CONTENT_SHARE * height
    ):
        return None
    return left, top, width - right, height - bottom


def _from_each_side(image: Image) -> list[Image]:
    """Return the picture for each of `_SIDES` as lines x pixels x 3, the outermost line first."""
    columns = image.transpose(1, 0, 2)
    return [columns, image, columns[::-1], image[::-1]]


def _bar(lines: Image) -> _Bar:
    colour = np.median(lines[0], axis=0).astype(np.int16)
    thinnest = _thinnest(len(lines))
    if _differs(lines[:thinnest], colour).mean(axis=1).max() > BAR_STRAY_SHARE:
        return _Bar(0, colour, lines)
    uniform = _differs(lines, colour).mean(axis=1) <= BAR_STRAY_SHARE
    depth = len(uniform) if uniform.all() else int(np.argmin(uniform))
    flat = np.abs(lines[:depth] - colour).mean() <= BAR_MEAN_DEVIATION
    return _Bar(depth if flat else 0, colour, lines)


def _differs(lines: Image, colour: npt.NDArray[np.int16]) -> npt.NDArray[np.bool_]:
    """Return which pixels differ from the colour in any channel; lines x pixels."""
    low, high = (np.asarray(colour + shift, np.float64) for shift in (-BAR_TOLERANCE, BAR_TOLERANCE))
    return np.asarray(cv2.inRange(np.ascontiguousarray(lines), low, high) == 0)


def _thinnest(lines: int) -> int:
    """Return how many lines a bar has at least: a thinner one changes no descriptor."""
    return max(2, math.ceil(0.01 * lines))


def _proved(depths: list[int], bars: list[_Bar]) -> list[int]:
    """Return the depths of the bars that end in an edge, on their own side or on the opposite one.

    Without a side that is not proved, the edges of the others are longer; so the proof is repeated until
    all that remain are proved.
    """
    while any(depths):
        edges = [_edge(bar, side, depths) for side, bar in enumerate(bars)]
        kept = [_kept(depths, edges, bars, side) for side in range(len(_SIDES))]
        if all(kept[side] > 0 for side in range(len(_SIDES)) if depths[side] > 0):
            return kept
        depths = [depth if kept[side] else 0 for side, depth in enumerate(depths)]
    return depths


def _kept(depths: list[int], edges: list[int | None], bars: list[_Bar], side: int) -> int:
    own, other = edges[side], edges[(side + 2) % 4]
    if own is not None:
        return own
    same_colour = bool(np.abs(bars[side].colour - bars[(side + 2) % 4].colour).max() <= BAR_TOLERANCE)
    if other is not None and same_colour and depths[side] >= other / 2:
        return min(depths[side], other)
    return 0


def _edge(bar: _Bar, side: int, depths: list[int]) -> int | None:
    """Return how many lines lie before the straight edge in which the bar ends; None without such an edge."""
    depth = depths[side]
    if not depth:
        return None
    across = 1 - side % 2
    low, high = depths[across], depths[across + 2]
    strip = bar.lines[depth : depth + BAR_EDGE_LINES, low : bar.lines.shape[1] - high]
    if not strip.size:
        return None
    difference = np.abs(strip - bar.colour).max(axis=2)
    straight = np.flatnonzero((difference > BAR_TOLERANCE).mean(axis=1) >= BAR_EDGE_SHARE)
    if not straight.size:
        return None
    edge = int(straight[0])
    behind = difference[edge : edge + 4]
    step = np.median(behind[behind > BAR_TOLERANCE])
    content = (difference[:edge] > max(BAR_TOLERANCE, RINGING_STEP_SHARE * step)).mean(axis=1)
    return depth + edge if content.max(initial=0.0) <= RINGING_LINE_SHARE else None
