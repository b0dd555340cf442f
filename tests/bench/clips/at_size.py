"""How long a clip of half a minute takes among many hours of made rows.

    python -m bench.clips.at_size [--hours 1000] [--data FOLDER]

The rows are those of `bench.duplicates`, whose libraries in `--data` serve too.  The clip is drawn and of no
video there, so that every window that resembles it is compared; stills have no local features.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

from bench.cost import percentiles, report
from bench.duplicates.program import made_library
from cbvir_core.clips import ClipSearcher, read_clip
from cbvir_core.embed import ViewEncoder
from cbvir_core.index import FrameIndex
from cbvir_core.search import FrameFinder, SearchOptions
from cbvir_core.store import Store
from cbvir_core.weights import find_profile
from support.films import draw_film
from support.made_rows import MADE_FINGERPRINT

CLIP_S, CLIPS, SHOTS = 30.0, 6, 8
GOAL_S, GOAL_HOURS = 2.0, 1000


def main() -> None:
    """Make the library where it is not there yet, ask, and print the times."""
    parser = argparse.ArgumentParser(prog="python -m bench.clips.at_size", description=__doc__)
    parser.add_argument("--hours", type=float, default=float(GOAL_HOURS), help="default: %(default)s")
    parser.add_argument("--data", type=Path, metavar="FOLDER", help="keep the library there")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = (arguments.data or Path(name)) / f"{arguments.hours:g}-hours-0"
        rows = made_library(folder, arguments.hours, 0)["rows"]
        clips = [_clip(Path(name), number) for number in range(CLIPS)]
        times = _asked(folder, clips)
    goal = f"goal {GOAL_S:g} s at {GOAL_HOURS:,} hours"
    report(
        f"a clip of {CLIP_S:g} s among {arguments.hours:,g} hours, {rows:,} frame rows ({goal})",
        **{f"{what}_ms": percentiles(own) for what, own in times.items()},
    )


def _clip(folder: Path, seed: int) -> Path:
    return draw_film(folder / f"clip-{seed}.mp4", seed=100 + seed, shots=SHOTS, size=(1280, 720)).path


def _asked(folder: Path, clips: list[Path]) -> dict[str, list[float]]:
    """Return the milliseconds of reading each clip, of finding it, and of both."""
    times: dict[str, list[float]] = {"read": [], "find": [], "whole": []}
    with (
        Store.open(folder / "store") as store,
        FrameIndex.open(folder / "frames", store, MADE_FINGERPRINT) as index,
    ):
        encoder = ViewEncoder(find_profile("builtin", None).filter)
        searcher = ClipSearcher(store, FrameFinder(index, encoder))
        read_clip(clips[0], encoder)  # converts the network, which happens once and is not measured
        for path in clips:
            begun = time.perf_counter()
            clip = read_clip(path, encoder)
            read = time.perf_counter()
            searcher.evidence(clip, SearchOptions())
            found = time.perf_counter()
            for what, spent_s in (("read", read - begun), ("find", found - read), ("whole", found - begun)):
                times[what].append(1000.0 * spent_s)
    return times


if __name__ == "__main__":
    main()
