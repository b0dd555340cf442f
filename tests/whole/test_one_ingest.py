"""Every way in gives the same keyframes: `Library.add`, the decode worker, and `extract_keyframes`."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest

from cbvir_core.borders import find_borders
from cbvir_core.decode import STILL_SIDE, decode_strip, read_frames
from cbvir_core.decode.kept import encode_kept_still, encode_kept_strip
from cbvir_core.evaluate.keyframes import extract
from cbvir_core.keyframes import KeyframeOptions, extract_keyframes
from cbvir_core.library import Library
from cbvir_core.library.frame_rows import frame_codes_of
from cbvir_core.types import FrameCodes, Image, Keyframe, Thumbnails
from cbvird.worker import wire
from cbvird.worker.process import DecodeTask
from cbvird.worker.supervisor import DecodeWorker
from support.conversions import bring_conversion
from support.describers import MeanDescriber
from support.films import draw_film
from support.libraries import store_of
from support.networks import seeded_filter

RATE = 6
BAR = 60
"""Depth in pixels of an added bar."""


@dataclass(frozen=True)
class Shape:
    """How a copy of the drawn film is written; `across` and `down` are the depths of its bars."""

    across: int = 0
    down: int = 0
    rotation: int = 0
    sample_aspect: Fraction = Fraction(1)


SHAPES = {
    "plain": Shape(),
    "letterboxed": Shape(down=BAR),
    "pillarboxed": Shape(across=BAR),
    "rotated": Shape(rotation=90),
    "rotated and letterboxed": Shape(down=BAR, rotation=90),
    "anamorphic": Shape(sample_aspect=Fraction(4, 3)),
    "anamorphic and pillarboxed": Shape(across=BAR, sample_aspect=Fraction(16, 15)),
}


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> list[Image]:
    """The pictures of a drawn film of 640 x 360."""
    path = tmp_path_factory.mktemp("drawn") / "film.mp4"
    film = draw_film(path, seed=3, shots=3, size=(640, 360), rate=RATE)
    with read_frames(film.path, samples_per_s=None, mode="every") as reader:
        return [frame.image for frame in reader]


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    """An empty library with a small seeded filter network."""
    folder = tmp_path_factory.mktemp("library")
    (folder / "models" / "seeded").mkdir(parents=True)
    weights = seeded_filter(folder / "models" / "seeded" / "filter.safetensors")
    bring_conversion(folder / "cache", weights)
    with Library.open(folder, profile="seeded", frames=MeanDescriber()) as opened:
        yield opened


QUICK = ("plain", "rotated and letterboxed", "anamorphic and pillarboxed")
"""What every test run looks at: all that the others have, together; the others are among the slow tests."""


@pytest.fixture(
    scope="module",
    params=[pytest.param(name, marks=() if name in QUICK else pytest.mark.slow) for name in SHAPES],
)
def film(
    request: pytest.FixtureRequest, pictures: list[Image], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """The drawn film in one of the shapes."""
    shape = SHAPES[request.param]
    bars = shape.down, shape.down, shape.across, shape.across
    path = tmp_path_factory.mktemp("film") / "film.mp4"
    write(path, (cv2.copyMakeBorder(image, *bars, cv2.BORDER_CONSTANT) for image in pictures), shape)
    assert (find_borders(path, max_side=STILL_SIDE) is not None) == bool(shape.across or shape.down)
    return path


def write(path: Path, images: Iterable[Any], shape: Shape) -> None:
    """Encode the pictures with the rotation and the sample aspect ratio of the shape."""
    first = next(images := iter(images))
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=RATE, options={"crf": "20", "preset": "veryfast"})
        assert isinstance(stream, av.VideoStream)
        stream.height, stream.width = first.shape[:2]
        stream.pix_fmt = "yuv420p"
        stream.codec_context.sample_aspect_ratio = shape.sample_aspect
        if shape.rotation:
            stream.set_display_rotation(shape.rotation)
        for image in (first, *images):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        container.mux(stream.encode(None))


@dataclass(frozen=True)
class KeptKeyframe:
    """All that the store keeps of a keyframe, byte for byte."""

    time_s: float
    scene_start_s: float
    scene_end_s: float
    quality: float
    still: bytes
    thumbnail_times_s: tuple[float, ...]
    thumbnails: bytes
    frame_times_s: tuple[float, ...]
    frame_codes: bytes


def kept(keyframe: Keyframe) -> KeptKeyframe:
    """Return what the store would keep of a keyframe."""
    assert keyframe.thumbnails is not None
    frames = keyframe.thumbnails.frames
    strip = decode_strip(encode_kept_strip(frames), len(frames), frames.shape[1])
    (codes,) = frame_codes_of([keyframe.frames], MeanDescriber())
    assert codes is not None
    return KeptKeyframe(
        keyframe.time_s,
        keyframe.scene_start_s,
        keyframe.scene_end_s,
        float(np.float32(keyframe.quality)),
        encode_kept_still(keyframe.image),
        times_of(keyframe.thumbnails),
        strip.tobytes(),
        times_of(codes),
        codes.codes.tobytes(),
    )


def times_of(samples: Thumbnails | FrameCodes) -> tuple[float, ...]:
    return tuple(float(time_s) for time_s in samples.times_s)


def stored(library: Library, path: Path) -> list[KeptKeyframe]:
    """Return what `Library.add` stores."""
    video_id = library.add(path).video_id
    store = store_of(library)
    found = []
    for row in store.keyframes(video_id):
        thumbnails = store.thumbnails(row.row)
        (codes,) = store.frame_codes([row.row])
        assert thumbnails is not None
        assert codes is not None
        found.append(
            KeptKeyframe(
                row.time_s,
                row.scene_start_s,
                row.scene_end_s,
                float(np.float32(row.quality)),
                store.still(row.keyframe_id),
                times_of(thumbnails),
                thumbnails.frames.tobytes(),
                times_of(codes),
                codes.codes.tobytes(),
            )
        )
    return found


def sent(path: Path) -> list[Keyframe]:
    """Return the keyframes that a decode worker sends over its connection."""
    task = DecodeTask(path, "auto", KeyframeOptions(), 2048)
    with DecodeWorker(task, timeout_s=60, stop=threading.Event()) as worker:
        worker.probe()
        return [message.keyframe for message in worker.messages() if isinstance(message, wire.FoundKeyframe)]


def test_every_way_in_gives_the_same_keyframes(film: Path, library: Library) -> None:
    expected = stored(library, film)
    assert len(expected) >= 3
    assert [kept(keyframe) for keyframe in extract_keyframes(film)] == expected
    assert [kept(keyframe) for keyframe in sent(film)] == expected
    assert [kept(keyframe) for keyframe in extract(film).keyframes] == expected


def test_full_size_pictures_are_cut_to_the_same_borders(film: Path) -> None:
    with read_frames(film) as frames:
        info = frames.info
    stills = extract_keyframes(film)
    for still, full in islice(zip(stills, extract_keyframes(film, max_side=None), strict=False), 1):
        scale = max(info.width, info.height) / STILL_SIDE
        expected = np.array(still.image.shape[:2]) * scale
        assert np.abs(np.array(full.image.shape[:2]) - expected).max() <= 2 * scale
