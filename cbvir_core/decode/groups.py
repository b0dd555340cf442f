"""Packets by groups of pictures, and the end of a group in which nothing changes.

Where a picture stands still, an encoder writes packets of a few bytes, and always of the same few sizes: a
square of 20 pixels that moves over a still picture makes every packet another size.  So sizes tell, without
decoding, that the rest of a group repeats one picture, if the picture after the group agrees.  A fade of a
still picture, which weighted prediction can write in as few bytes, ends in another picture.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import TypeAlias

from av.packet import Packet
from av.video.stream import VideoStream

VideoPacket: TypeAlias = "Packet[VideoStream]"

MIN_QUIET_PACKETS = 24
"""Packets without change that are worth to be left out."""

MAX_QUIET_SIZES = 6
"""Different sizes among them at most: a P-frame and some B-frames, in the usual order and before the end."""

QUIET_BYTES, QUIET_BLOCKS_A_BYTE = 64, 32
"""Bytes of a packet without change at most, and how many blocks of 16 x 16 pixels allow one more."""

MAX_GROUP_PACKETS, MAX_GROUP_BYTES = 1_000, 8 << 20
"""Packets of a group that wait at most; a longer group is handed on in pieces."""

Group: TypeAlias = "list[Packet[VideoStream] | None]"
"""Packets in the order of decoding, from an I-frame on, or a piece of them; None is the end of the film."""


def groups_of(packets: Iterable[VideoPacket | None]) -> Iterator[tuple[Group, Group]]:
    """Yield each group with the one after it, which is empty behind the last."""
    before: Group = []
    for group in chain(_single_groups(packets), [[]]):
        if before:
            yield before, group
        before = group


def _single_groups(packets: Iterable[VideoPacket | None]) -> Iterator[Group]:
    group: Group = []
    held_bytes = 0
    for packet in packets:
        size = 0 if packet is None else packet.size
        full = len(group) >= MAX_GROUP_PACKETS or held_bytes + size > MAX_GROUP_BYTES
        if group and (full or (packet is not None and packet.is_keyframe)):
            yield group
            group, held_bytes = [], 0
        group.append(packet)
        held_bytes += size
    if group:
        yield group


def quiet_end(group: Group, following: Group, pixels: int) -> list[VideoPacket]:
    """Return the packets at the end of a group that change nothing by their sizes; none where they are few.

    `following` is the next group, whose I-frame must be behind all frames of this one.  Where frames are
    written behind that I-frame and shown before it (an open GOP), they are the last ones returned and must be
    quiet as well.  `pixels` is the area of the picture.
    """
    whole = [packet for packet in group if packet is not None]
    first = following[0] if following else None
    if len(whole) < len(group) or first is None or not (whole[0].is_keyframe and first.is_keyframe):
        return []
    later = [packet for packet in following if packet is not None]
    if any(packet.pts is None for packet in (*whole, *later)) or not _all_before(whole, first):
        return []
    limit = QUIET_BYTES + pixels // (256 * QUIET_BLOCKS_A_BYTE)
    leading = leading_packets(following)
    if any(packet.size > limit for packet in leading):
        return []
    count = _quiet_count([packet.size for packet in whole[1:]], limit)
    return [*whole[len(whole) - count :], *leading] if count else []


def leading_packets(group: Group) -> list[VideoPacket]:
    """Return the packets of frames that are shown before the I-frame that the group begins with."""
    first = group[0]
    if first is None or first.pts is None:
        return []
    key = first.pts
    return [packet for packet in group if packet is not None and packet.pts is not None and packet.pts < key]


def _quiet_count(sizes: Sequence[int], limit: int) -> int:
    seen: Counter[int] = Counter()
    for size in reversed(sizes):
        if size > limit or (size not in seen and len(seen) == MAX_QUIET_SIZES):
            break
        seen[size] += 1
    count = seen.total()
    # A size that occurs once, at the beginning, may be the last small change.
    while count and seen[sizes[-count]] == 1:
        count -= 1
    return count if count >= MIN_QUIET_PACKETS else 0


def _all_before(packets: Sequence[VideoPacket], first: VideoPacket) -> bool:
    key = first.pts
    return key is not None and all(packet.pts is not None and packet.pts < key for packet in packets)
