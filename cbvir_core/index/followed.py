"""What every index does with the store's change log: add what was stored, remove what was forgotten."""

from __future__ import annotations

import threading
from types import TracebackType
from typing import Generic, Self, TypeVar

import numpy as np

from cbvir_core.index.vector_index import IndexStatus, RebuildProgress, RowIndex
from cbvir_core.index.written import IndexFileDamaged
from cbvir_core.store import Changes, Generation, Store
from cbvir_core.types import RowNumbers

MIN_LOG_CHANGES = 65_536
"""Changes that are left in the store's log in any case: reading them takes a tenth of a second."""

Held = TypeVar("Held", bound=RowIndex)


class FollowedIndex(Generic[Held]):
    """An index of rows of one generation that has every change of the store, blank keyframes left out.

    Everything in it is derived: delete an index's files, and it is made again from the store.  All methods
    are thread-safe.  A search never waits for `maintain` or `rebuild`.
    """

    def __init__(self, vectors: Held, store: Store, generation: Generation) -> None:
        self._vectors, self._store, self._generation = vectors, store, generation
        self._following = threading.Lock()  # the position in the change log
        self._maintaining = threading.Lock()  # one thread maintains or rebuilds; closing waits for it
        self._position = 0
        self._catch_up()

    def refresh(self) -> int:
        """Add and remove what changed in the store; return how many rows were added.

        Cheap where nothing changed.
        """
        if self._store.last_change() == self._position:
            return 0
        with self._following:
            changes = self._store.changes(self._generation, self._position)
            rows = self._searchable(changes)
            if changes.whole:
                return self._reconcile(rows, changes.last)
            return self._apply(rows, changes.forgotten, changes.last)

    def maintain(self) -> bool:
        """Do one step of sealing or merging; return False where there is nothing to do.

        Takes from a second to a minute; searches go on.  Raises DiskFull; the index is then as before.
        """
        with self._maintaining:
            self.refresh()
            done = self._vectors.maintain()
            if done:
                self.refresh()
            return done

    def verify(self) -> bool:
        """Compare a file that was trusted at the opening with its checksum; return False where none is left.

        What a damaged file held is read from the store again, and `maintain` makes another one of it.  Never
        waits for `maintain` or `rebuild`: False while one is at work.  Raises DiskFull.
        """
        if not self._maintaining.acquire(blocking=False):
            return False
        try:
            return self._vectors.verify()
        except IndexFileDamaged:
            with self._following:
                changes = self._store.changes(self._generation, 0)
                self._reconcile(self._searchable(changes), changes.last)
            return True
        finally:
            self._maintaining.release()

    def rebuild(self, progress: RebuildProgress | None = None) -> None:
        """Make the index again from the store, and let it replace the old one at the end.

        Raises DiskFull; the index is then as before.
        """
        with self._maintaining:
            changes = self._store.changes(self._generation, 0)
            rows = self._searchable(changes)
            # Add them all before the build.  A row that was stored after the last refresh would otherwise
            # be added again, to an index that was built of it.
            self.refresh()
            self._vectors.rebuild(rows, changes.last, progress)
            self.refresh()

    def status(self) -> IndexStatus:
        """Return counts, as of the last `refresh`."""
        return self._vectors.status()

    def followed(self) -> int:
        """Return the change up to which this index needs the store's log no more.

        Later changes are in no file of the index, so opening reads them in the log.  Where the log since
        then is longer than a list of all rows, opening reads that list instead, and the log may go.
        """
        position, saved = self._position, self._vectors.saved_position()
        return position if position - saved > self.status().rows + MIN_LOG_CHANGES else saved

    def interrupt(self) -> None:
        """End a build under way, without harm, and begin none any more; searches go on."""
        self._vectors.interrupt()

    def close(self) -> None:
        """End a build under way, without harm, and release the files.  May be called twice."""
        self._vectors.close()
        with self._maintaining:  # a thread that built no longer uses the store then
            pass

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _catch_up(self) -> None:
        """Bring an index that was just opened to the state of the store."""
        changes = self._store.changes(self._generation, self._vectors.saved_position())
        held = self._vectors.rows()
        added = self._searchable(changes)
        # After the log was read: what is forgotten from now on is in its next part.
        removed = held[~self._store.searchable(held)]
        self._apply(added[~np.isin(added, held)], removed, changes.last)

    def _reconcile(self, rows: RowNumbers, position: int) -> int:
        """Make the index hold `rows` and no others; return how many were added."""
        held = self._vectors.rows()
        return self._apply(rows[~np.isin(rows, held)], held[~np.isin(held, rows)], position)

    def _apply(self, added: RowNumbers, removed: RowNumbers, position: int) -> int:
        """Add and remove rows, which makes all changes up to `position`; return how many were added."""
        self._vectors.remove(removed)
        self._vectors.add(added)
        # Noted last: an index that saves its rows before that saves the former position, and what the log
        # then names again is left out because the index holds it.
        self._vectors.note_position(position)
        self._position = position
        return len(added)

    def _searchable(self, changes: Changes) -> RowNumbers:
        """Return rows that were added and not forgotten, in their order, without blank keyframes.

        Blank ones lie together, near every dark picture: a few hundred would be the shortlist of each.
        """
        rows = changes.added[~np.isin(changes.added, changes.forgotten)]
        return rows[self._store.searchable(rows)]
