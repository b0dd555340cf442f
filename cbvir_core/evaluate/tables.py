"""Annotations of videos in CSV files, read strictly so that a typing error does not become a figure."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from cbvir_core.errors import FileUnreadable, InputError

QUERY_COLUMNS = ("query", "video", "start_s", "end_s")
SHOT_COLUMNS = ("video", "start_s", "end_s")

TOUCHING_SPANS_S = 0.001
"""Spans that overlap by less only touch: an end and the next start may have been rounded differently."""


@dataclass(frozen=True, slots=True, order=True)
class AnnotatedSpan:
    """A span of a video, [start_s, end_s) in presentation time, that an annotation names."""

    video: Path
    start_s: float
    end_s: float


@dataclass(frozen=True, slots=True)
class AnnotatedQuery:
    """A query picture and all its occurrences, in order; those in one video do not overlap."""

    picture: Path
    occurrences: tuple[AnnotatedSpan, ...]


@dataclass(frozen=True, slots=True)
class _Line:
    """A row of the CSV with its line number."""

    path: Path
    number: int
    cells: Mapping[str, str]

    def error(self, reason: str) -> InputError:
        return InputError(f"{self.path}, line {self.number}: {reason}")

    def file(self, column: str, folder: Path) -> Path:
        name = self.cells[column]
        if not name:
            raise self.error(f"{column} is empty")
        found = folder / name
        if not found.is_file():
            raise self.error(f"{column} {name!r} is not a file in {folder}")
        return found.resolve()

    def seconds(self, column: str) -> float:
        try:
            value = float(self.cells[column])
        except ValueError:
            raise self.error(f"{column} {self.cells[column]!r} is not a number of seconds") from None
        if not math.isfinite(value) or value < 0:
            raise self.error(f"{column} {self.cells[column]} is not a time in a video")
        return value

    def occurrence(self, videos: Path) -> AnnotatedSpan:
        start_s, end_s = self.seconds("start_s"), self.seconds("end_s")
        if start_s >= end_s:
            raise self.error(f"start_s {start_s:g} is not before end_s {end_s:g}")
        return AnnotatedSpan(self.file("video", videos), start_s, end_s)


def read_queries(path: Path, videos: Path) -> list[AnnotatedQuery]:
    """Read the queries of a CSV with the columns query, video, start_s, end_s, in the order of the file.

    Each line is an occurrence; a query may have several.  `query` is a picture beside the CSV, `video` a
    file in `videos`; both may lie in subfolders.  Raise FileUnreadable.  Raise InputError, with the line,
    for a wrong column, a missing file, a wrong time, or two occurrences that overlap.
    """
    found: dict[Path, list[tuple[AnnotatedSpan, _Line]]] = {}
    for line in _lines(path, QUERY_COLUMNS):
        picture = line.file("query", path.parent)
        found.setdefault(picture, []).append((line.occurrence(videos), line))
    return [AnnotatedQuery(picture, tuple(_disjoint(entries))) for picture, entries in found.items()]


def read_shots(path: Path, videos: Path) -> dict[Path, list[AnnotatedSpan]]:
    """Read the true shots of each video from a CSV with the columns video, start_s, end_s.

    Shots must not overlap; between them there may be gaps (transitions).  Raise as `read_queries` does.
    """
    found: dict[Path, list[tuple[AnnotatedSpan, _Line]]] = {}
    for line in _lines(path, SHOT_COLUMNS):
        shot = line.occurrence(videos)
        found.setdefault(shot.video, []).append((shot, line))
    return {video: _disjoint(entries) for video, entries in found.items()}


def _disjoint(entries: list[tuple[AnnotatedSpan, _Line]]) -> list[AnnotatedSpan]:
    entries = sorted(entries, key=lambda entry: entry[0])
    for (one, first), (other, second) in pairwise(entries):
        if one.video == other.video and other.start_s <= one.end_s - TOUCHING_SPANS_S:
            late, early = (second, first) if second.number > first.number else (first, second)
            raise late.error(f"it overlaps with line {early.number}")
    return [occurrence for occurrence, _ in entries]


def _lines(path: Path, columns: tuple[str, ...]) -> Iterator[_Line]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            rows = csv.reader(stream, strict=True)
            header = [name.strip() for name in next(rows, [])]
            if sorted(header) != sorted(columns):
                raise InputError(f"{path}, line 1: the columns are {header}, not {list(columns)}")
            count = 0
            for cells in rows:
                if not cells:
                    continue
                if len(cells) != len(header):
                    raise InputError(
                        f"{path}, line {rows.line_num}: {len(cells)} cells under {len(header)} columns"
                    )
                count += 1
                yield _Line(path, rows.line_num, dict(zip(header, map(str.strip, cells), strict=True)))
    except OSError as error:
        raise FileUnreadable(f"{path} cannot be read: {error.strerror}") from error
    except csv.Error as error:
        raise InputError(f"{path}, line {rows.line_num}: {error}") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is not in UTF-8: {error}") from error
    if not count:
        raise InputError(f"{path} has no line below its columns")
