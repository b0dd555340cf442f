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
    row_key,
    unpack_keyframe,
    unpack_number,
    video_prefix,
)
from cbvir_core.store.records import Generation, VideoRecord, dump_video, load_generation, load_video
from cbvir_core.types import VideoId

FORGOTTEN_MARK = 0  # in the place of a generation number in the change log; generations begin at 1
KEYFRAME_COUNTER = "rows"
LAST_ROW_COUNTER = "next_row"  # the largest row number given out; the name on disk stays


def filter_counter(generation: int) -> str:
    """Return the name of the counter of rows that a generation has."""
    return f"filter:{generation}"


def refine_counter(generation: int) -> str:
    """Return the name of the counter of a generation's rows with a refine descriptor."""
    return f"refine:{generation}"


def read_counter(txn: Transaction, name: str) -> int:
    """Return a counter's value; 0 where it was never set."""
    value = txn.get(Table.META, name.encode())
    return 0 if value is None else unpack_number(value)


def add_to_counters(txn: Transaction, changes: Counter[str]) -> None:
    """Add to counters."""
    for name, change in changes.items():
        if change:
            txn.put(Table.META, name.encode(), pack_number(read_counter(txn, name) + change))


def log_changes(txn: Transaction, entries: Iterable[tuple[int, int]]) -> None:
    """Append (generation, row) entries to the change log.

    The generation is the one that got the row, or FORGOTTEN_MARK.
    """
    last = txn.last_key(Table.CHANGES)
    sequence = 0 if last is None else unpack_number(last)
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


def delete_rows(txn: Transaction, rows: list[int]) -> None:
    """Delete keyframes with all data of theirs, and log their rows as forgotten."""
    known = read_generations(txn)
    changes: Counter[str] = Counter()
    for row in rows:
        key = pack_number(row)
        value = txn.get(Table.ROWS, key)
        if value is None:
            continue
        txn.delete(Table.NUMBERS, number_key(unpack_keyframe(row, value).keyframe_id))
        txn.delete(Table.ROWS, key)
        txn.delete(Table.STILLS, key)
        txn.delete(Table.THUMBNAILS, key)
        txn.delete(Table.FEATURES, key)
        changes[KEYFRAME_COUNTER] -= 1
        for generation in known:
            changes.update(_delete_descriptors(txn, generation, row))
    add_to_counters(txn, changes)
    log_changes(txn, ((FORGOTTEN_MARK, row) for row in rows))


def _delete_descriptors(txn: Transaction, generation: Generation, row: int) -> dict[str, int]:
    """Delete the descriptors of a row in one generation; return the changes of its counters."""
    key = row_key(generation.number, row)
    if not txn.delete(Table.DESCRIPTORS, key):
        return {}
    was_unrefined = txn.delete(Table.UNREFINED, key)
    refined = generation.refine is not None and not was_unrefined
    return {filter_counter(generation.number): -1, refine_counter(generation.number): -int(refined)}
