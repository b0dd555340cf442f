"""Answers as data that can be written down and compared."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

from bench.recorded.questions import RecordedQuestion
from cbvir_core import Answer, CbvirError, Hit, Library
from cbvir_core.localise.work import TimeBudget

DIGITS = 6
"""Decimals that are written down: what comes after them may follow the order of a sum."""


@dataclass(frozen=True)
class Record:
    """What one version answered: by the name of the question, all of the answer but its times."""

    answers: dict[str, dict[str, Any]]

    def write(self, path: Path) -> None:
        """Write JSON; `read` is the inverse."""
        path.write_text(json.dumps(self.answers, indent=1) + "\n", "utf-8")

    @classmethod
    def read(cls, path: Path) -> Record:
        """Read what `write` wrote."""
        return cls(json.loads(path.read_text("utf-8")))


def answer_all(library: Library, asked: Iterable[RecordedQuestion]) -> Record:
    """Ask each question; an error is an answer too."""
    answers: dict[str, dict[str, Any]] = {}
    with timeless():
        for question in asked:
            try:
                answers[question.name] = _answer(library.search(question.picture, question.options))
            except CbvirError as error:
                answers[question.name] = {"error": error.code, "message": str(error)}
    return Record(answers)


@contextmanager
def timeless() -> Iterator[None]:
    """Let no budget of time end inside the block: a busy machine would answer otherwise than an idle one."""
    with patch.object(TimeBudget, "is_spent", lambda self: False):
        yield


def differences(before: Record, after: Record) -> list[str]:
    """Return one line for each value that differs, with the question and the place in its answer."""
    found: list[str] = []
    for name in sorted(before.answers.keys() | after.answers.keys()):
        if name not in before.answers or name not in after.answers:
            found.append(f"{name}: only {'before' if name in before.answers else 'after'}")
            continue
        found.extend(_differences(name, before.answers[name], after.answers[name]))
    return found


def _differences(place: str, before: Any, after: Any) -> Iterator[str]:
    if isinstance(before, dict) and isinstance(after, dict):
        for key in sorted(before.keys() | after.keys()):
            yield from _differences(f"{place}: {key}", before.get(key), after.get(key))
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for number, (one, other) in enumerate(zip(before, after, strict=True)):
            yield from _differences(f"{place}[{number}]", one, other)
    elif before != after:
        yield f"{place}: {before!r} -> {after!r}"


def _answer(answer: Answer) -> dict[str, Any]:
    return {
        "verdict": answer.verdict.value,
        "keyframes_searched": answer.keyframes_searched,
        "shortlisted": answer.shortlisted,
        "refined": answer.refined,
        "notes": list(answer.notes),
        "results": [_hit(hit) for hit in answer.results],
    }


def _hit(hit: Hit) -> dict[str, Any]:
    evidence = hit.evidence
    return {
        "rank": hit.rank,
        "keyframe": str(hit.keyframe_id),
        "path": hit.path.name,
        "span": [round(hit.scene_start_s, DIGITS), round(hit.scene_end_s, DIGITS)],
        "time_s": round(hit.time_s, DIGITS),
        "exact": hit.exact,
        "time_note": hit.time_note,
        "score": round(hit.score, DIGITS),
        "verdict": hit.verdict.value,
        "variant": hit.variant,
        "inliers": None if evidence is None else evidence.inliers,
        "region": None if evidence is None else [round(float(side), 2) for side in evidence.region],
        "occurrences": [str(one.keyframe_id) for one in hit.occurrences],
    }
