"""Films of the clips that the networks were trained on: models are fitted to these, measured by others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from bench.films.library import library_folder, made_library
from bench.films.making import make_film, make_photograph_films
from bench.films.parts import best_versions, shortest_of_each_series
from bench.films.plan import FIXED_GOP, X264, FilmPlan, deal, stretch_of
from bench.retrieval.clips import clips_in, never_learnt
from bench.retrieval.photographs import Photograph, distractors
from bench.shared_data import SHARED

OTHERS_PHOTOGRAPHS = 2_500
"""Photographs that are left to `bench.films`: it fills films with as many, and asks with the last ones."""


@dataclass(frozen=True)
class LearntFilms:
    """Films on disk, the library that holds them, and what it lacks.

    - `folder`: the library; `films`: those in it, with their plans, their I-frames far apart and not at cuts.
    - `absent`: clips of the same series that are not in it; `photographs`: pictures that are not in it.
    """

    folder: Path
    films: Mapping[Path, FilmPlan]
    absent: tuple[Path, ...]
    photographs: tuple[Photograph, ...]

    def absent_films(self, data: Path) -> dict[Path, FilmPlan]:
        """Make films of the absent clips; return them with their plans."""
        plans = deal([stretch_of(clip, asked=True) for clip in self.absent], seed=2)
        return {make_film(plan, data / "films"): plan for plan in plans}


def learnt_films(data: Path, photographs: int) -> LearntFilms:
    """Make films and library where they are not in `data` yet; `photographs` crowd the library."""
    learnt = {
        name: path
        for name, path in best_versions(clips_in(SHARED / "videos")).items()
        if not never_learnt(path.name)
    }
    absent = shortest_of_each_series(learnt.values())
    present = [path for path in learnt.values() if path not in absent]
    plans = [
        replace(plan, encoding=(*X264, *FIXED_GOP))
        for plan in deal([stretch_of(clip, asked=True) for clip in present], seed=1)
    ]
    films = {make_film(plan, data / "films"): plan for plan in plans}
    pictures = distractors(SHARED / "distractors", 10_000)[OTHERS_PHOTOGRAPHS:]
    crowd = make_photograph_films(pictures[:photographs], data / "crowd")
    folder = library_folder(data, [*films, *crowd])
    groups = {"clips": list(films), "photographs": crowd}
    made_library(folder, groups, lambda name: print(f"adding {name}", flush=True), fresh=False)
    return LearntFilms(folder, films, tuple(absent), tuple(pictures[photographs:]))
