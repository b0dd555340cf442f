"""Every edit of the benchmark: the perturbations of `bench.retrieval`, and those that are only here."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from zlib import crc32

import numpy as np

from bench.films.edits import colours, cropping, drawn_over, prints, screenshots, several
from bench.retrieval.perturbations import PERTURBATIONS, UNEDITED, Perturbation, perturbed
from cbvir_core.types import Image

FilmEdit = Callable[[Sequence[Image], np.random.Generator], Image]
"""Return a new picture made of several frames; all random numbers come from the generator."""

OF_ONE_FRAME: Mapping[str, Perturbation] = {
    "crop 60": partial(cropping.cropped, share=0.60),
    "crop 40": partial(cropping.cropped, share=0.40),
    "crop 25": partial(cropping.cropped, share=0.25),
    "thumbnail 120": partial(cropping.thumbnail, long_side=120),
    "thumbnail 64": partial(cropping.thumbnail, long_side=64),
    "turned 90": lambda image, rng: cropping.turned(image, 1),
    "turned 180": lambda image, rng: cropping.turned(image, 2),
    "turned 270": lambda image, rng: cropping.turned(image, 3),
    "browser": screenshots.browser,
    "chat": screenshots.chat,
    "halftone": prints.halftone,
    "sepia print": prints.sepia_print,
    "hdr as sdr": colours.hdr_as_sdr,
    "captions": drawn_over.captions,
    "stickers": drawn_over.stickers,
}
"""Edits of one frame that are not in `bench.retrieval`, by their names."""

OF_SEVERAL_FRAMES: Mapping[str, tuple[int, FilmEdit]] = {
    "collage": (2, several.collage),
    "contact sheet": (9, several.contact_sheet),
}
"""Edits of several frames, with how many."""

EDIT_KINDS = (*PERTURBATIONS, *OF_ONE_FRAME, *OF_SEVERAL_FRAMES)
"""The names of all edits in the order of the tables, the unedited frame first."""


def frames_in(kind: str) -> int:
    """Return how many frames an edit shows."""
    return OF_SEVERAL_FRAMES[kind][0] if kind in OF_SEVERAL_FRAMES else 1


def edited(images: Sequence[Image], kind: str, key: str, seed: int) -> Image:
    """Return the edited picture, the same for the same kind, key and seed.

    Frames keep the size that they have in the film; only `PERTURBATIONS` enlarge small ones first.
    """
    if kind in PERTURBATIONS:
        return images[0] if kind == UNEDITED else perturbed(images[0], kind, key, seed)
    rng = np.random.default_rng([seed, crc32(kind.encode()), crc32(key.encode())])
    if kind in OF_SEVERAL_FRAMES:
        return OF_SEVERAL_FRAMES[kind][1](images, rng)
    return OF_ONE_FRAME[kind](images[0], rng)
