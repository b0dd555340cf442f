"""The corpus and the queries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt

from bench.retrieval.clips import ClipSplit, family
from bench.retrieval.frames import ClipFrame, by_family
from bench.retrieval.perturbations import PERTURBATIONS, perturbed
from bench.retrieval.photographs import Photograph
from cbvir_core.decode import read_picture
from cbvir_core.types import Image, Keyframe

Role = Literal["asked", "left out", "foreign"]

LEFT_OUT_SHARE = 0.25
"""Number of queries of clips outside the corpus for each query of a clip in it."""

SCENE_TOLERANCE_S = 0.5
"""Seconds by which the time of a query may lie outside of the right scene.  Scenes end between two samples
a third of a second apart, and two versions of a clip do not end theirs at the same sample."""


@dataclass(frozen=True)
class CorpusEntry:
    """One picture of the corpus: a keyframe with the span of its scene, or a photograph without a family."""

    name: str
    picture: Image | bytes = field(repr=False, compare=False)
    family: str | None = None
    start_s: float = 0.0
    end_s: float = 0.0

    @property
    def image(self) -> Image:
        """The picture; a photograph is decoded each time."""
        return load(self.picture)


@dataclass(frozen=True)
class BenchmarkQuery:
    """One query: a picture, the perturbation, and the origin of the picture if the corpus has it."""

    role: Role
    kind: str
    key: str
    picture: Image | bytes = field(repr=False, compare=False)
    family: str | None = None
    time_s: float = 0.0

    def image(self, seed: int) -> Image:
        """Return the perturbed picture, the same for the same seed."""
        return perturbed(load(self.picture), self.kind, self.key, seed)


class RetrievalCorpus:
    """The pictures that are searched, and the right answers among them."""

    def __init__(self, entries: Sequence[CorpusEntry]) -> None:
        self.entries = tuple(entries)
        self._families = np.array([entry.family or "" for entry in entries], np.str_)
        self._starts = np.array([entry.start_s for entry in entries])
        self._ends = np.array([entry.end_s for entry in entries])

    def __len__(self) -> int:
        return len(self.entries)

    def of_video(self, query: BenchmarkQuery) -> npt.NDArray[np.bool_]:
        """Return which entries are keyframes of the query's video or of a version of it."""
        if query.family is None:
            return np.zeros(len(self), np.bool_)
        return np.asarray(self._families == query.family, np.bool_)

    def of_scene(self, query: BenchmarkQuery) -> npt.NDArray[np.bool_]:
        """Return which of those have a scene that contains the query's time, within `SCENE_TOLERANCE_S`."""
        begun = self._starts - SCENE_TOLERANCE_S <= query.time_s
        not_over = query.time_s <= self._ends + SCENE_TOLERANCE_S
        return np.asarray(self.of_video(query) & begun & not_over, np.bool_)


def load(picture: Image | bytes) -> Image:
    """Return a picture, decoding it where it is the bytes of a file."""
    return read_picture(picture) if isinstance(picture, bytes) else picture


def keyframe_entries(clip: str, keyframes: Sequence[Keyframe]) -> list[CorpusEntry]:
    """Return the keyframes of a clip as entries."""
    return [
        CorpusEntry(
            f"{clip}@{keyframe.time_s:.3f}",
            keyframe.image,
            family(clip),
            keyframe.scene_start_s,
            keyframe.scene_end_s,
        )
        for keyframe in keyframes
    ]


def photograph_entries(photographs: Sequence[Photograph]) -> list[CorpusEntry]:
    """Return photographs as entries that are never right."""
    return [CorpusEntry(name, data) for name, data in photographs]


def questions(
    clips: ClipSplit, frames: Mapping[Path, Sequence[ClipFrame]], count: int, strangers: Sequence[Photograph]
) -> tuple[list[ClipFrame], list[BenchmarkQuery]]:
    """Return the `count` frames that queries are made of, and all queries.

    The queries are those frames, and a quarter as many of clips that are left out, each in every
    perturbation; and photographs that are not in the corpus, each in one.
    """
    asked = by_family(frames[clip] for clip in clips.asked)[:count]
    left_out = by_family(frames[clip] for clip in clips.left_out)[: max(1, round(LEFT_OUT_SHARE * count))]
    queries = frame_queries(asked, "asked") + frame_queries(left_out, "left out")
    return asked, queries + foreign_queries(strangers)


def frame_queries(frames: Sequence[ClipFrame], role: Role) -> list[BenchmarkQuery]:
    """Return queries of each frame in every perturbation."""
    return [
        BenchmarkQuery(role, kind, frame.key, frame.image, frame.family, frame.time_s)
        for frame in frames
        for kind in PERTURBATIONS
    ]


def foreign_queries(photographs: Sequence[Photograph]) -> list[BenchmarkQuery]:
    """Return a query of each photograph; the perturbations take turns."""
    kinds = list(PERTURBATIONS)
    return [
        BenchmarkQuery("foreign", kinds[number % len(kinds)], name, data)
        for number, (name, data) in enumerate(photographs)
    ]
