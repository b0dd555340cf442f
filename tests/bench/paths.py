"""What lists and look-ups by path cost in a library of a thousand and of a hundred thousand videos.

    python -m bench paths

The videos have no keyframes, and each folder has a thousand of them at both sizes.  The times are of the
processor, so that other work beside it says little.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from bench.cost import report
from cbvir_core import Library
from cbvir_core.search.video_paths import videos_within
from cbvird.config import WatchSettings
from cbvird.ingest.catalog import Catalog
from cbvird.ingest.jobs import Jobs
from cbvird.ingest.tracker import Tracker
from cbvird.runtime.event_bus import EventBus
from support.libraries import store_of
from support.store_makers import put_videos

SIZES = 1_000, 100_000
FOLDER = Path("/archive/reel 000")
FILE = FOLDER / "film 000500.mp4"
PAGE, TIMES = 50, 31


def _cost_ms(call: Callable[[], object]) -> float:
    """Return the median of the processor milliseconds of a call."""

    def once() -> float:
        begun = time.thread_time()
        call()
        return 1e3 * (time.thread_time() - begun)

    once()
    return statistics.median(once() for _ in range(TIMES))


def _costs_ms(folder: Path, videos: int) -> dict[str, float]:
    with (
        Library.open(folder / "data", profile="builtin", frames=False) as library,
        Jobs.open(folder / "jobs") as jobs,
    ):
        store = store_of(library)
        put_videos(store, videos)
        bus = EventBus()
        catalog = Catalog(library, jobs, Tracker(WatchSettings(folders=()), library, jobs, bus), bus)
        calls: dict[str, Callable[[], object]] = {
            f"a page of {PAGE} videos": lambda: catalog.page(PAGE),
            "a page from the middle": lambda: catalog.page(PAGE, FILE),
            "a page of a folder": lambda: catalog.page(PAGE, under=FOLDER),
            "folders of a level, with counts": lambda: catalog.folders(FOLDER.parent / "reel 000"),
            "look-up by path": lambda: catalog.find(str(FILE)),
            "look-up by id": lambda: catalog.find(f"{500:032x}"),
            "--in a file": lambda: videos_within(store, [FILE]),
            "--in a folder of 1,000 videos": lambda: videos_within(store, [FOLDER]),
            "counts by state": catalog.counts,
        }
        return {name: _cost_ms(call) for name, call in calls.items()}


def main() -> None:
    """Print the processor milliseconds at both sizes, and their ratio."""
    with tempfile.TemporaryDirectory() as name:
        small, large = (_costs_ms(Path(name, str(size)), size) for size in SIZES)
    figures = {
        what: f"{small[what]:.3f}  {large[what]:.3f} ms  {large[what] / small[what]:.2f} times"
        for what in small
    }
    report(f"by path, at {SIZES[0]:,} and {SIZES[1]:,} videos", **figures)


if __name__ == "__main__":
    main()
