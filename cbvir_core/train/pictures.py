"""Pictures for training, each decoded once into one tensor in memory."""

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
    """Pictures in memory: `pixels` is uint8 N x 3 x S x S, RGB, scaled to a square; `names` are unique."""

    pixels: Tensor
    names: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.names)


@dataclass(frozen=True)
class SplitPictures:
    """Pictures to train on, and pictures that are kept back for measuring."""

    learnt: PictureSet
    kept: PictureSet


def gather(images: Iterable[tuple[str, Image]], side: int, held_out: int) -> SplitPictures:
    """Scale named images to `side` x `side` by area averaging, and keep `held_out` of them back.

    Raise NotAPicture where there is no image.
    """
    names: list[str] = []
    planes: dict[int, Tensor] = {}
    for name, image in images:
        square = cv2.resize(image, (side, side), interpolation=cv2.INTER_AREA)
        planes[len(names)] = torch.from_numpy(np.ascontiguousarray(square.transpose(2, 0, 1)))
        names.append(name)
    if not planes:
        raise NotAPicture(
            "there is no picture to train on; name folders or tar files of pictures, or folders of videos"
        )
    kept = kept_back(names, held_out)
    learnt = [number for number in range(len(names)) if number not in kept]
    return SplitPictures(_stack(names, planes, learnt, side), _stack(names, planes, sorted(kept), side))


def kept_back(names: Sequence[str], held_out: int) -> set[int]:
    """Return the numbers of `held_out` pictures, at most a fifth of all.

    The choice depends on the names alone, so that every run makes the same one.  Only what precedes an
    ``@`` decides, so that frames of one clip stay together.
    """

    def place(number: int) -> tuple[bytes, str]:
        clip = names[number].partition("@")[0]
        return hashlib.sha256(clip.encode(errors="surrogateescape")).digest(), names[number]

    return set(sorted(range(len(names)), key=place)[: min(held_out, len(names) // 5)])


def _stack(names: Sequence[str], planes: dict[int, Tensor], chosen: Sequence[int], side: int) -> PictureSet:
    """Move pictures out of `planes` into one tensor, so that memory holds them once, not twice."""
    pixels = torch.empty((len(chosen), 3, side, side), dtype=torch.uint8)
    for row, number in enumerate(chosen):
        pixels[row] = planes.pop(number)
    return PictureSet(pixels, tuple(names[number] for number in chosen))


def read_pictures(sources: Sequence[Path]) -> Iterator[tuple[str, Image]]:
    """Yield names and images of folders and tar files, by name; skip files that are not pictures.

    Raise FileUnreadable for a source that is missing, or neither a folder nor a tar file.
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
        raise FileUnreadable(f"{path} is neither a folder nor a readable tar file: {error}") from error
