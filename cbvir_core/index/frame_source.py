"""Where a frame index reads the codes of frames: the protocol, and reading in parts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

from cbvir_core.index.vector_index import SourceIdentity
from cbvir_core.types import FrameCodes, RowNumbers

READ_BATCH_SCENES = 1024
"""Rows of which the codes are read at once: a few megabytes."""

CodedScene = tuple[int, FrameCodes]
"""The row of a scene, and the codes of its frames, at least of one."""


class FrameSource(Protocol):
    """Where the index reads frame codes."""

    @property
    def identity(self) -> SourceIdentity:
        """What the codes are of; files that were made of another source are not used."""

    def last_change(self) -> int:
        """Return the number of the newest change; files that claim a later one are not used."""

    def read(self, rows: Sequence[int]) -> list[FrameCodes | None]:
        """Return the codes of the scenes of `rows`, in that order; None where a row has none."""


def read_scenes(source: FrameSource, rows: RowNumbers) -> Iterator[tuple[list[CodedScene], int]]:
    """Yield those of `rows` that have views, with their codes, in parts, and how many rows are done."""
    for start in range(0, len(rows), READ_BATCH_SCENES):
        numbers = rows[start : start + READ_BATCH_SCENES].tolist()
        read = zip(numbers, source.read(numbers), strict=True)
        scenes = [(row, codes) for row, codes in read if codes is not None and codes.codes.size]
        yield scenes, start + len(numbers)
