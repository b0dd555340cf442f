"""The index of this release: sealed segments and a tail of fresh rows, searched while they change."""

from __future__ import annotations

import shutil
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from itertools import count
from pathlib import Path

import numpy as np

from cbvir_core.errors import StoreError
from cbvir_core.index.build import SegmentRecipe, build_segment
from cbvir_core.index.compact import CompactionPolicy, Merge, Seal, SegmentSize, next_step
from cbvir_core.index.manifest import index_write_error, write_manifest
from cbvir_core.index.neighbours import NO_NEIGHBOURS, Neighbours, distances, first, merged
from cbvir_core.index.opening import open_segments
from cbvir_core.index.options import IndexOptions
from cbvir_core.index.pause import BuildInterrupted, pause_until
from cbvir_core.index.segment import Segment, effort_for, worth_measuring
from cbvir_core.index.segments_view import SegmentsView
from cbvir_core.index.tail import Tail
from cbvir_core.index.vector_index import IndexStatus, RebuildProgress, VectorSource
from cbvir_core.index.written import IndexFileDamaged
from cbvir_core.types import RowMask, RowNumbers, Rows

SEGMENT_RECALL = 0.985
"""Recall@100 that each segment is tuned for: .98 is promised, and 48 queries are a sample."""

LISTS_RECALL = 0.991
"""The same of inverted lists: a little more costs little, and queries that are less like any row than those
tuned with lose up to .01."""

LARGEST_OF_TREES = 262_144
"""Rows of an ANNOY segment at most: while it is made, a kilobyte of each is in memory."""

TAIL_CAPACITY_SEALS = 2
"""Rows of the tail that are held in memory, in units of `seal_at`."""


class SegmentIndex:
    """A `VectorIndex` of segments in `folder`, with exact search in the rows of none.

    The tail is in memory only: `saved_position` names the changes that segments hold.  One thread at a time
    builds; a search sees segments and tail as they were when it began.
    """

    def __init__(
        self,
        folder: Path,
        source: VectorSource,
        recipe: SegmentRecipe,
        policy: CompactionPolicy,
        *,
        trust_files: bool = True,
    ) -> None:
        self._folder, self._source = folder, source
        self._recipe, self._policy = recipe, policy
        self._state = threading.Lock()  # the view, the tail and the rows removed during a build
        self._building = threading.Lock()  # segments and the manifest: one thread makes them at a time
        self._stopping, self._closed = threading.Event(), False  # no builds any more; no searches
        self._pause = pause_until(self._stopping)
        self._segment_numbers = count()
        opened = open_segments(folder, source, trust=trust_files)
        self._unverified = list(opened.segments)
        self._manifest = opened.manifest
        self._tail = Tail(TAIL_CAPACITY_SEALS * policy.seal_at)
        self._view = SegmentsView(opened.segments, self._tail.view(), opened.manifest.sequence)
        self._removed_during_build: list[RowNumbers] | None = None

    @classmethod
    def open(cls, folder: Path, source: VectorSource, options: IndexOptions) -> SegmentIndex:
        """Open the index in `folder`, with the segments that can be used.

        Rows of missing or damaged segments are searched exactly once they are added again, which is slow
        for many, until `maintain` has made segments of them.  Raises StoreError where the folder cannot be
        used.
        """
        recipe = SegmentRecipe(
            trees=options.trees,
            variance=options.variance,
            recall=SEGMENT_RECALL,
            lists_recall=LISTS_RECALL,
            lists_from=options.lists_from,
        )
        policy = CompactionPolicy(options.seal_at, options.largest)
        return cls(folder, source, recipe, policy, trust_files=options.trust_files)

    @classmethod
    def open_trees(cls, folder: Path, source: VectorSource, options: IndexOptions) -> SegmentIndex:
        """Open an index that makes ANNOY segments alone, as `open` does otherwise."""
        largest = min(options.largest, LARGEST_OF_TREES)
        return cls.open(folder, source, replace(options, largest=largest, lists_from=sys.maxsize))

    @classmethod
    def open_lists(cls, folder: Path, source: VectorSource, options: IndexOptions) -> SegmentIndex:
        """Open an index that makes segments of inverted lists alone, as `open` does otherwise."""
        return cls.open(folder, source, replace(options, lists_from=0))

    def add(self, rows: RowNumbers) -> None:
        """Append `rows` to the tail."""
        if not len(rows):
            return
        with self._state:
            self._tail.extend(rows, self._source.read)
            self._view = replace(self._view, tail=self._tail.view())

    def remove(self, rows: RowNumbers) -> None:
        """Mark `rows` as forgotten in the segments and take them out of the tail."""
        if not len(rows):
            return
        with self._state:
            for segment in self._view.segments:
                segment.bury(rows)
            if self._removed_during_build is not None:
                self._removed_during_build.append(rows)
            self._tail.remove(rows, self._source.read)
            self._view = replace(self._view, tail=self._tail.view())

    def rows(self) -> RowNumbers:
        """Return every row of segments and tail, forgotten ones too."""
        return self._view.all_rows()

    def search(self, query: Rows, k: int, within: RowMask | None = None) -> Neighbours:
        """Return the k nearest rows: candidates of each segment measured exactly, and the tail's nearest."""
        view = self._view
        if k <= 0 or self._closed:
            return NO_NEIGHBOURS
        vector = np.ascontiguousarray(query, dtype=np.float32).reshape(-1)
        candidates = [segment.candidates(vector, k, within) for segment in view.segments]
        parts = [view.tail.search(vector, k, self._source.read, within)]
        if candidates:
            most = max(effort_for(segment.entry, k)[0] for segment in view.segments)
            parts += (
                first(rows, distances(vector, vectors), k)
                for rows, vectors in view.vectors_of(worth_measuring(candidates, most), self._source.read)
            )
        return merged(parts, k)

    def maintain(self) -> bool:
        """Seal or merge once, where the policy asks for it; False where there is nothing to do.

        Takes from a second to a minute; searches go on.  Raises DiskFull; the index is then as before.
        """
        with self._build() as view:
            if self._stopping.is_set():
                return False
            sizes = [SegmentSize(len(segment), segment.dead) for segment in view.segments]
            step = next_step(sizes, len(view.tail), self._policy)
            try:
                if isinstance(step, Seal):
                    self._seal(view, step)
                elif isinstance(step, Merge):
                    self._merge(view, step)
            except BuildInterrupted:
                return False
            return step is not None

    def verify(self) -> bool:
        """Read one segment that was trusted when it was opened; return False where none is left.

        Raises IndexFileDamaged where it is not what was written, and its rows are in the index no more then.
        """
        with self._build() as view:
            self._unverified = [segment for segment in self._unverified if segment in view.segments]
            if self._stopping.is_set() or not self._unverified:
                return False
            segment = self._unverified[-1]
            try:
                segment.verify(self._folder, self._pause)
            except BuildInterrupted:
                return False
            except IndexFileDamaged:
                others = [one for one in view.segments if one is not segment]
                self._replace(view, others, sequence=0, sealed=segment.rows[:0])
                raise
            self._unverified.pop()
            return True

    def rebuild(self, rows: RowNumbers, position: int, progress: RebuildProgress | None = None) -> None:
        """Make all segments again of `rows`, and let them replace the old ones at the end."""
        with self._build() as view:
            if self._stopping.is_set():
                return
            made: list[Segment] = []
            try:
                for start in range(0, len(rows), self._policy.largest):
                    part = rows[start : start + self._policy.largest]
                    made += self._made(part, progress and partial(_report_all, progress, start, len(rows)))
            except BaseException as error:
                self._delete_files(made)
                if isinstance(error, BuildInterrupted):
                    return
                raise
            self._replace(view, made, sequence=position, sealed=rows)

    def status(self) -> IndexStatus:
        """Return counts."""
        return self._view.status(self._manifest.number)

    def note_position(self, position: int) -> None:
        """Note that every change up to the number `position` has been added or removed."""
        with self._state:
            self._view = replace(self._view, position=position)

    def saved_position(self) -> int:
        """Return the change up to which the segments hold everything; later rows are in the tail."""
        return self._manifest.sequence

    def interrupt(self) -> None:
        """End a build under way, without harm, and begin none any more; searches go on."""
        self._stopping.set()

    def close(self) -> None:
        """End a build under way, without harm, and unmap the files.  May be called twice."""
        self.interrupt()
        self._closed = True
        with self._building, self._state:
            self._view = SegmentsView((), Tail(0).view())

    @contextmanager
    def _build(self) -> Iterator[SegmentsView]:
        """Let one thread build from the view at this moment, and remember the rows removed meanwhile."""
        with self._building:
            with self._state:
                self._removed_during_build = []
                view = self._view
            try:
                yield view
            finally:
                with self._state:
                    self._removed_during_build = None

    def _seal(self, view: SegmentsView, step: Seal) -> None:
        rows = view.tail.all_rows()[: step.rows]
        whole = len(rows) == len(view.tail)
        # Of a tail that is sealed in parts, the log is read again, and known rows are left out.
        sequence = view.position if whole else self._manifest.sequence
        self._replace(view, [*view.segments, *self._made(rows)], sequence=sequence, sealed=rows)

    def _merge(self, view: SegmentsView, step: Merge) -> None:
        merging = view.segments[step.first : step.last + 1]
        rows = np.concatenate([segment.live_rows() for segment in merging])
        segments = [*view.segments[: step.first], *self._made(rows), *view.segments[step.last + 1 :]]
        self._replace(view, segments, sequence=self._manifest.sequence, sealed=rows[:0])

    def _made(self, rows: RowNumbers, progress: Callable[[int], None] | None = None) -> list[Segment]:
        """Return a new segment of those of `rows` that still exist; an empty list where none does."""

        def report(done: int) -> None:
            self._pause()
            if progress is not None:
                progress(done)

        home = self._folder / f"segment-{self._manifest.number + 1:06d}-{next(self._segment_numbers)}"
        entry = build_segment(home, rows, self._source.read, self._recipe, report)
        try:
            return [] if entry is None else [Segment.open(self._folder, entry)]
        except IndexFileDamaged as error:
            shutil.rmtree(home, ignore_errors=True)
            raise StoreError(
                f"the index in {self._folder} reads back other bytes than were written ({error}); "
                "check the disk"
            ) from error

    def _replace(
        self, before: SegmentsView, segments: Sequence[Segment], *, sequence: int, sealed: RowNumbers
    ) -> None:
        """Replace the segments of `before` by `segments`; `sealed` rows leave the tail."""
        entries = tuple(segment.entry for segment in segments)
        manifest = replace(
            self._manifest, number=self._manifest.number + 1, sequence=sequence, segments=entries
        )
        try:
            write_manifest(self._folder, manifest)
        except OSError as error:
            self._delete_files(set(segments) - set(before.segments))
            raise index_write_error(self._folder, error) from error
        with self._state:
            self._manifest = manifest
            self._tail.remove(sealed, self._source.read)
            for removed in self._removed_during_build or []:
                for segment in segments:
                    segment.bury(removed)
            self._view = replace(self._view, segments=tuple(segments), tail=self._tail.view())
        self._delete_files(set(before.segments) - set(segments))

    def _delete_files(self, segments: Iterable[Segment]) -> None:
        for segment in segments:
            shutil.rmtree(self._folder / segment.entry.name, ignore_errors=True)


def _report_all(progress: RebuildProgress, before: int, total: int, done: int) -> None:
    """Report rows of one segment as rows of all."""
    progress(before + done, total)
