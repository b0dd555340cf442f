"""Pictures for training, all of them decoded once into one tensor in memory."""

from __future__ import annotations

import hashlib
import tarfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor

from cbvir_core.decode import read_picture
from cbvir_core.errors import FileUnreadable, InputError, NotAPicture
from cbvir_core.types import Image

PICTURE_SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff"})


@dataclass(frozen=True)
class PictureSet:
    """`pixels` is uint8 N x 3 x S x S, RGB, squashed to a square; `names` say where each is from."""

    pixels: Tensor
    names: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.names)


@dataclass(frozen=True)
class SplitPictures:
    """Pictures to train on, and pictures that are kept back to measure on."""

    learnt: PictureSet
    kept: PictureSet


def gather(images: Iterable[tuple[str, Image]], side: int, held_out: int) -> SplitPictures:
    """Named images squashed to `side` x `side` by area averaging.  Raises NotAPicture for none."""
    names: list[str] = []
    planes: dict[int, Tensor] = {}
    for name, image in images:
        squashed = cv2.resize(image, (side, side), interpolation=cv2.INTER_AREA)
        planes[len(names)] = torch.from_numpy(np.ascontiguousarray(squashed.transpose(2, 0, 1)))
        names.append(name)
    if not planes:
        raise NotAPicture("no picture to train on: name folders or tars of pictures, or folders of videos")
    kept = kept_back(names, held_out)
    learnt = [number for number in range(len(names)) if number not in kept]
    return SplitPictures(_stack(names, planes, learnt, side), _stack(names, planes, sorted(kept), side))


def kept_back(names: Sequence[str], held_out: int) -> set[int]:
    """Numbers of `held_out` pictures, but a fifth of all at most.

    The choice hangs on the names alone, so that it is the same in every run; what precedes an ``@``
    decides, so that frames of one clip stay together.
    """

    def place(number: int) -> tuple[bytes, str]:
        clip = names[number].partition("@")[0]
        return hashlib.sha256(clip.encode(errors="surrogateescape")).digest(), names[number]

    return set(sorted(range(len(names)), key=place)[: min(held_out, len(names) // 5)])


def _stack(names: Sequence[str], planes: dict[int, Tensor], chosen: Sequence[int], side: int) -> PictureSet:
    """Empties `planes` as it fills the tensor: the pictures are in memory once, not twice."""
    pixels = torch.empty((len(chosen), 3, side, side), dtype=torch.uint8)
    for row, number in enumerate(chosen):
        pixels[row] = planes.pop(number)
    return PictureSet(pixels, tuple(names[number] for number in chosen))


def read_pictures(sources: Sequence[Path]) -> Iterator[tuple[str, Image]]:
    """Names and images of folders and tars, in the order of their names; what is no picture is passed over.

    Raises FileUnreadable for a source that is not there or is neither.
    """
    for source in sources:
        for name, data in _files(source):
            try:
                yield name, read_picture(data)
            except InputError:
                continue


def _files(source: Path) -> Iterator[tuple[str, bytes]]:
    if not source.is_dir():
        yield from _members(source)
        return
    for path in sorted(source.rglob("*")):
        if path.suffix.lower() in PICTURE_SUFFIXES and path.is_file():
            yield path.relative_to(source).as_posix(), path.read_bytes()
        elif path.suffix == ".tar":
            yield from _members(path)


def _members(path: Path) -> Iterator[tuple[str, bytes]]:
    try:
        with tarfile.open(path) as archive:
            for member in archive:
                opened = archive.extractfile(member)
                if opened is not None and Path(member.name).suffix.lower() in PICTURE_SUFFIXES:
                    yield f"{path.name}/{member.name}", opened.read()
    except (OSError, tarfile.TarError) as error:
        raise FileUnreadable(f"{path} is neither a folder nor a readable tar: {error}") from error
