"""Keyframes: spans and stills, stored in batches, each batch whole or not at all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from cbvir_core.decode.kept import encode_kept_still
from cbvir_core.errors import StoreError, UnknownVideo
from cbvir_core.store import tables
from cbvir_core.store.environment import Table, Transaction
from cbvir_core.store.layout import (
    HalfRows,
    KeyframeRow,
    number_key,
    pack_descriptors,
    pack_frame_codes,
    pack_keyframe,
    pack_number,
    pack_thumbnails,
    row_key,
    to_half,
    unpack_keyframe,
    unpack_number,
    unpack_thumbnails,
)
from cbvir_core.store.part import RowNumbersLike, StorePart
from cbvir_core.store.records import Generation
from cbvir_core.store.row_mask import mark_searchable, read_searchable
from cbvir_core.types import (
    FrameCodes,
    Keyframe,
    KeyframeId,
    RowMask,
    RowNumbers,
    Rows,
    Thumbnails,
    VideoId,
)


@dataclass(frozen=True, slots=True)
class _PackedKeyframe:
    """A keyframe as it is written: still, strip of thumbnails, codes of frames, descriptors."""

    keyframe: Keyframe
    still: bytes
    strip: bytes | None
    frames: bytes | None
    descriptors: bytes

    @classmethod
    def of(cls, keyframe: Keyframe, codes: FrameCodes | None, filter_row: HalfRows) -> _PackedKeyframe:
        return cls(
            keyframe,
            encode_kept_still(keyframe.image),
            pack_thumbnails(keyframe.thumbnails) if keyframe.thumbnails else None,
            None if codes is None else pack_frame_codes(codes),
            pack_descriptors(filter_row, None),
        )


class KeyframeStore(StorePart):
    """The keyframes of a `Store`."""

    def append(
        self,
        video_id: VideoId,
        keyframes: Sequence[Keyframe],
        generation: Generation,
        filter_rows: Rows,
        frame_codes: Sequence[FrameCodes | None] = (),
    ) -> list[int]:
        """Store keyframes with their filter descriptors (N x D) in one transaction; return their rows.

        `frame_codes` has those of each keyframe's scene, or None; or it is empty.  Where the store has a
        frame codec (`FrameStore.use_frame_codec`), rows without codes are listed as waiting for them.

        Pictures become stills as they are: the caller shrinks them (`cbvir_core.library.ingest`).  They are
        on the disk when it returns.  Raises UnknownVideo before `begin`, StoreError after
        `finish`, DiskFull with nothing stored.
        """
        if len(filter_rows) != len(keyframes) or (len(keyframes) and filter_rows.ndim != 2):
            raise ValueError(f"{len(keyframes)} keyframes, descriptors of shape {filter_rows.shape}")
        if frame_codes and len(frame_codes) != len(keyframes):
            raise ValueError(f"{len(keyframes)} keyframes, frame codes of {len(frame_codes)}")
        # Encoding takes milliseconds a picture, so it is done before the write transaction begins.
        codes = frame_codes or [None] * len(keyframes)
        entries = [
            _PackedKeyframe.of(*parts) for parts in zip(keyframes, codes, to_half(filter_rows), strict=True)
        ]

        def work(txn: Transaction) -> list[int]:
            return _append(txn, video_id, generation, entries)

        return self._environment.write(work)

    def keyframes(self, video_id: VideoId) -> list[KeyframeRow]:
        """Return the keyframes of one video, by number.  Raises UnknownVideo."""
        with self._environment.read() as txn:
            tables.read_video(txn, video_id)
            rows = tables.rows_of_video(txn, video_id)
            return [found for row in rows if (found := _read_row(txn, row)) is not None]

    def searchable_rows(self, video_ids: Iterable[VideoId]) -> list[int]:
        """Return the rows of all keyframes of these videos but blank ones; of an unknown video, none."""
        with self._environment.read() as txn:
            rows = (row for video_id in video_ids for row in tables.rows_of_video(txn, video_id))
            found = (_read_row(txn, row) for row in rows)
            return [one.row for one in found if one is not None and one.quality > 0]

    def keyframe_rows(self, rows: RowNumbersLike) -> list[KeyframeRow | None]:
        """Return the keyframes in `rows`, in that order; None where one was forgotten."""
        with self._environment.read() as txn:
            return [_read_row(txn, int(row)) for row in rows]

    def row_of(self, keyframe_id: KeyframeId) -> int:
        """Return the row of a keyframe.  Raises UnknownVideo."""
        with self._environment.read() as txn:
            return _row_of(txn, keyframe_id)

    def still(self, keyframe_id: KeyframeId) -> bytes:
        """Return the still of a keyframe, a picture file.  Raises UnknownVideo."""
        with self._environment.read() as txn:
            data = txn.get(Table.STILLS, pack_number(_row_of(txn, keyframe_id)))
            return b"" if data is None else bytes(data)

    def still_of_row(self, row: int) -> bytes | None:
        """Return the still of a row, a picture file; None where the row was forgotten."""
        with self._environment.read() as txn:
            data = txn.get(Table.STILLS, pack_number(row))
            return None if data is None else bytes(data)

    def thumbnails(self, row: int) -> Thumbnails | None:
        """Return the thumbnails of a row's scene; None where it has none, or the row was forgotten."""
        with self._environment.read() as txn:
            data = txn.get(Table.THUMBNAILS, pack_number(row))
            return None if data is None else unpack_thumbnails(data)

    def last_row(self) -> int:
        """Return the largest row number that was ever given out; 0 before the first."""
        with self._environment.read() as txn:
            return tables.read_counter(txn, tables.LAST_ROW_COUNTER)

    def searchable(self, rows: RowNumbers) -> RowMask:
        """Return which of `rows` are stored and not blank; a blank keyframe has the quality 0."""
        with self._environment.read() as txn:
            return read_searchable(txn, rows)


def _append(
    txn: Transaction,
    video_id: VideoId,
    generation: Generation,
    entries: list[_PackedKeyframe],
) -> list[int]:
    record = tables.read_video(txn, video_id)
    if record.complete:
        raise StoreError(f"video {video_id} is complete; nothing can be added to it")
    has_refine_weights = tables.stored_generation(txn, generation).refine is not None
    last = tables.read_counter(txn, tables.LAST_ROW_COUNTER)
    rows = list(range(last + 1, last + 1 + len(entries)))
    for number, (row, entry) in enumerate(zip(rows, entries, strict=True), start=record.keyframes):
        _put_keyframe(txn, row, KeyframeId(video_id, number), entry)
        txn.put(Table.DESCRIPTORS, row_key(generation.number, row), entry.descriptors)
        if has_refine_weights:
            txn.put(Table.UNREFINED, row_key(generation.number, row), b"")
    seen = [row for row, entry in zip(rows, entries, strict=True) if np.float32(entry.keyframe.quality) > 0]
    mark_searchable(txn, seen, searchable=True)
    names = (tables.LAST_ROW_COUNTER, tables.KEYFRAME_COUNTER, tables.filter_counter(generation.number))
    tables.add_to_counters(txn, Counter(dict.fromkeys(names, len(rows))))
    coded = [row for row, entry in zip(rows, entries, strict=True) if entry.frames is not None]
    tables.log_changes(txn, ((generation.number, row) for row in rows))
    tables.log_changes(txn, ((tables.FRAMES_MARK, row) for row in coded))
    tables.put_video(txn, replace(record, keyframes=record.keyframes + len(rows)))
    return rows


def _put_keyframe(txn: Transaction, row: int, keyframe_id: KeyframeId, entry: _PackedKeyframe) -> None:
    key = pack_number(row)
    txn.put(Table.ROWS, key, pack_keyframe(keyframe_id, entry.keyframe))
    txn.put(Table.NUMBERS, number_key(keyframe_id), key)
    txn.put(Table.STILLS, key, entry.still)
    txn.put(Table.UNFEATURED, key, b"")
    if entry.strip is not None:
        txn.put(Table.THUMBNAILS, key, entry.strip)
    if entry.frames is not None:
        tables.put_frames(txn, row, entry.frames)
    elif tables.read_frame_codec(txn) is not None:
        tables.list_unframed(txn, row)


def _read_row(txn: Transaction, row: int) -> KeyframeRow | None:
    value = txn.get(Table.ROWS, pack_number(row))
    return None if value is None else unpack_keyframe(row, value)


def _row_of(txn: Transaction, keyframe_id: KeyframeId) -> int:
    value = txn.get(Table.NUMBERS, number_key(keyframe_id)) if keyframe_id.number < 2**32 else None
    if value is None:
        raise UnknownVideo(f"no known keyframe has the id {keyframe_id}")
    return unpack_number(value)
