"""Types of the fixtures by which tests of the store make videos and descriptors, and a way to damage one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

from cbvir_core.store import Store, VideoRecord
from cbvir_core.store.environment import Table, Transaction
from cbvir_core.store.path_tables import list_all_paths
from cbvir_core.store.records import dump_video
from cbvir_core.types import Keyframe, Rows, VideoId, VideoInfo

MakeInfo = Callable[..., VideoInfo]
"""(name, path="") -> the description of a video whose id is `name`."""

MakeKeyframes = Callable[..., list[Keyframe]]
"""(count, first=0, side=8) -> keyframes of one second each, small and of one colour."""

MakeRows = Callable[..., Rows]
"""(count, seed=0, dim=12) -> unit rows."""


def put(store: Store, table: Table, key: bytes, value: bytes) -> None:
    """Write any value into a table, past everything that the store checks."""
    store._environment.write(lambda txn: txn.put(table, key, value))


def put_videos(store: Store, count: int, added_at: float = 1e9) -> None:
    """Write so many complete videos without keyframes in one transaction; each has a path and a length."""
    one = Fraction(1)
    info = VideoInfo(Path("/"), VideoId(""), 1, "mp4", "h264", 640, 360, 0, one, one, Fraction(0), 1.0, 25.0)
    template = replace(VideoRecord.new(info, added_at), complete=True, paths=(Path("/PATH"),))
    written = dump_video(replace(template, video_id=VideoId("ID"), duration_s=0.125)).decode()

    def work(txn: Transaction) -> None:
        for number in range(count):
            video_id, path = f"{number:032x}", f"/archive/reel {number // 1000:03d}/film {number:06d}.mp4"
            record = written.replace("/PATH", path).replace("ID", video_id)
            txn.put(
                Table.VIDEOS, video_id.encode(), record.replace("0.125", str(60.0 + number % 5400)).encode()
            )
        list_all_paths(txn)

    store._environment.write(work)
