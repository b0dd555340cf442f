"""What was found when videos were compared with each other, and how far that is done.

What is found in a part of a video, and that this part is done, are one transaction.  So a comparison that is
killed goes on where it was: nothing is lost and nothing is stored twice.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice

from cbvir_core.store import tables
from cbvir_core.store.comparison_tables import (
    COMPARED_CODEC_KEY,
    LAST_COMPARISON_COUNTER,
    SHARED_VERSION_COUNTER,
    Comparison,
    SharedSegment,
    add_shared,
    clear_comparisons,
    put_comparison,
    read_comparison,
    read_comparisons,
    scan_shared,
)
from cbvir_core.store.environment import Table, Transaction
from cbvir_core.store.part import StorePart
from cbvir_core.store.records import load_video
from cbvir_core.types import VideoId

READ_BATCH_SHARED = 4_096
"""Shared segments that are read in one transaction: growing the map waits for the longest one."""


class ComparisonStore(StorePart):
    """The comparisons of the videos of a `Store`, and the segments that they share."""

    def use_compared_codec(self, fingerprint: str) -> None:
        """Let all comparisons be of codes of this codec; those of another one are deleted."""

        def work(txn: Transaction) -> None:
            known = txn.get(Table.META, COMPARED_CODEC_KEY)
            if known is None or bytes(known) != fingerprint.encode():
                clear_comparisons(txn)
                txn.put(Table.META, COMPARED_CODEC_KEY, fingerprint.encode())

        self._environment.write(work)

    def comparisons(self) -> dict[VideoId, Comparison]:
        """Return how far each video has been compared; one that has not begun is left out."""
        with self._environment.read() as txn:
            return read_comparisons(txn)

    def begin_comparison(self, video_id: VideoId) -> Comparison | None:
        """Return how far a video has been compared; give it the next number where that has not begun.

        None where the video is not known or not complete.
        """

        def work(txn: Transaction) -> Comparison | None:
            if not _is_complete(txn, video_id):
                return None
            known = read_comparison(txn, video_id)
            if known is None:
                tables.add_to_counters(txn, Counter({LAST_COMPARISON_COUNTER: 1}))
                known = Comparison(tables.read_counter(txn, LAST_COMPARISON_COUNTER))
                put_comparison(txn, video_id, known)
            return known

        return self._environment.write(work)

    def advance_comparison(
        self, video_id: VideoId, before: Comparison, scenes: int, found: Sequence[SharedSegment]
    ) -> Comparison | None:
        """Store what was found in a video up to its first so many `scenes`, and that they are done.

        Return how far it is compared now.  None, with nothing stored, where that was not `before`: the video
        was forgotten or read again meanwhile.  Segments with another video that was forgotten are left out.
        """
        after = Comparison(before.number, scenes)

        def work(txn: Transaction) -> Comparison | None:
            if read_comparison(txn, video_id) != before or not _is_complete(txn, video_id):
                return None
            others = {one.second for one in found if read_comparison(txn, one.second) is not None}
            add_shared(txn, (one for one in found if one.first == video_id and one.second in others))
            put_comparison(txn, video_id, after)
            return after

        return self._environment.write(work)

    def shared_segments(self) -> Iterator[SharedSegment]:
        """Yield all shared segments, by their first videos."""
        after, full = b"", True
        while full:
            with self._environment.read() as txn:
                batch = list(islice(scan_shared(txn, after), READ_BATCH_SHARED))
            yield from (segment for _, segment in batch)
            after = batch[-1][0] if batch else after
            full = len(batch) == READ_BATCH_SHARED

    def shared_version(self) -> int:
        """Return a number that grows whenever shared segments come or go."""
        with self._environment.read() as txn:
            return tables.read_counter(txn, SHARED_VERSION_COUNTER)


def _is_complete(txn: Transaction, video_id: VideoId) -> bool:
    value = txn.get(Table.VIDEOS, video_id.encode())
    return value is not None and load_video(value).complete
