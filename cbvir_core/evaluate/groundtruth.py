"""Ground truth of Revisited Oxford and Paris, and of the older Oxford5k and Paris6k.

``gnd_roxford5k.pkl`` holds a dict.  ``imlist`` (the gallery) and ``qimlist`` (the queries) are names of
pictures without a suffix (INSTRE's have one).  ``gnd`` has a dict for each query: its box ``bbx``, and the
lists ``easy``, ``hard`` and ``junk`` of positions in ``imlist``.  The older files have the lists ``ok`` and
``junk``, and ``gnd_instre.pkl`` has ``ok`` alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from cbvir_core.errors import FileUnreadable, InputError
from cbvir_core.evaluate.plainpickle import PlainArray, read_plain_pickle
from cbvir_core.evaluate.precision import RankingOutcome, judge

LandmarkSetup = Literal["easy", "medium", "hard", "original"]

POSITIVE_AND_JUNK_LISTS: dict[LandmarkSetup, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "easy": (("easy",), ("junk", "hard")),
    "medium": (("easy", "hard"), ("junk",)),
    "hard": (("hard",), ("junk", "easy")),
    "original": (("ok",), ("junk",)),
}
"""For each setup, the lists of pictures to be found and the lists of pictures that are ignored."""

QueryBox = tuple[float, float, float, float]
"""Left, top, right, bottom in pixels."""


@dataclass(frozen=True, slots=True)
class LandmarkQuery:
    """One query: the name of its picture, the box in it that is searched for, and the judged pictures."""

    picture: str
    box: QueryBox | None
    lists: Mapping[str, tuple[int, ...]]

    def outcome(self, ranking: Sequence[int], setup: LandmarkSetup) -> RankingOutcome:
        """Judge a ranking of positions in `GroundTruth.pictures`."""
        return judge(ranking, *self.judged(setup))

    def judged(self, setup: LandmarkSetup) -> tuple[frozenset[int], frozenset[int]]:
        """Return the positions of the positives and of the junk."""
        positives, junk = (
            frozenset(position for name in names for position in self.lists[name])
            for names in POSITIVE_AND_JUNK_LISTS[setup]
        )
        return positives, junk


@dataclass(frozen=True, slots=True)
class GroundTruth:
    """A benchmark: the names of its gallery, its queries, and the setups that its lists allow."""

    pictures: tuple[str, ...]
    questions: tuple[LandmarkQuery, ...]
    setups: tuple[LandmarkSetup, ...]


def read_ground_truth(path: Path) -> GroundTruth:
    """Read the ground truth from a pickle without running code in it.

    Raise FileUnreadable.  Raise InputError, naming the place, where the content has another layout.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise FileUnreadable(f"{path} cannot be read: {error.strerror}") from error
    try:
        return _ground_truth(read_plain_pickle(data))
    except ValueError as error:
        raise InputError(
            f"{path} is not a ground truth in the layout of gnd_roxford5k.pkl: {error}"
        ) from error


def _ground_truth(content: Any) -> GroundTruth:
    if not isinstance(content, dict) or not {"imlist", "qimlist", "gnd"} <= content.keys():
        raise ValueError("it is not a dict of imlist, qimlist and gnd")
    pictures, queries = (_names(content[key], key) for key in ("imlist", "qimlist"))
    judged = content["gnd"]
    if not isinstance(judged, list | tuple) or len(judged) != len(queries):
        raise ValueError(f"gnd is not a list of {len(queries)} entries, one for each of qimlist")
    if not judged:
        raise ValueError("it holds no query")
    setups = _setups(judged)
    needed = sorted({name for setup in setups for names in POSITIVE_AND_JUNK_LISTS[setup] for name in names})
    questions = tuple(
        LandmarkQuery(
            picture,
            _box(entry.get("bbx"), f"gnd[{number}]"),
            {
                name: _positions(entry.get(name, ()), len(pictures), f"gnd[{number}].{name}")
                for name in needed
            },
        )
        for number, (picture, entry) in enumerate(zip(queries, judged, strict=True))
    )
    return GroundTruth(pictures, questions, setups)


def _setups(judged: Sequence[Any]) -> tuple[LandmarkSetup, ...]:
    """Return the revisited setups or the original one, by the lists that every entry has."""
    revisited: tuple[LandmarkSetup, ...] = ("easy", "medium", "hard")
    for keys, setups in (({"easy", "hard", "junk"}, revisited), ({"ok"}, ("original",))):
        if all(isinstance(entry, dict) and keys <= entry.keys() for entry in judged):
            return setups
    raise ValueError("an entry of gnd is not a dict with easy, hard and junk (or ok)")


def _names(value: Any, where: str) -> tuple[str, ...]:
    if not isinstance(value, list | tuple) or not all(isinstance(name, str) and name for name in value):
        raise ValueError(f"{where} is not a list of names")
    return tuple(value)


def _positions(value: Any, count: int, where: str) -> tuple[int, ...]:
    """Return positions from a list or an array; an empty array may have any number type."""
    values = np.asarray(value.values.ravel() if isinstance(value, PlainArray) else value)
    if values.ndim != 1 or (values.size and values.dtype.kind not in "iu"):
        raise ValueError(f"{where} is not a list of positions")
    if values.size and not 0 <= int(values.min()) <= int(values.max()) < count:
        raise ValueError(f"{where} names a position that imlist, of {count} names, does not have")
    return tuple(int(number) for number in values)


def _box(value: Any, where: str) -> QueryBox | None:
    if value is None:
        return None
    numbers = np.asarray(value.values.ravel() if isinstance(value, PlainArray) else value)
    if numbers.shape != (4,) or numbers.dtype.kind not in "iuf" or not np.isfinite(numbers).all():
        raise ValueError(f"{where}.bbx is not left, top, right and bottom")
    left, top, right, bottom = (float(number) for number in numbers)
    return left, top, right, bottom
