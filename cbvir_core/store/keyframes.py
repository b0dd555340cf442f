"""Keyframes: spans and stills, appended in batches, each batch whole or not at all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from cbvir_core.decode import STILL_SIDE, encode_still, fit_within
from cbvir_core.errors import StoreError, UnknownVideo
from cbvir_core.store import ledger
from cbvir_core.store.environment import Table, Transaction
from cbvir_core.store.layout import (
    KeyframeRow,
    half,
    number_key,
    number_value,
    pack_descriptors,
    pack_keyframe,
    pack_thumbnails,
    packed_quality,
    read_number,
    row_key,
    unpack_keyframe,
    unpack_thumbnails,
)
from cbvir_core.store.part import StorePart
from cbvir_core.store.records import Generation
from cbvir_core.types import Keyframe, KeyframeId, Rows, Thumbnails, VideoId


class KeyframeStore(StorePart):
    """The part of `Store` that knows keyframes."""

    def append(
        self,
        video_id: VideoId,
        keyframes: Sequence[Keyframe],
        generation: Generation,
        filter_rows: Rows,
    ) -> list[int]:
        """Stores keyframes with their filter descriptors (N x D) in one transaction; gives their rows.

        When it returns, the disk has them.  Raises UnknownVideo before `begin`, StoreError after
        `finish`, DiskFull with nothing stored.
        """
        if len(filter_rows) != len(keyframes) or (len(keyframes) and filter_rows.ndim != 2):
            raise ValueError(f"{len(keyframes)} keyframes, descriptors of shape {filter_rows.shape}")
        # JPEG takes milliseconds a picture: the one writer does not wait for that.
        stills = [encode_still(fit_within(keyframe.image, STILL_SIDE)) for keyframe in keyframes]
        strips = [pack_thumbnails(seen) if (seen := keyframe.thumbnails) else None for keyframe in keyframes]
        descriptors = [pack_descriptors(row, None) for row in half(filter_rows)]
        entries = list(zip(keyframes, stills, strips, descriptors, strict=True))

        def work(txn: Transaction) -> list[int]:
            return _append(txn, video_id, generation, entries)

        return self._environment.write(work)

    def keyframes(self, video_id: VideoId) -> list[KeyframeRow]:
        """The keyframes of one video, by number.  Raises UnknownVideo."""
        with self._environment.read() as txn:
            ledger.video(txn, video_id)
            rows = ledger.rows_of_video(txn, video_id)
            return [found for row in rows if (found := _get(txn, row)) is not None]

    def telling_rows(self, video_ids: Iterable[VideoId]) -> list[int]:
        """The rows of all keyframes of these videos that show anything; of a video that is gone, none."""
        with self._environment.read() as txn:
            rows = (row for video_id in video_ids for row in ledger.rows_of_video(txn, video_id))
            found = (_get(txn, row) for row in rows)
            return [one.row for one in found if one is not None and one.quality > 0]

    def keyframe_rows(self, rows: Sequence[int] | npt.NDArray[np.int64]) -> list[KeyframeRow | None]:
        """The keyframes in `rows`, in that order; None where one was forgotten."""
        with self._environment.read() as txn:
            return [_get(txn, int(row)) for row in rows]

    def row_of(self, keyframe_id: KeyframeId) -> int:
        """The row of a keyframe.  Raises UnknownVideo."""
        with self._environment.read() as txn:
            return _row_of(txn, keyframe_id)

    def still(self, keyframe_id: KeyframeId) -> bytes:
        """The picture of a keyframe as JPEG.  Raises UnknownVideo."""
        with self._environment.read() as txn:
            data = txn.get(Table.STILLS, number_value(_row_of(txn, keyframe_id)))
            return b"" if data is None else bytes(data)

    def still_of_row(self, row: int) -> bytes | None:
        """The picture in a row as JPEG; None where it was forgotten."""
        with self._environment.read() as txn:
            data = txn.get(Table.STILLS, number_value(row))
            return None if data is None else bytes(data)

    def thumbnails(self, row: int) -> Thumbnails | None:
        """What was seen of a row's scene; None where nothing is kept of it, or it was forgotten."""
        with self._environment.read() as txn:
            data = txn.get(Table.THUMBNAILS, number_value(row))
            return None if data is None else unpack_thumbnails(data)

    def last_row(self) -> int:
        """The largest row number that was ever given out; 0 before the first."""
        with self._environment.read() as txn:
            return ledger.counter(txn, ledger.NEXT_ROW)

    def searchable(self, rows: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
        """Which of `rows` are still stored, and show anything: a blank keyframe has no quality."""
        with self._environment.read() as txn:
            found = (txn.get(Table.ROWS, number_value(row)) for row in rows.tolist())
            shown = [value is not None and packed_quality(value) > 0 for value in found]
        return np.array(shown, dtype=np.bool_)


def _append(
    txn: Transaction,
    video_id: VideoId,
    generation: Generation,
    entries: list[tuple[Keyframe, bytes, bytes | None, bytes]],
) -> list[int]:
    record = ledger.video(txn, video_id)
    if record.complete:
        raise StoreError(f"video {video_id} is complete; nothing can be added to it")
    refined_later = ledger.stored_generation(txn, generation).refine is not None
    last = ledger.counter(txn, ledger.NEXT_ROW)
    rows = list(range(last + 1, last + 1 + len(entries)))
    for number, (row, (keyframe, still, strip, descriptor)) in enumerate(zip(rows, entries, strict=True)):
        keyframe_id = KeyframeId(video_id, record.keyframes + number)
        key = number_value(row)
        txn.put(Table.ROWS, key, pack_keyframe(keyframe_id, keyframe))
        txn.put(Table.NUMBERS, number_key(keyframe_id), key)
        txn.put(Table.STILLS, key, still)
        if strip is not None:
            txn.put(Table.THUMBNAILS, key, strip)
        txn.put(Table.DESCRIPTORS, row_key(generation.number, row), descriptor)
        if refined_later:
            txn.put(Table.UNREFINED, row_key(generation.number, row), b"")
    names = (ledger.NEXT_ROW, ledger.ROWS_COUNT, ledger.filter_count(generation.number))
    ledger.count(txn, Counter(dict.fromkeys(names, len(rows))))
    ledger.log(txn, ((generation.number, row) for row in rows))
    ledger.put_video(txn, replace(record, keyframes=record.keyframes + len(rows)))
    return rows


def _get(txn: Transaction, row: int) -> KeyframeRow | None:
    value = txn.get(Table.ROWS, number_value(row))
    return None if value is None else unpack_keyframe(row, value)


def _row_of(txn: Transaction, keyframe_id: KeyframeId) -> int:
    value = txn.get(Table.NUMBERS, number_key(keyframe_id)) if keyframe_id.number < 2**32 else None
    if value is None:
        raise UnknownVideo(f"no keyframe goes by {keyframe_id}")
    return read_number(value)
