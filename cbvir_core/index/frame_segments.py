"""Inverted lists of frame views: a part in memory, which grows, and files, which never change."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np

from cbvir_core.index.compact import FRAME_COMPACTION, CompactionPolicy, Merge, SegmentSize, next_step
from cbvir_core.index.frame_codec import FrameCodec
from cbvir_core.index.frame_files import FrameFiles
from cbvir_core.index.frame_lists import (
    PROBED_LISTS,
    FrameNeighbours,
    FrameSegment,
    copy_lists,
    extended,
    nearest_views,
    search_files,
    search_lists,
)
from cbvir_core.index.frame_manifest import WrittenSegment
from cbvir_core.index.frame_numbers import among
from cbvir_core.index.frame_source import FrameSource, read_scenes
from cbvir_core.index.pause import BuildInterrupted, pause_until
from cbvir_core.index.vector_index import IndexStatus, RebuildProgress
from cbvir_core.index.written import IndexFileDamaged
from cbvir_core.types import Floats, RowMask, RowNumbers

NO_ROWS = np.zeros(0, np.int64)


class FrameSegments:
    """The views of the rows that were added and not removed: a `RowIndex`.

    New views are in the lists in memory, the tail.  Once it has enough it is full: nothing changes it any
    more, and it is searched until its file is there, however long a full disk may delay that.  Only files
    are saved: `saved_position` names the changes that they hold.  One thread at a time makes files.
    """

    def __init__(
        self,
        folder: Path,
        source: FrameSource,
        codec: FrameCodec,
        policy: CompactionPolicy = FRAME_COMPACTION,
        *,
        trust_files: bool = True,
    ) -> None:
        self.codec = codec
        self._source, self._policy = source, policy
        self._state = threading.Lock()  # all that searches read, and the lists of the tail
        self._building = threading.Lock()  # files and the manifest: one thread makes them at a time
        self._stopping, self._closed = threading.Event(), False  # no builds any more; no searches
        self._pause = pause_until(self._stopping)
        self._files = FrameFiles(folder, source, codec, self._pause, trust_files)
        self._written = self._files.opened
        self._unverified = {segment.file.name for segment in self._written}
        self._tail, self._full = self._empty(), tuple[tuple[FrameSegment, int], ...]()
        self._position, self._dead, self._rebuilding = self._files.position, NO_ROWS, NO_ROWS

    def add(self, rows: RowNumbers) -> None:
        """Let searches find the views of `rows`; leave out rows without codes and rows that are held."""
        for scenes, _ in read_scenes(self._source, rows):
            with self._state:
                if self._closed:
                    return
                held = self._held(np.array([row for row, _ in scenes], np.int64))
                fresh = [scene for scene, known in zip(scenes, held, strict=True) if not known]
                self._tail = extended(self._tail, fresh)
                self._end_tail(self._policy.largest)

    def remove(self, rows: RowNumbers) -> None:
        """Let searches find the views of `rows` no more."""
        if not len(rows):
            return
        with self._state:
            known = self._held(rows) | among(rows, self._rebuilding)
            self._dead = np.union1d(self._dead, rows[known])

    def rows(self) -> RowNumbers:
        """Return every row that is held, once; removed ones may be among them."""
        with self._state:
            return np.concatenate([segment.rows for segment in self._segments()])

    def status(self) -> IndexStatus:
        """Return counts of rows."""
        with self._state:
            rows = sum(len(segment.rows) for segment in self._segments())
            tail = rows - sum(len(segment.rows) for segment in self._written)
            dead = int(np.count_nonzero(self._held(self._dead)))
            return IndexStatus(self._files.number, len(self._written), tail, dead, rows - dead)

    def search(self, queries: Floats, k: int, probed: int = PROBED_LISTS) -> list[FrameNeighbours]:
        """Return the k nearest views of each query (Q x P, as `FrameCodec.project` gives them).

        Fewer than k where there are not more; none after `close`.  `probed` lists are searched.
        """
        if k <= 0 or not len(queries):
            return [nearest_views([], k) for _ in queries]
        with self._state:
            if self._closed:
                return [nearest_views([], k) for _ in queries]
            *unchanging, tail = self._segments()
            dead = self._dead
            parts = [search_lists(tail.lists, queries, k, dead, probed)]  # not outside the lock: it grows
        parts += search_files(unchanging, self.codec, queries, k, dead, probed)
        return [nearest_views(own, k) for own in zip(*parts, strict=True)]

    def note_position(self, position: int) -> None:
        """Note that every change up to the number `position` has been added or removed."""
        with self._state:
            self._position = position

    def saved_position(self) -> int:
        """Return the change up to which everything is in files."""
        return self._files.position

    def maintain(self) -> bool:
        """Write or merge once, where that is due; return False where there is nothing to do.

        Raises DiskFull; nothing is lost then, and searches go on.
        """
        with self._building, suppress(BuildInterrupted):
            self._pause()
            with self._state:
                self._end_tail(self._policy.seal_at)
            if self._full:
                self._write_full()
                return True
            sizes = [self._size(segment) for segment in self._written]
            step = next_step(sizes, 0, self._policy)
            if isinstance(step, Merge):
                self._merge(step)
            return step is not None or self._complete()
        return False

    def verify(self) -> bool:
        """Read a file that was trusted when it was opened, and those beside it; False where none is left.

        Raises IndexFileDamaged where it is not what was written, and its views are in the index no more then.
        """
        with self._building, suppress(BuildInterrupted):
            self._pause()
            for place, former in enumerate(self._written):
                if former.file.name in self._unverified:
                    self._verify(place, former)
                    self._unverified.discard(former.file.name)
                    return True
        return False

    def rebuild(self, rows: RowNumbers, position: int, progress: RebuildProgress | None = None) -> None:
        """Make everything again of `rows`, which the source had at the change `position`.

        The new files replace the old ones at the end.  Raises DiskFull; the index is then as before.
        """
        with self._building, self._remembering(rows):
            made = list[WrittenSegment]()
            try:
                with self._files.deleted_after_failure(made):
                    for segment in self._whole(rows, progress):
                        made.append(self._files.write(segment))
                    self._files.save(made, position)
            except BuildInterrupted:
                return
            former, built = self._written, np.sort(np.concatenate([NO_ROWS, *(one.rows for one in made)]))
            tail = self._empty()
            with self._state:
                left_out = np.union1d(built, self._dead)
                copy_lists(self._tail.lists, tail.lists, left_out)
                self._tail = FrameSegment(tail.lists, self._tail.rows[~among(self._tail.rows, left_out)])
                self._written, self._full = tuple(made), ()
                self._drop_unheld()
            self._files.delete(former)

    def interrupt(self) -> None:
        """End a build under way, without harm, and begin none any more; searches go on."""
        self._stopping.set()

    def close(self) -> None:
        """End a build under way, without harm, and release what is held.  May be called twice."""
        self.interrupt()
        self._closed = True
        with self._building, self._state:
            self._written, self._full, self._tail = (), (), self._empty()
            self._dead = NO_ROWS

    def _write_full(self) -> None:
        """Write the lists that became full first."""
        segment, position = self._full[0]
        made = self._files.write(segment)
        with self._files.deleted_after_failure([made]):
            self._files.save([*self._written, made], position)
        with self._state:
            self._written, self._full = (*self._written, made), self._full[1:]

    def _complete(self) -> bool:
        """Write what a file lacks beside it; return whether one lacked anything."""
        for place, former in enumerate(self._written):
            if self._files.lacks(former):
                self._exchange(place, [self._files.completed(former)])
                return True
        return False

    def _verify(self, place: int, former: WrittenSegment) -> None:
        try:
            found = self._files.verified(former)
        except IndexFileDamaged:
            self._exchange(place, [], position=0)
            self._files.delete([former])
            raise
        if found is not former:
            self._exchange(place, [found])

    def _exchange(self, place: int, made: Sequence[WrittenSegment], position: int | None = None) -> None:
        """Put others in the place of a segment; the position stays where none is given."""
        segments = (*self._written[:place], *made, *self._written[place + 1 :])
        self._files.save(segments, self._files.position if position is None else position)
        with self._state:
            self._written = segments
            self._drop_unheld()

    def _merge(self, step: Merge) -> None:
        """Replace neighbouring files by one of their rows that are not forgotten."""
        merging, dead = self._written[step.first : step.last + 1], self._dead
        lists = self._empty().lists
        for segment in merging:
            copy_lists(segment.lists, lists, dead, self._pause)
        rows = np.sort(np.concatenate([segment.rows for segment in merging]))
        merged = FrameSegment(lists, rows[~among(rows, dead)])
        made = [self._files.write(merged)] if len(merged.rows) else []
        segments = [*self._written[: step.first], *made, *self._written[step.last + 1 :]]
        with self._files.deleted_after_failure(made):
            self._files.save(segments, self._files.position)
        with self._state:
            self._written = tuple(segments)
            self._drop_unheld()
        self._files.delete(merging)

    def _whole(self, rows: RowNumbers, progress: RebuildProgress | None) -> Iterator[FrameSegment]:
        """Yield lists of all `rows`, as large as a file may be; end early where the index is being closed."""
        segment = self._empty()
        for scenes, done in read_scenes(self._source, rows):
            self._pause()
            segment = extended(segment, scenes)
            if segment.lists.ntotal >= self._policy.largest:
                yield segment
                segment = self._empty()
            if progress is not None:
                progress(done, len(rows))
        if len(segment.rows):
            yield segment

    def _end_tail(self, codes: int) -> None:
        """Let the tail be full, and begin another one, where it has so many codes.  Hold the state lock."""
        if self._tail.lists.ntotal >= codes:
            # Every change up to the position is in the tail or was before.  Later ones may be in it too: the
            # next opening finds them in the log again, and leaves them out because the file holds them.
            self._full = (*self._full, (self._tail, self._position))
            self._tail = self._empty()

    @contextmanager
    def _remembering(self, rows: RowNumbers) -> Iterator[None]:
        """Let `remove` remember also those of `rows` that are not held yet."""
        with self._state:
            self._rebuilding = np.sort(rows)
        try:
            yield
        finally:
            with self._state:
                self._rebuilding = NO_ROWS
                self._drop_unheld()

    def _empty(self) -> FrameSegment:
        return FrameSegment(self.codec.empty_lists(), NO_ROWS)

    def _size(self, segment: FrameSegment) -> SegmentSize:
        """Return the size in codes; forgotten rows are taken for rows of the usual size."""
        codes, share = int(segment.lists.ntotal), segment.forgotten(self._dead) / len(segment.rows)
        return SegmentSize(codes, round(share * codes))

    def _segments(self) -> list[FrameSegment]:
        """Return everything that is searched, the tail last.  Hold the state lock."""
        return [*self._written, *(segment for segment, _ in self._full), self._tail]

    def _held(self, rows: RowNumbers) -> RowMask:
        """Return which of `rows` are held.  Hold the state lock."""
        held = np.zeros(len(rows), np.bool_)
        for segment in self._segments():
            held |= among(rows, segment.rows)
        return held

    def _drop_unheld(self) -> None:
        """Forget which rows were removed that are held no more.  Hold the state lock."""
        known = self._held(self._dead) | among(self._dead, self._rebuilding)
        self._dead = self._dead[known]
