"""What several tables must agree on, within one transaction: rows, counters and the change log.

Every function takes the transaction; none opens one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from cbvir_core.errors import StoreError, UnknownVideo
from cbvir_core.store.environment import Table, Transaction
from cbvir_core.store.layout import (
    generation_key,
    number_key,
    number_value,
    read_number,
    row_key,
    unpack_keyframe,
    video_prefix,
)
from cbvir_core.store.records import Generation, VideoRecord, dump_video, load_generation, load_video
from cbvir_core.types import VideoId

FORGOTTEN = 0  # stands in the change log where a generation stands otherwise; generations begin at 1
ROWS_COUNT = "rows"
NEXT_ROW = "next_row"


def filter_count(generation: int) -> str:
    """The counter of the rows that a generation has."""
    return f"filter:{generation}"


def refine_count(generation: int) -> str:
    """The counter of the rows of a generation that have their refine descriptor."""
    return f"refine:{generation}"


def counter(txn: Transaction, name: str) -> int:
    """A counter's value; 0 where it was never counted."""
    value = txn.get(Table.META, name.encode())
    return 0 if value is None else read_number(value)


def count(txn: Transaction, changes: Counter[str]) -> None:
    """Adds to counters."""
    for name, change in changes.items():
        if change:
            txn.put(Table.META, name.encode(), number_value(counter(txn, name) + change))


def log(txn: Transaction, entries: Iterable[tuple[int, int]]) -> None:
    """Appends (generation, row) to the change log: a row that a generation got, or FORGOTTEN."""
    last = txn.last_key(Table.CHANGES)
    sequence = 0 if last is None else read_number(last)
    for generation, row in entries:
        sequence += 1
        txn.put(Table.CHANGES, number_value(sequence), row_key(generation, row))


def video(txn: Transaction, video_id: VideoId) -> VideoRecord:
    """The record; raises UnknownVideo."""
    value = txn.get(Table.VIDEOS, video_id.encode()) if video_id else None
    if value is None:
        raise UnknownVideo(f"no video goes by {video_id!r}")
    return load_video(value)


def put_video(txn: Transaction, record: VideoRecord) -> None:
    """Writes or replaces the record."""
    txn.put(Table.VIDEOS, record.video_id.encode(), dump_video(record))


def generations(txn: Transaction) -> list[Generation]:
    """All generations, oldest first."""
    return [load_generation(value) for _, value in txn.scan(Table.GENERATIONS, b"\0")]


def stored_generation(txn: Transaction, generation: Generation) -> Generation:
    """The generation as the store knows it; raises StoreError where it was dropped."""
    value = txn.get(Table.GENERATIONS, generation_key(generation.number))
    if value is None:
        raise StoreError(f"generation {generation.number} of the descriptors is not in the store")
    return load_generation(value)


def rows_of_video(txn: Transaction, video_id: VideoId) -> list[int]:
    """The rows of a video, by keyframe number."""
    prefix = video_prefix(video_id)
    return [read_number(value) for _, value in txn.scan(Table.NUMBERS, prefix, prefix)]


def drop_rows(txn: Transaction, rows: list[int]) -> None:
    """Deletes keyframes with all that hangs on them; the change log remembers their rows."""
    known = generations(txn)
    changes: Counter[str] = Counter()
    for row in rows:
        key = number_value(row)
        value = txn.get(Table.ROWS, key)
        if value is None:
            continue
        txn.delete(Table.NUMBERS, number_key(unpack_keyframe(row, value).keyframe_id))
        txn.delete(Table.ROWS, key)
        txn.delete(Table.STILLS, key)
        txn.delete(Table.THUMBNAILS, key)
        txn.delete(Table.FEATURES, key)
        changes[ROWS_COUNT] -= 1
        for generation in known:
            changes.update(_drop_descriptors(txn, generation, row))
    count(txn, changes)
    log(txn, ((FORGOTTEN, row) for row in rows))


def _drop_descriptors(txn: Transaction, generation: Generation, row: int) -> dict[str, int]:
    key = row_key(generation.number, row)
    if not txn.delete(Table.DESCRIPTORS, key):
        return {}
    waiting = txn.delete(Table.UNREFINED, key)
    refined = generation.refine is not None and not waiting
    return {filter_count(generation.number): -1, refine_count(generation.number): -int(refined)}
