"""Real descriptors: photographs and frames of clips, by the built-in filter, kept in a file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rich.progress import Progress

from bench.retrieval.clips import clips_in
from cbvir_core.decode import STILL_SIDE, read_frames
from cbvir_core.embed import ViewEncoder
from cbvir_core.errors import CbvirError
from cbvir_core.files import replacing
from cbvir_core.train.pictures import read_pictures
from cbvir_core.types import Image, Rows
from cbvir_core.weights import find_profile

HELD_OUT_PICTURES = 1024
"""Photographs that are in no set: queries are made of them."""


@dataclass(frozen=True, slots=True, eq=False)
class RealRows:
    """Unit rows (float32): `whole` pictures in random order, `windows` of them, and those `held_out`."""

    whole: Rows
    windows: Rows
    held_out: Rows


def real_rows(shared: Path, data: Path) -> RealRows:
    """Return the descriptors of all pictures in `shared`, from the file in `data` if it is there.

    A window is one of four parts of a photograph, as frame rows have them.
    """
    encoder = ViewEncoder(find_profile("builtin", None).filter)
    path = data / f"described-{encoder.fingerprint}.npz"
    if not path.exists():
        photographs = np.concatenate(list(_encoded(encoder, _photographs(shared))))
        frames = np.concatenate(list(_encoded(encoder, _frames(shared))))[:, 0]
        data.mkdir(parents=True, exist_ok=True)
        with replacing(path) as fresh, fresh.open("wb") as file:
            np.savez(file, photographs=photographs.astype(np.float16), frames=frames.astype(np.float16))
    with np.load(path) as arrays:
        photographs, frames = arrays["photographs"], arrays["frames"].astype(np.float32)
    draws = np.random.default_rng(0)
    photographs = photographs[draws.permutation(len(photographs))].astype(np.float32)
    held_out, kept = photographs[:HELD_OUT_PICTURES, 0], photographs[HELD_OUT_PICTURES:]
    whole = np.concatenate([kept[:, 0], frames])
    windows = kept[:, 1:].reshape(-1, whole.shape[1])
    return RealRows(draws.permutation(whole), draws.permutation(windows), held_out)


def _photographs(shared: Path) -> Iterator[Image]:
    tars = [*sorted((shared / "train_images").glob("*.tar")), *(shared / "distractors").glob("*.tar")]
    yield from (image for _, image in read_pictures(tars))


def _frames(shared: Path) -> Iterator[Image]:
    """Yield a frame of every second of the clips."""
    for clip in clips_in(shared / "videos"):
        with suppress(CbvirError), read_frames(clip, samples_per_s=1.0, max_side=STILL_SIDE) as frames:
            yield from (frame.image for frame in frames)


def _encoded(encoder: ViewEncoder, images: Iterator[Image]) -> Iterator[Rows]:
    with Progress(transient=True) as progress:
        yield from (
            encoder.encode([image]) for image in progress.track(images, None, description="describing")
        )
