"""Size of the store for an hour of video: real clips with descriptors and features."""

from __future__ import annotations

import sys
import tempfile
from collections import Counter
from contextlib import suppress
from pathlib import Path

import lmdb

from bench.cost import report
from bench.retrieval.clips import clips_in
from bench.shared_data import SHARED
from cbvir_core import Library
from cbvir_core.errors import CbvirError
from cbvir_core.store.environment import PIECES_SUFFIX

STORE_PARTS = ("stills", "thumbnails", "features", "descriptors", "refined", "frames")
HOUR_S = 3600.0


def main() -> None:
    """Print megabytes an hour for each part of the store, and for all of it."""
    if not SHARED.is_dir():
        sys.exit(f"the clips are not at {SHARED}")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        duration_s, keyframes = _fill(folder)
        sizes = _sizes(folder / "store")
    hours = duration_s / HOUR_S
    report(
        f"size of the store, {duration_s / 60:.0f} minutes of real clips",
        keyframes_an_hour=f"{keyframes / hours:,.0f}",
        **{f"{part}_MB_an_hour": f"{sizes[part] / 1e6 / hours:.1f}" for part in STORE_PARTS},
        all_MB_an_hour=f"{sum(sizes.values()) / 1e6 / hours:.1f}",
    )


def _fill(folder: Path) -> tuple[float, int]:
    """Fill a library; return the seconds of video and the number of keyframes."""
    with Library.open(folder, profile="builtin") as library:
        for clip in clips_in(SHARED / "videos"):
            with suppress(CbvirError):
                library.add(clip)
        for step in (library.backfill, library.backfill_features):
            while step():
                pass
        videos = library.videos()
        return sum(video.duration_s or 0.0 for video in videos), sum(video.keyframes for video in videos)


def _sizes(store: Path) -> dict[str, int]:
    """Return the bytes of the pages of each table, with those of the pieces of its values."""
    with lmdb.open(str(store), readonly=True, lock=False, max_dbs=64) as environment:
        names = []
        with environment.begin() as txn:
            names = [bytes(key) for key, _ in txn.cursor()]
        found = Counter[str]()
        for name in names:
            table = environment.open_db(name, create=False)
            with environment.begin() as txn:
                stat = txn.stat(table)
            pages = stat["branch_pages"] + stat["leaf_pages"] + stat["overflow_pages"]
            found[name.decode().removesuffix(PIECES_SUFFIX)] += pages * stat["psize"]
        return found
