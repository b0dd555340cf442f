"""Small films made for a test."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import av
import pytest
from av.video.frame import VideoFrame

from cbvir_core.types import Image


@pytest.fixture(scope="session")
def make_film(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """`make_film(frames=, picture=, options=)`: H.264 in MP4, 24 a second; `picture(number)` draws."""

    def write(*, frames: int, picture: Callable[[int], Image], options: dict[str, str]) -> Path:
        path = tmp_path_factory.mktemp("film") / "film.mp4"
        height, width = picture(0).shape[:2]
        with av.open(str(path), "w") as output:
            stream = output.add_stream("libx264", rate=24, options=options)
            stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
            for number in range(frames):
                output.mux(stream.encode(VideoFrame.from_ndarray(picture(number), "rgb24")))
            output.mux(stream.encode())
        return path

    return write
