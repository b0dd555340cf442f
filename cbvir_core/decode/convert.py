"""From a decoder's picture to RGB: one pass of swscale straight to the wanted size."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from av.video.frame import VideoFrame
from av.video.reformatter import Colorspace, Interpolation, VideoReformatter

from cbvir_core.decode.orientation import Orientation, orientation_of
from cbvir_core.decode.scale import fit_size, square_size
from cbvir_core.types import Image

H273_RGB = 0
"""The matrix coefficients of a frame that is RGB already (ITU-T H.273)."""

SWSCALE_MATRICES = {
    1: Colorspace.ITU709,
    4: Colorspace.FCC,
    5: Colorspace.ITU601,
    6: Colorspace.ITU601,
    7: Colorspace.SMPTE240M,
    9: Colorspace.BT2020,
    10: Colorspace.BT2020,
}
"""From ITU-T H.273 matrix coefficients to those of swscale, whose numbers differ from the standard's."""

HD_WIDTH, SD_HEIGHT = 1280, 576
"""A film that does not name its matrix is taken as BT.709 from this size on and as BT.601 below, as players
and broadcasters do."""

SHRINKING_INTERPOLATION = Interpolation.AREA
"""For pictures of bounded size: area averaging as in `fit_within`, so that a frame that ingest shrinks
agrees with the same frame saved by a player and shrunk as a query: a PSNR of more than 38 dB
(``tests/decode/test_agreement.py``).  The JPEG of the still loses as much."""

FULL_SIZE_INTERPOLATION = Interpolation.AREA | Interpolation.ACCURATE_RND | Interpolation.FULL_CHR_H_INT
"""For pictures at full size, which people see: chroma at full resolution.  Shrunken pictures average chroma
anyway; for them it would only cost more."""


class Converter:
    """A maker of upright RGB pictures with square pixels, at most `max_side` long (None: full size).

    It keeps only the scaler's tables, no picture.  Which way is up is read from the first picture and
    holds for the film: looking at a PyAV frame's side data ties the frame into a reference cycle, and
    full-size frames would pile up until Python's collector runs, hundreds of megabytes of them.
    """

    def __init__(self, max_side: int | None) -> None:
        if max_side is not None and max_side < 1:
            raise ValueError(f"max_side must be at least 1, not {max_side}")
        self._max_side = max_side
        self._interpolation = FULL_SIZE_INTERPOLATION if max_side is None else SHRINKING_INTERPOLATION
        self._scaler = VideoReformatter()
        self._orientation: Orientation | None = None

    def convert(self, frame: VideoFrame, sample_aspect: Fraction) -> Image:
        """Return the picture of a decoded frame of any pixel format, range and matrix."""
        width, height = square_size(frame.width, frame.height, sample_aspect)
        if self._max_side is not None:
            width, height = fit_size(width, height, self._max_side)
        small = self._scaler.reformat(
            frame,
            width=width,
            height=height,
            format="rgb24",
            src_colorspace=matrix_of(frame),
            interpolation=self._interpolation,
            threads=1,
        )
        if self._orientation is None:
            self._orientation = orientation_of(frame)
        return self._orientation.apply(np.asarray(small.to_ndarray(), dtype=np.uint8))


def matrix_of(frame: VideoFrame) -> Colorspace | None:
    """Return the matrix that made the frame's luma and chroma; None for a frame that is RGB."""
    if frame.colorspace == H273_RGB:
        return None
    large = frame.width >= HD_WIDTH or frame.height > SD_HEIGHT
    guess = Colorspace.ITU709 if large else Colorspace.ITU601
    return SWSCALE_MATRICES.get(frame.colorspace, guess)
