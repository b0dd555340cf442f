"""Where a film stands still one picture is repeated; whatever moves is decoded."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import pytest

from cbvir_core.decode import read_frames, thumbnail, views_differ
from cbvir_core.decode.sparse import SparseDecoder
from cbvir_core.types import Image

MakeFilm = Callable[..., Path]

FIXED_GOP = {"g": "60", "sc_threshold": "0", "x264-params": "keyint=60:min-keyint=60:scenecut=0"}
ENCODINGS = {
    "veryfast": ("libx264", {"preset": "veryfast"} | FIXED_GOP),
    "medium": ("libx264", {"preset": "medium"} | FIXED_GOP),
    "open GOP": ("libx264", FIXED_GOP | {"x264-params": FIXED_GOP["x264-params"] + ":open-gop=1"}),
    "hevc": ("libx265", {"x265-params": "log-level=none:pools=1:frame-threads=1:keyint=60:scenecut=0"}),
    "vp9": ("libvpx-vp9", {"deadline": "realtime", "cpu-used": "8", "g": "60"}),
    "mpeg4": ("mpeg4", {"g": "60"}),
}


def scene(side: int = 256) -> Image:
    """A picture with detail in it: blurred noise."""
    noise = np.random.default_rng(3).integers(0, 256, (side // 2, side, 3)).astype(np.uint8)
    return np.asarray(cv2.GaussianBlur(noise, (0, 0), 3), np.uint8)


def still(number: int) -> Image:
    return scene()


def moving(number: int) -> Image:
    picture = scene()
    left = number % 220
    picture[40:60, left : left + 20] = 255
    return picture


def changing(number: int) -> Image:
    """A still picture that changes in the middle of a group."""
    return scene() if number < 90 else np.ascontiguousarray(scene()[::-1])


def fading(number: int) -> Image:
    return np.asarray(scene() * max(0.1, 1 - number / 200), np.uint8)


def decoded(path: Path) -> tuple[int, int]:
    """Return how many pictures `auto` hands out, and how many of them are no repetition."""
    decoder = SparseDecoder(path, Fraction(1, 3))
    pictures = [picture for _, picture in decoder.pictures()]
    decoder.close()
    assert decoder.damaged == 0
    return len(pictures), len({id(picture) for picture in pictures})


@pytest.mark.parametrize("encoding", ["veryfast", "medium", "hevc", "mpeg4"])
def test_a_still_film_is_hardly_decoded(make_film: MakeFilm, encoding: str) -> None:
    codec, options = ENCODINGS[encoding]
    path = make_film(name="film.mkv", codec=codec, frames=241, options=options, picture=still)
    shown, fresh = decoded(path)
    assert fresh < 0.5 * shown


@pytest.mark.parametrize("picture", [still, moving, changing, fading])
@pytest.mark.parametrize("encoding", list(ENCODINGS))
def test_every_view_of_every_film_is_found(
    make_film: MakeFilm, encoding: str, picture: Callable[[int], Image]
) -> None:
    codec, options = ENCODINGS[encoding]
    path = make_film(name="film.mkv", codec=codec, frames=241, options=options, picture=picture)
    with read_frames(path, mode="every") as frames:
        truth = {frame.time: thumbnail(frame.image) for frame in frames}
    with read_frames(path) as frames:
        samples = [(frame.time, thumbnail(frame.image)) for frame in frames]
    assert all(before < after for (before, _), (after, _) in pairwise(samples))
    for time in truth:
        near = min(samples, key=lambda sample: abs(sample[0] - time))
        assert abs(near[0] - time) <= Fraction(1, 3)
    assert all(
        not views_differ(truth[time], view) or picture in (moving, fading)
        for time, view in samples
        if time in truth
    )
    assert changes([view for _, view in samples]) >= changes(list(truth.values())) - 1


def changes(views: list[np.ndarray[tuple[int, ...], np.dtype[np.uint8]]]) -> int:
    """Return how many views differ from the last one that differed."""
    count, last = 0, views[0]
    for view in views[1:]:
        if views_differ(last, view):
            count, last = count + 1, view
    return count
