"""The index: segments, tail and manifest together, searched while they change."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial
from itertools import count
from pathlib import Path
from types import TracebackType

import numpy as np

from cbvir_core.errors import StoreError
from cbvir_core.index.build import Recipe, build_segment
from cbvir_core.index.compact import Merge, Policy, Seal, Size, next_step
from cbvir_core.index.exact import NOBODY, Neighbours, distances, first, merged
from cbvir_core.index.manifest import Damaged, unwritable, write_manifest
from cbvir_core.index.opening import Opened, difference, fresh_rows, open_segments
from cbvir_core.index.options import IndexOptions
from cbvir_core.index.segment import Numbers, Segment
from cbvir_core.index.tail import Tail
from cbvir_core.index.view import IndexStatus, View
from cbvir_core.store import Generation, Store
from cbvir_core.types import Rows

RECALL = 0.985
"""Recall@100 that each segment is calibrated for: .98 is promised, and 48 questions are a sample."""

LOG_AT_LEAST = 65_536
"""Changes that are left in the store's log in any case: reading them takes a tenth of a second."""

TAIL_CAPACITY = 2
"""Rows of the tail that are held in memory, in units of `seal_at`."""


class Stopped(Exception):
    """The index is being closed while a segment is built.  Never leaves this module."""


class Index:
    """Nearest neighbours among the filter descriptors of one generation, but for those of blank keyframes.

    Everything in `folder` is derived: delete it, and it is made again from the store.  All methods
    are thread-safe.  A search never waits for `maintain` or `rebuild`.
    """

    def __init__(
        self, folder: Path, store: Store, generation: Generation, recipe: Recipe, policy: Policy
    ) -> None:
        self._folder, self._store, self._generation = folder, store, generation
        self._recipe, self._policy = recipe, policy
        self._state = threading.Lock()  # the view, the tail and the place in the change log
        self._building = threading.Lock()  # segments and the manifest: one thread makes them at a time
        self._stopping = threading.Event()
        self._names = count()
        opened: Opened = open_segments(folder, store, generation)
        self._manifest, self._seen = opened.manifest, opened.seen
        self._tail = Tail(TAIL_CAPACITY * policy.seal_at)
        self._tail.extend(opened.fresh, self._read)
        self._view = View(opened.segments, self._tail.view())

    @classmethod
    def open(
        cls,
        folder: Path,
        store: Store,
        generation: Generation,
        options: IndexOptions = IndexOptions(),
    ) -> Index:
        """The index in `folder`, with whatever of it can be used.

        Raises StoreError where the folder cannot be used.  Missing or damaged files are no error: their
        rows are searched exactly, which is slow for many, until `maintain` has made segments of them.
        """
        recipe = Recipe(options.trees, options.variance, RECALL)
        return cls(folder, store, generation, recipe, Policy(options.seal_at, options.largest))

    def refresh(self) -> int:
        """Takes in what changed in the store; says how many rows came.  Cheap where nothing did."""
        if self._store.last_change() == self._seen:
            return 0
        with self._state:
            changes = self._store.changes(self._generation, self._seen)
            fresh, gone = difference(changes, self._view.all_rows, self._store)
            for segment in self._view.segments:
                segment.bury(gone)
            if len(gone):
                self._tail.remove(gone, self._read)
            self._tail.extend(fresh, self._read)
            self._view = replace(self._view, tail=self._tail.view())
            self._seen = changes.last
            return len(fresh)

    def search(self, query: Rows, k: int) -> Neighbours:
        """The k nearest live rows of one descriptor (D, or 1 x D), with exact Euclidean distances.

        Takes in what is new in the store first.  Fewer than k where there are not more.
        """
        self.refresh()
        view = self._view
        if k <= 0 or self._stopping.is_set():
            return NOBODY
        vector = np.ascontiguousarray(query, dtype=np.float32).reshape(-1)
        found = [segment.candidates(vector, k) for segment in view.segments]
        parts = [view.tail.search(vector, k, self._read)]
        if found:
            rows, vectors = self._read(np.concatenate(found))
            parts.append(first(rows, distances(vector, vectors), k) if len(rows) else NOBODY)
        return merged(parts, k)

    def maintain(self) -> bool:
        """One step of what the policy asks for, sealing or merging; False where there is nothing to do.

        Takes from a second to a minute; searches go on.  Raises DiskFull; the index is then as before.
        """
        with self._building:
            self.refresh()
            with self._state:
                view, seen = self._view, self._seen
            sizes = [Size(len(segment), segment.dead) for segment in view.segments]
            step = next_step(sizes, len(view.tail), self._policy)
            try:
                if isinstance(step, Seal):
                    self._seal(view, seen, step)
                elif isinstance(step, Merge):
                    self._merge(view, seen, step)
            except Stopped:
                return False
            return step is not None

    def rebuild(self, progress: Callable[[int, int], None] | None = None) -> None:
        """Makes all segments anew from the store, and puts them in place of the old ones at the end.

        `progress` is called with rows done and rows in all.  Raises DiskFull.
        """
        with self._building:
            changes = self._store.changes(self._generation, 0)
            rows = fresh_rows(changes, self._store)
            made: list[Segment] = []
            try:
                for start in range(0, len(rows), self._policy.largest):
                    part = rows[start : start + self._policy.largest]
                    made += self._made(part, progress and partial(_told, progress, start, len(rows)))
            except BaseException as error:
                self._discard(made)
                if isinstance(error, Stopped):
                    return
                raise
            self._replace(made, sequence=changes.last, seen=changes.last, taken=rows)

    def status(self) -> IndexStatus:
        """Counts, as of the last `refresh`."""
        return self._view.status(self._manifest.number)

    def followed(self) -> int:
        """The change up to which this index needs the store's log no more.

        What came later, its files do not hold, and opening reads it in the log; where the log since
        then is longer than a list of the rows themselves, opening is better off with that.
        """
        with self._state:
            seen, sequence = self._seen, self._manifest.sequence
        return seen if seen - sequence > self.status().rows + LOG_AT_LEAST else sequence

    def close(self) -> None:
        """Ends a build under way, without harm, and lets go of the files.  May be called twice."""
        self._stopping.set()
        with self._building, self._state:
            self._view = View((), Tail(0).view())

    def __enter__(self) -> Index:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _seal(self, view: View, seen: int, step: Seal) -> None:
        rows = view.tail.all_rows()[: step.rows]
        whole = len(rows) == len(view.tail)
        # Of a tail that is sealed in parts, the log is read again, and known rows are left out.
        sequence = seen if whole else self._manifest.sequence
        self._replace([*view.segments, *self._made(rows)], sequence=sequence, seen=seen, taken=rows)

    def _merge(self, view: View, seen: int, step: Merge) -> None:
        merging = view.segments[step.first : step.last + 1]
        rows = np.concatenate([segment.live_rows() for segment in merging])
        segments = [*view.segments[: step.first], *self._made(rows), *view.segments[step.last + 1 :]]
        self._replace(segments, sequence=self._manifest.sequence, seen=seen, taken=rows[:0])

    def _made(self, rows: Numbers, progress: Callable[[int], None] | None = None) -> list[Segment]:
        """A new segment of those of `rows` that are live; none where none is."""

        def report(done: int) -> None:
            if self._stopping.is_set():
                raise Stopped
            if progress is not None:
                progress(done)

        home = self._folder / f"segment-{self._manifest.number + 1:06d}-{next(self._names)}"
        entry = build_segment(home, rows, self._read, self._recipe, report)
        try:
            return [] if entry is None else [Segment.open(self._folder, entry)]
        except Damaged as error:
            shutil.rmtree(home, ignore_errors=True)
            raise StoreError(f"the index in {self._folder} does not keep what is written: {error}") from error

    def _replace(self, segments: Sequence[Segment], *, sequence: int, seen: int, taken: Numbers) -> None:
        """Makes `segments` the index.  `taken` rows leave the tail; `seen` is when building began."""
        before = self._view.segments
        entries = tuple(segment.entry for segment in segments)
        manifest = replace(
            self._manifest, number=self._manifest.number + 1, sequence=sequence, segments=entries
        )
        try:
            write_manifest(self._folder, manifest)
        except OSError as error:
            self._discard(set(segments) - set(before))
            raise unwritable(self._folder, error) from error
        with self._state:
            self._manifest = manifest
            changes = self._store.changes(self._generation, seen)
            self._tail.remove(taken, self._read)
            view = View(tuple(segments), self._tail.view())
            _, gone = difference(changes, view.all_rows, self._store)
            for segment in segments:
                segment.bury(gone)
            self._view = view
        self._discard(set(before) - set(segments))

    def _discard(self, segments: Iterable[Segment]) -> None:
        for segment in segments:
            shutil.rmtree(self._folder / segment.entry.name, ignore_errors=True)

    def _read(self, rows: Numbers) -> tuple[Numbers, Rows]:
        vectors, present = self._store.present_filter_rows(self._generation, rows)
        return rows[present], vectors


def _told(progress: Callable[[int, int], None], before: int, total: int, done: int) -> None:
    """Tells rows of one segment as rows of all."""
    progress(before + done, total)
