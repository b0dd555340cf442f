"""Pictures as a film file: H.264 in MP4, at a constant rate."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.video.frame import VideoFrame

from cbvir_core.types import Image

FILM_X264_OPTIONS = {"preset": "veryfast", "crf": "23", "g": "250", "sc_threshold": "0"}
"""No I-frame at a cut, as in streams and screen recordings: a cut must be seen to be found."""


def write_film(path: Path, pictures: Iterable[Image], rate: int) -> int:
    """Write pictures of one size with even sides, `rate` a second, and return their number.

    Picture i is shown from i / rate seconds on.  Raise ValueError where there is no picture, where sides are
    odd, or where sizes differ; OSError where the file cannot be written.
    """
    count = 0
    with av.open(str(path), "w", format="mp4") as output:
        stream = output.add_stream("libx264", rate=rate, options=FILM_X264_OPTIONS)
        stream.pix_fmt = "yuv420p"
        stream.codec_context.time_base = Fraction(1, rate)
        for image in pictures:
            height, width = image.shape[:2]
            if count == 0:
                stream.width, stream.height = width, height
            if (stream.width, stream.height) != (width, height) or width % 2 or height % 2:
                raise ValueError(f"pictures of a film are of one size and even sides, not {width} x {height}")
            frame = VideoFrame.from_ndarray(np.ascontiguousarray(image), format="rgb24")
            frame.pts, frame.time_base = count, Fraction(1, rate)
            output.mux(stream.encode(frame))
            count += 1
        if not count:
            raise ValueError("a film needs a picture")
        output.mux(stream.encode(None))
    return count
