"""Codes of the frames of scenes, as bytes that only the codec reads, and the list of rows that lack them.

The codes of one store were all made by one codec.  Rows without them are kept as a list, by video, so that
whoever completes them reads each file once and nothing is found by a scan.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from itertools import islice

from cbvir_core.store import tables
from cbvir_core.store.environment import Table, Transaction
from cbvir_core.store.layout import (
    pack_frame_codes,
    pack_number,
    unframed_row,
    unpack_frame_codes,
    unpack_number,
    video_of_unframed,
    video_prefix,
)
from cbvir_core.store.part import RowNumbersLike, StorePart
from cbvir_core.types import FrameCodes, VideoId

FRAME_BATCH_ROWS = 4_096
"""Rows that one transaction puts on the list, or takes the codes of: appending waits for it."""


@dataclass(frozen=True, slots=True)
class FrameCounts:
    """Numbers of live keyframes whose scenes have frame codes, and of those that wait for them."""

    coded: int
    waiting: int


class FrameStore(StorePart):
    """The frame codes of a `Store`."""

    def frame_codec(self) -> str | None:
        """Return the fingerprint of the codec that made all stored codes; None before `use_frame_codec`."""
        with self._environment.read() as txn:
            return tables.read_frame_codec(txn)

    def use_frame_codec(self, fingerprint: str) -> None:
        """Let all frame codes be those of a codec from now on; call it before codes are stored.

        Where the store has codes of another codec, or none (a store of an earlier release), all codes are
        dropped and all rows wait, also those that another release adds later.  This is done in many
        transactions; a call that is cut short is made good by the next one.  Raises DiskFull.
        """
        if self.frame_codec() != fingerprint:
            self._environment.write(tables.drop_frame_codec)
            while self._environment.write(_drop_some):
                pass
        if self.frame_codec() != fingerprint or not self._all_are_listed():
            self._list_rows()
            self._environment.write(partial(tables.put_frame_codec, fingerprint))

    def frame_codes(self, rows: RowNumbersLike) -> list[FrameCodes | None]:
        """Return the codes of the scenes of `rows`, in that order; None where a row has none."""
        with self._environment.read() as txn:
            values = [txn.get(Table.FRAMES, pack_number(int(row))) for row in rows]
            return [None if value is None else unpack_frame_codes(value) for value in values]

    def put_frame_codes(self, codes: Mapping[int, FrameCodes]) -> int:
        """Store codes of rows that wait for them; return how many.

        Rows that were forgotten meanwhile, and those that have codes already, are left out.
        """
        packed = {row: pack_frame_codes(scene) for row, scene in codes.items()}

        def work(txn: Transaction) -> int:
            waiting = [row for row in packed if tables.is_unframed(txn, row)]
            for row in waiting:
                tables.put_frames(txn, row, packed[row])
            tables.log_changes(txn, ((tables.FRAMES_MARK, row) for row in waiting))
            return len(waiting)

        return self._environment.write(work)

    def video_without_frames(self, after: VideoId | None = None) -> VideoId | None:
        """Return the first video, in order of id and after the given one, of which a row has no codes."""
        start = b"\0" if after is None else video_prefix(after) + b"\xff" * 9
        with self._environment.read() as txn:
            key = next(txn.keys(Table.UNFRAMED, start), None)
            return None if key is None else video_of_unframed(key)

    def rows_without_frames(self, limit: int, video_id: VideoId | None = None) -> list[int]:
        """Return up to `limit` rows that have no codes: those of one video, ascending, or any."""
        prefix = b"" if video_id is None else video_prefix(video_id)
        with self._environment.read() as txn:
            keys = txn.keys(Table.UNFRAMED, prefix or b"\0", prefix)
            return [unframed_row(key) for key in islice(keys, limit)]

    def frame_counts(self) -> FrameCounts:
        """Count rows with codes and rows that wait for them; takes no longer with many rows."""
        with self._environment.read() as txn:
            return FrameCounts(txn.size(Table.FRAMES), txn.size(Table.UNFRAMED))

    def _all_are_listed(self) -> bool:
        """Return whether every row has codes or waits for them."""
        with self._environment.read() as txn:
            known = txn.size(Table.FRAMES) + txn.size(Table.UNFRAMED)
            return known == tables.read_counter(txn, tables.KEYFRAME_COUNTER)

    def _list_rows(self) -> None:
        """Put every row that has no codes on the list."""
        after: int | None = 0
        while after is not None:
            after = self._environment.write(partial(_list_some, after))


def _drop_some(txn: Transaction) -> int:
    """Delete a batch of codes; return how many, 0 when none is left."""
    keys = list(islice(txn.keys(Table.FRAMES, b"\0"), FRAME_BATCH_ROWS))
    return sum(txn.delete(Table.FRAMES, key) for key in keys)


def _list_some(after: int, txn: Transaction) -> int | None:
    """Put a batch of rows on the list where they have no codes; return its last row, None at the end."""
    keys = list(islice(txn.keys(Table.ROWS, pack_number(after + 1)), FRAME_BATCH_ROWS))
    rows = [unpack_number(key) for key in keys]
    for row in rows:
        if txn.get(Table.FRAMES, pack_number(row)) is None:
            tables.list_unframed(txn, row)
    return rows[-1] if rows else None
