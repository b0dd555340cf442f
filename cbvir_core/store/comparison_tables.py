"""Reads and writes of comparisons and shared segments, within the transaction that they are given."""

from __future__ import annotations

import struct
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from cbvir_core.errors import StoreDamaged
from cbvir_core.store import tables
from cbvir_core.store.environment import Table, Transaction
from cbvir_core.store.layout import pack_number, video_prefix
from cbvir_core.types import Span, VideoId

LAST_COMPARISON_COUNTER = "comparisons"  # the largest number of a comparison that was given out
LAST_SHARED_COUNTER = "shared"  # likewise of a shared segment
SHARED_VERSION_COUNTER = "shared_version"  # counts the changes of the shared segments
COMPARED_CODEC_KEY = b"compared_codec"  # whose codes were compared

_COMPARISON = struct.Struct("<QQ")  # number, scenes that are done
_SHARED = struct.Struct("<4d3fB")  # both spans, speed, similarity, probability, whether it is reversed
_NUMBER_BYTES = 8


@dataclass(frozen=True, slots=True)
class Comparison:
    """How far a video has been compared with others.

    - `number`: videos are numbered as their comparison begins; each is compared with those of lower numbers,
      so that two are compared once.
    - `scenes`: its first so many scenes are done.
    """

    number: int
    scenes: int = 0


@dataclass(frozen=True, slots=True)
class SharedSegment:
    """A part of one video that a part of another one shows.

    - `first_span` of the video `first` is `second_span` of `second`, each from start to end in seconds.
    - `speed`: seconds of the second for a second of the first; `is_reversed`: whether it runs backwards.
    - `similarity`: mean of their frames' similarities; `probability`: how probably they show the same.
    """

    first: VideoId
    first_span: Span
    second: VideoId
    second_span: Span
    speed: float = 1.0
    is_reversed: bool = False
    similarity: float = 1.0
    probability: float = 1.0


def read_comparison(txn: Transaction, video_id: VideoId) -> Comparison | None:
    """Return how far a video has been compared; None where that has not begun."""
    value = txn.get(Table.COMPARED, video_id.encode())
    return None if value is None else _unpack_comparison(value)


def read_comparisons(txn: Transaction) -> dict[VideoId, Comparison]:
    """Return how far each video has been compared."""
    entries = txn.scan(Table.COMPARED, b"\0")
    return {VideoId(key.decode("ascii", "replace")): _unpack_comparison(value) for key, value in entries}


def put_comparison(txn: Transaction, video_id: VideoId, comparison: Comparison) -> None:
    """Write or replace how far a video has been compared."""
    txn.put(Table.COMPARED, video_id.encode(), _COMPARISON.pack(comparison.number, comparison.scenes))


def add_shared(txn: Transaction, segments: Iterable[SharedSegment]) -> None:
    """Store shared segments, each under a number of its own."""
    last = first = tables.read_counter(txn, LAST_SHARED_COUNTER)
    for last, segment in enumerate(segments, first + 1):
        packed = _SHARED.pack(
            *segment.first_span,
            *segment.second_span,
            segment.speed,
            segment.similarity,
            segment.probability,
            segment.is_reversed,
        )
        txn.put(Table.SHARED, _pair_key(segment.first, segment.second, last), packed)
        txn.put(Table.SHARED_BY, _pair_key(segment.second, segment.first, last), b"")
    if last > first:
        tables.add_to_counters(txn, Counter({LAST_SHARED_COUNTER: last - first, SHARED_VERSION_COUNTER: 1}))


def scan_shared(txn: Transaction, after: bytes) -> Iterator[tuple[bytes, SharedSegment]]:
    """Yield the shared segments behind a key, with their keys, by their first videos."""
    for key, value in txn.scan(Table.SHARED, after + b"\0"):
        yield key, _unpack_shared(key, value)


def delete_comparison(txn: Transaction, video_id: VideoId) -> None:
    """Delete what is known of a video and others: how far it was compared, and what they share."""
    txn.delete(Table.COMPARED, video_id.encode())
    prefix, deleted = video_prefix(video_id), 0
    for table, other_table in ((Table.SHARED, Table.SHARED_BY), (Table.SHARED_BY, Table.SHARED)):
        for key in list(txn.keys(table, prefix, prefix)):
            one, other, number = _unpack_pair_key(key)
            txn.delete(table, key)
            txn.delete(other_table, _pair_key(other, one, number))
            deleted += 1
    if deleted:
        tables.add_to_counters(txn, Counter({SHARED_VERSION_COUNTER: 1}))


def clear_comparisons(txn: Transaction) -> None:
    """Delete all comparisons and shared segments."""
    for table in (Table.COMPARED, Table.SHARED, Table.SHARED_BY):
        txn.clear(table)
    tables.add_to_counters(txn, Counter({SHARED_VERSION_COUNTER: 1}))


def _pair_key(one: VideoId, other: VideoId, number: int) -> bytes:
    return video_prefix(one) + video_prefix(other) + pack_number(number)


def mirrored_pair_key(key: bytes) -> bytes:
    """Return the key of the same segment by its other video."""
    one, other, number = _unpack_pair_key(key)
    return _pair_key(other, one, number)


def videos_of_pair_key(key: bytes) -> tuple[VideoId, VideoId]:
    """Return the two videos of a segment's key."""
    return _unpack_pair_key(key)[:2]


def _unpack_pair_key(key: bytes) -> tuple[VideoId, VideoId, int]:
    one, _, rest = key[:-_NUMBER_BYTES].partition(b":")
    other = rest.removesuffix(b":")
    number = int.from_bytes(key[-_NUMBER_BYTES:], "big")
    return VideoId(one.decode("ascii", "replace")), VideoId(other.decode("ascii", "replace")), number


def _unpack_comparison(value: memoryview) -> Comparison:
    if len(value) != _COMPARISON.size:
        raise StoreDamaged("a comparison in the store has the wrong length")
    return Comparison(*_COMPARISON.unpack(value))


def _unpack_shared(key: bytes, value: memoryview) -> SharedSegment:
    if len(value) != _SHARED.size:
        raise StoreDamaged("a shared segment in the store has the wrong length")
    first, second, _ = _unpack_pair_key(key)
    start_s, end_s, other_start_s, other_end_s, speed, similarity, probability, is_reversed = _SHARED.unpack(
        value
    )
    return SharedSegment(
        first,
        (start_s, end_s),
        second,
        (other_start_s, other_end_s),
        speed,
        bool(is_reversed),
        similarity,
        probability,
    )
