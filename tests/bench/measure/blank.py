"""Measures `is_blank`: real frames as they are and darkened, and one colour with noise, both through codecs.

    python -m bench.measure.blank [--videos FOLDER]

It prints the share of pictures that is taken for blank, and the time that a decision takes.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

import av
import cv2
import numpy as np

from bench.shared_data import CLIPS
from cbvir_core.decode import decode_still, encode_still, read_frames
from cbvir_core.decode.blank import is_blank
from cbvir_core.errors import CbvirError
from cbvir_core.keyframes.histogram import shrink
from cbvir_core.types import Image

ONE_COLOUR = ("moviepy--no_duration.webm", "perception--rgb.m4v")
"""Clips all of whose frames are blank."""

COLOURS = ((0, 0, 0), (6, 6, 6), (16, 16, 16), (128, 128, 128), (255, 255, 255), (10, 20, 140))
SIZE = 512, 288


def darkened(image: Image, gain: float) -> Image:
    """Return the picture with that share of its light, through a camera's tone curve."""
    return np.rint(255 * gain * (image / 255.0) ** 1.8).astype(np.uint8)


def noisy(image: Image, sigma: float, rng: np.random.Generator, grain: int = 1) -> Image:
    """Return the picture with noise in every pixel and channel.

    With a `grain` above 1, noise is in spots of so many pixels, the same in all channels.
    """
    width, height = image.shape[1], image.shape[0]
    if grain == 1:
        noise = rng.normal(0, sigma, (height, width, 3))
    else:
        spots = rng.normal(0, sigma, (-(-height // grain), -(-width // grain)))
        noise = cv2.resize(spots, (width, height))[..., None]
    return np.clip(image + noise, 0, 255).astype(np.uint8)


def coded(images: Iterable[Image], crf: int) -> list[Image]:
    """Return the pictures after encoding with H.264."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "film.mp4"
        with av.open(str(path), "w") as target:
            stream = target.add_stream("libx264", rate=25, options={"crf": str(crf), "preset": "veryfast"})
            stream.width, stream.height, stream.pix_fmt = *SIZE, "yuv420p"
            for image in images:
                target.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
            target.mux(stream.encode(None))
        with read_frames(path, samples_per_s=None, mode="every") as frames:
            return [frame.image for frame in frames]


def frames_of(videos: Path) -> Iterator[Image]:
    """Yield a frame every four seconds of every clip that is not blank, from its second frame on."""
    for path in sorted(videos.iterdir()):
        if path.name not in ONE_COLOUR:
            try:
                with read_frames(path, samples_per_s=1.0, max_side=SIZE[0]) as reader:
                    yield from [frame.image for frame in islice(reader, 1, 40, 4)]
            except CbvirError:
                continue


def share(images: Iterable[Image]) -> str:
    """Return the share that is taken for blank, at a query's size and at the size that ingest judges."""
    found = [(is_blank(image), is_blank(shrink(image))) for image in images]
    query, ingest = np.mean(found, axis=0)
    return f"{query:.3f} {ingest:.3f} of {len(found)}"


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m bench.measure.blank",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    default = CLIPS
    parser.add_argument("--videos", type=Path, default=default)
    arguments, rng = parser.parse_args(), np.random.default_rng(0)
    cv2.setNumThreads(1)
    real = list(frames_of(arguments.videos))
    for gain in (None, 0.5, 0.25, 0.12, 0.06):
        for sigma in (0, 4):
            seen = [darkened(image, gain) if gain else image for image in real]
            saved = [decode_still(encode_still(noisy(image, sigma, rng), 60)) for image in seen]
            print(f"content, gain {gain or 1}, noise {sigma}, JPEG 60: {share(saved)}", flush=True)
    for colour in COLOURS:
        plain = np.full((SIZE[1], SIZE[0], 3), colour, np.uint8)
        for sigma in (0, 2, 4, 8, 15):
            for grain in (1, 3):
                seen = [noisy(plain, sigma, rng, grain) for _ in range(8)]
                shown = [image for crf in (23, 33) for image in coded(seen, crf)]
                shown += [decode_still(encode_still(image, 50)) for image in shown]
                print(f"{colour}, noise {sigma}, grain {grain}: {share(shown)}", flush=True)
    begun = time.perf_counter()
    for image in (small := [shrink(image) for image in real]):
        is_blank(image)
    print(f"{(time.perf_counter() - begun) / len(small) * 1e3:.3f} ms a frame of 320")


if __name__ == "__main__":
    main()
