"""Photographs that are in no clip: those of the corpus, and query pictures that are not in it."""

from __future__ import annotations

import tarfile
from collections.abc import Container, Iterator, Sequence
from itertools import islice
from pathlib import Path

from cbvir_core.train.pictures import PICTURE_SUFFIXES, kept_back
from cbvir_core.train.recipe import TrainingRecipe

Photograph = tuple[str, bytes]
"""A name, and the bytes of a picture file."""


def distractors(folder: Path, count: int) -> list[Photograph]:
    """Return the first `count` pictures of the tar files; they are never trained on."""
    return list(islice(photographs_in(sorted(folder.glob("*.tar"))), count))


def foreign(folder: Path, count: int) -> list[Photograph]:
    """Return `count` training pictures that every training keeps back.

    `kept_back` takes the pictures whose names have the lowest hashes, `TrainingRecipe.held_out` of them.
    So a picture that is kept back when all tar files are trained on is also kept back when only some are.
    Frames of clips that are trained on beside them can displace pictures; a `count` below the number kept
    back leaves room for them (`test_questions.py` counts it).  Weights of a recipe that keeps back fewer
    would have been trained on some of these.

    Raise ValueError where `count` is more than are kept back.
    """
    tars = sorted(folder.glob("*.tar"))
    names = [f"{path.name}/{member}" for path in tars for member in _picture_names(path)]
    chosen = {names[number] for number in kept_back(names, count)}
    if len(chosen) < count or count > TrainingRecipe().held_out:
        raise ValueError(
            f"only {min(TrainingRecipe().held_out, len(chosen))} pictures are kept back from training"
        )
    return list(photographs_in(tars, chosen))


def photographs_in(tars: Sequence[Path], wanted: Container[str] | None = None) -> Iterator[Photograph]:
    """Yield every picture of the tar files, or those wanted, under the names that training gives them."""
    for path in tars:
        members = _picture_names(path)
        with tarfile.open(path) as archive:
            for member in members:
                name = f"{path.name}/{member}"
                if wanted is None or name in wanted:
                    opened = archive.extractfile(member)
                    assert opened is not None, "a picture is a plain file"
                    yield name, opened.read()


def _picture_names(path: Path) -> list[str]:
    with tarfile.open(path) as archive:
        return [
            member.name
            for member in archive
            if member.isfile() and Path(member.name).suffix.lower() in PICTURE_SUFFIXES
        ]
