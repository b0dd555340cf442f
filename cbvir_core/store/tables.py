"""Reads and writes that keep several tables consistent: rows, counters and the change log.

Every function works within the transaction that it is given.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from cbvir_core.errors import StoreError, UnknownVideo
from cbvir_core.store.environment import Table, Transaction
from cbvir_core.store.layout import (
    generation_key,
    number_key,
    pack_number,
    refine_part,
    rename_packed_keyframe,
    row_key,
    unframed_key,
    unpack_keyframe,
    unpack_number,
    video_prefix,
)
from cbvir_core.store.records import Generation, VideoRecord, dump_video, load_generation, load_video
from cbvir_core.store.row_mask import mark_searchable
from cbvir_core.types import KeyframeId, VideoId

FORGOTTEN_MARK = 0  # in the place of a generation number in the change log; generations begin at 1
FRAMES_MARK = 2**32 - 1  # likewise, for rows that got frame codes
KEYFRAME_COUNTER = "rows"
LAST_ROW_COUNTER = "next_row"  # the largest row number given out; the name on disk stays
FRAME_CODEC_KEY = b"frame_codec"  # the fingerprint of the codec of all frame codes
VIDEO_LISTS = (Table.PATHLESS, Table.INCOMPLETE, Table.PARTIAL)
FRAMES_SINCE = "frames_since"  # the last change before that codec was used; read as a counter


def filter_counter(generation: int) -> str:
    """Return the name of the counter of rows that a generation has."""
    return f"filter:{generation}"


def refine_counter(generation: int) -> str:
    """Return the name of the counter of a generation's rows with a refine descriptor."""
    return f"refine:{generation}"


def filled_counter(generation: int) -> str:
    """Return the name of the counter that holds a row up to which a generation has every row."""
    return f"filled:{generation}"


def read_counter(txn: Transaction, name: str) -> int:
    """Return a counter's value; 0 where it was never set."""
    value = txn.get(Table.META, name.encode())
    return 0 if value is None else unpack_number(value)


def add_to_counters(txn: Transaction, changes: Counter[str]) -> None:
    """Add to counters."""
    for name, change in changes.items():
        if change:
            txn.put(Table.META, name.encode(), pack_number(read_counter(txn, name) + change))


def last_change(txn: Transaction) -> int:
    """Return the sequence number of the newest change; 0 before the first."""
    last = txn.last_key(Table.CHANGES)
    return 0 if last is None else unpack_number(last)


def log_changes(txn: Transaction, entries: Iterable[tuple[int, int]]) -> None:
    """Append (generation, row) entries to the change log.

    The generation is the one that got the row, FORGOTTEN_MARK, or FRAMES_MARK.
    """
    sequence = last_change(txn)
    for generation, row in entries:
        sequence += 1
        txn.put(Table.CHANGES, pack_number(sequence), row_key(generation, row))


def read_video(txn: Transaction, video_id: VideoId) -> VideoRecord:
    """Return the record of a video; raises UnknownVideo."""
    value = txn.get(Table.VIDEOS, video_id.encode()) if video_id else None
    if value is None:
        raise UnknownVideo(f"no known video has the id {video_id!r}")
    return load_video(value)


def put_video(txn: Transaction, record: VideoRecord) -> None:
    """Write or replace the record of a video."""
    txn.put(Table.VIDEOS, record.video_id.encode(), dump_video(record))
    list_video(txn, record)


def delete_video(txn: Transaction, video_id: VideoId) -> None:
    """Delete the record of a video; its paths and rows are the caller's."""
    for table in (Table.VIDEOS, *VIDEO_LISTS):
        txn.delete(table, video_id.encode())


def list_video(txn: Transaction, record: VideoRecord) -> None:
    """Put a video on the list that it belongs on, if any, and on no other."""
    own = list_of(record)
    for table in VIDEO_LISTS:
        if table is own:
            txn.put(table, record.video_id.encode(), b"")
        else:
            txn.delete(table, record.video_id.encode())


def list_of(record: VideoRecord) -> Table | None:
    """Return the list that a video belongs on, if any."""
    if not record.paths:
        return Table.PATHLESS
    if not record.complete:
        return Table.INCOMPLETE
    return Table.PARTIAL if record.damaged else None


def read_generations(txn: Transaction) -> list[Generation]:
    """Return all generations, oldest first."""
    return [load_generation(value) for _, value in txn.scan(Table.GENERATIONS, b"\0")]


def stored_generation(txn: Transaction, generation: Generation) -> Generation:
    """Return the generation as it is stored; raises StoreError where it was dropped."""
    value = txn.get(Table.GENERATIONS, generation_key(generation.number))
    if value is None:
        raise StoreError(f"generation {generation.number} of the descriptors is not in the store")
    return load_generation(value)


def rows_of_video(txn: Transaction, video_id: VideoId) -> list[int]:
    """Return the rows of a video, in order of keyframe number."""
    prefix = video_prefix(video_id)
    return [unpack_number(value) for _, value in txn.scan(Table.NUMBERS, prefix, prefix)]


def rename_rows(txn: Transaction, video_id: VideoId, renamed: VideoId) -> None:
    """Let all rows of a video be those of another id, which has none; indices know rows by number alone."""
    for row in rows_of_video(txn, video_id):
        key = pack_number(row)
        value = txn.get(Table.ROWS, key)
        if value is None:
            continue
        keyframe_id, packed = unpack_keyframe(row, value).keyframe_id, rename_packed_keyframe(value, renamed)
        txn.put(Table.ROWS, key, packed)
        txn.delete(Table.NUMBERS, number_key(keyframe_id))
        txn.put(Table.NUMBERS, number_key(KeyframeId(renamed, keyframe_id.number)), key)
        if txn.delete(Table.UNFRAMED, unframed_key(video_id, row)):
            txn.put(Table.UNFRAMED, unframed_key(renamed, row), b"")


def delete_rows(txn: Transaction, rows: list[int]) -> None:
    """Delete keyframes with all data of theirs, and log their rows as forgotten."""
    known = read_generations(txn)
    changes: Counter[str] = Counter()
    for row in rows:
        key = pack_number(row)
        value = txn.get(Table.ROWS, key)
        if value is None:
            continue
        keyframe_id = unpack_keyframe(row, value).keyframe_id
        txn.delete(Table.NUMBERS, number_key(keyframe_id))
        txn.delete(Table.ROWS, key)
        txn.delete(Table.STILLS, key)
        txn.delete(Table.THUMBNAILS, key)
        txn.delete(Table.FEATURES, key)
        txn.delete(Table.UNFEATURED, key)
        txn.delete(Table.FRAMES, key)
        txn.delete(Table.UNFRAMED, unframed_key(keyframe_id.video, row))
        changes[KEYFRAME_COUNTER] -= 1
        for generation in known:
            changes.update(_delete_descriptors(txn, generation, row))
    mark_searchable(txn, rows, searchable=False)
    add_to_counters(txn, changes)
    log_changes(txn, ((FORGOTTEN_MARK, row) for row in rows))


def _delete_descriptors(txn: Transaction, generation: Generation, row: int) -> dict[str, int]:
    """Delete the descriptors of a row in one generation; return the changes of its counters."""
    key = row_key(generation.number, row)
    if not txn.delete(Table.DESCRIPTORS, key):
        return {}
    txn.delete(Table.REFINED, key)
    was_unrefined = txn.delete(Table.UNREFINED, key)
    refined = generation.refine is not None and not was_unrefined
    return {filter_counter(generation.number): -1, refine_counter(generation.number): -int(refined)}


def read_refine(txn: Transaction, key: bytes) -> memoryview | None:
    """Return the packed refine descriptor of a row of a generation, wherever it lies; None without one."""
    value = txn.get(Table.REFINED, key)
    if value is not None:
        return value
    both = txn.get(Table.DESCRIPTORS, key)
    return None if both is None else refine_part(both)


def read_frame_codec(txn: Transaction) -> str | None:
    """Return the fingerprint of the codec of all frame codes; None where frame codes are off."""
    value = txn.get(Table.META, FRAME_CODEC_KEY)
    return None if value is None else bytes(value).decode("ascii", "replace")


def put_frame_codec(fingerprint: str, txn: Transaction) -> None:
    """Record whose all frame codes are.  Changes before this one tell of codes of another codec."""
    if read_frame_codec(txn) != fingerprint:
        txn.put(Table.META, FRAMES_SINCE.encode(), pack_number(last_change(txn)))
        txn.put(Table.META, FRAME_CODEC_KEY, fingerprint.encode("ascii"))


def drop_frame_codec(txn: Transaction) -> None:
    """Record that the frame codes in the store are of no use."""
    txn.delete(Table.META, FRAME_CODEC_KEY)


def list_unframed(txn: Transaction, row: int) -> None:
    """Put a stored row on the list of those that have no frame codes."""
    key = _unframed_key_of(txn, row)
    if key is not None:
        txn.put(Table.UNFRAMED, key, b"")


def is_unframed(txn: Transaction, row: int) -> bool:
    """Return whether a row is on the list of those that have no frame codes."""
    key = _unframed_key_of(txn, row)
    return key is not None and txn.get(Table.UNFRAMED, key) is not None


def put_frames(txn: Transaction, row: int, packed: bytes) -> None:
    """Store the frame codes of a stored row and take it off the list; the caller logs the change."""
    txn.put(Table.FRAMES, pack_number(row), packed)
    key = _unframed_key_of(txn, row)
    if key is not None:
        txn.delete(Table.UNFRAMED, key)


def _unframed_key_of(txn: Transaction, row: int) -> bytes | None:
    value = txn.get(Table.ROWS, pack_number(row))
    return None if value is None else unframed_key(unpack_keyframe(row, value).keyframe_id.video, row)
