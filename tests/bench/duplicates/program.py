"""The benchmark, from its command line to its figures."""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import resource
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np

from bench.cost import report
from bench.duplicates.planted import HOUR_S, MadeLibrary, Planted
from cbvir_core.duplicates import ComparisonProgress, DuplicateFinder, DuplicateGroup, duplicate_groups
from cbvir_core.index import FrameIndex, shipped_codec
from cbvir_core.store import SharedSegment, Store
from cbvir_core.types import VideoId
from support.made_rows import MADE_FINGERPRINT, RowMaker, add_made_video, video_name

DESCRIPTION = "Compare a library with itself: time, memory, and what is found of what was planted."
GOAL_HOURS, GOAL_S = 1000, 3600.0
"""The goal: so many hours of video in so many seconds on two cores."""

MEMORY_INTERVAL_S = 0.2
MIN_FOUND_SHARE = 0.5
"""Share of what was planted that a found segment must cover."""


class EnoughMeasured(Exception):
    """The time that may be measured is over."""


@dataclass(frozen=True)
class ComparisonFigures:
    """What one comparison took; peaks of memory that is the process's own, and of all that it uses."""

    wall_s: float
    cpu_s: float
    done_s: float
    total_s: float
    own_mb: float
    all_mb: float
    own_first_mb: float


def run(line: Sequence[str]) -> None:
    """Run the benchmark with the options of a command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.duplicates", description=DESCRIPTION)
    parser.add_argument(
        "--hours", type=float, nargs="*", default=[50.0], help="hours of video of each library"
    )
    parser.add_argument("--at-most", type=float, metavar="S", help="stop comparing after so many seconds")
    parser.add_argument("--data", type=Path, metavar="FOLDER", help="keep the libraries there")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args(line)
    with tempfile.TemporaryDirectory() as name:
        for hours in arguments.hours:
            folder = (arguments.data or Path(name)) / f"{hours:g}-hours-{arguments.seed}"
            made = made_library(folder, hours, arguments.seed)
            figures = _compared(folder, arguments.at_most)
            _report(folder, hours, made, figures)


def made_library(folder: Path, hours: float, seed: int) -> dict[str, Any]:
    """Make the library of `hours` of rows where it is not there yet; return what is known of it."""
    known = folder / "made.json"
    if not known.is_file():
        folder.mkdir(parents=True)
        known.write_text(json.dumps(_make(folder, hours, seed)))
    made: dict[str, Any] = json.loads(known.read_text())
    return made


def _make(folder: Path, hours: float, seed: int) -> dict[str, Any]:
    begun, rows = time.perf_counter(), 0
    library = MadeLibrary(RowMaker(shipped_codec(), seed), np.random.default_rng([seed, 1]))
    with Store.open(folder / "store", first_map_bytes=1 << 30) as store:
        store.use_frame_codec(MADE_FINGERPRINT)
        for number, video in enumerate(library.videos(hours)):
            add_made_video(store, number, video)
            rows += sum(len(scene) for scene in video.scenes)
        with FrameIndex.open(folder / "frames", store, MADE_FINGERPRINT) as index:
            while index.maintain():
                pass
            index.rebuild()  # as large files as there may be, as a library has in the long run
    return {
        "planted": [asdict(one) for one in library.planted],
        "rows": rows,
        "took_s": time.perf_counter() - begun,
    }


def _compared(folder: Path, at_most_s: float | None) -> ComparisonFigures:
    """Compare the library with itself in a process of its own."""
    for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):
        os.environ[variable] = "1"  # as the service does: two videos are compared at once
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_work, args=(theirs, folder, at_most_s))
    process.start()
    theirs.close()
    figures: ComparisonFigures = ours.recv()
    process.join()
    return figures


def _work(connection: Connection, folder: Path, at_most_s: float | None) -> None:
    seen = ComparisonProgress()
    begun = time.perf_counter()

    def listen(progress: ComparisonProgress) -> None:
        nonlocal seen
        seen = progress
        if at_most_s is not None and time.perf_counter() - begun > at_most_s:
            raise EnoughMeasured

    with (
        Store.open(folder / "store") as store,
        FrameIndex.open(folder / "frames", store, MADE_FINGERPRINT) as index,
    ):
        store.use_compared_codec("")  # forget what an earlier run compared
        begun, cpu_s = time.perf_counter(), _cpu_s()
        with _memory() as peaks, suppress(EnoughMeasured):
            seen = DuplicateFinder(store, index).run(listener=listen)
        wall_s, spent_s = time.perf_counter() - begun, _cpu_s() - cpu_s
    own = [one for one, _ in peaks]
    connection.send(
        ComparisonFigures(
            wall_s=wall_s,
            cpu_s=spent_s,
            done_s=seen.done_s,
            total_s=seen.total_s,
            own_mb=max(own),
            all_mb=max(whole for _, whole in peaks),
            own_first_mb=max(own[: max(1, len(own) // 10)]),
        )
    )


def _cpu_s() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


@contextmanager
def _memory() -> Iterator[list[tuple[float, float]]]:
    """Measure the process's own memory, and all that it uses, mapped files too, while the block runs; MB."""
    seen, done = [_memory_mb()], threading.Event()

    def watch() -> None:
        while not done.wait(MEMORY_INTERVAL_S):
            seen.append(_memory_mb())

    watching = threading.Thread(target=watch)
    watching.start()
    try:
        yield seen
    finally:
        done.set()
        watching.join()


def _memory_mb() -> tuple[float, float]:
    lines = Path("/proc/self/status").read_text().splitlines()
    values = {
        name: rest.split()[0] for name, _, rest in (line.partition(":") for line in lines) if rest.split()
    }
    return int(values["RssAnon"]) / 1024, int(values["VmRSS"]) / 1024


def _report(folder: Path, hours: float, made: dict[str, Any], figures: ComparisonFigures) -> None:
    with Store.open(folder / "store") as store:
        segments = list(store.shared_segments())
        durations_s = {video.video_id: video.duration_s or 0.0 for video in store.videos()}
    groups = duplicate_groups(segments, durations_s, 3.0)
    whole = figures.done_s >= 0.999 * figures.total_s
    done_hours = figures.done_s / HOUR_S
    took = f"{figures.wall_s:.0f} s ({figures.cpu_s:.0f} s of processor)"
    lines: dict[str, object] = {
        "frame_rows": f"{made['rows']:,} in {len(durations_s):,} videos, made in {made['took_s']:.0f} s",
        "compared": f"{done_hours:.1f} h of video in {took}",
        "speed": f"{figures.done_s / figures.wall_s:.0f} times real time",
        "own_memory": f"{figures.own_mb:.0f} MB at most, {figures.own_first_mb:.0f} MB in the first tenth",
        "with_mapped_files": f"{figures.all_mb:.0f} MB at most",
    }
    if not whole:
        left = figures.wall_s * figures.total_s / max(1.0, figures.done_s)
        lines["extrapolated"] = (
            f"{left:.0f} s for all {figures.total_s / HOUR_S:.0f} h; it was stopped before"
        )
    if hours >= GOAL_HOURS:
        lines["goal"] = f"{GOAL_S:.0f} s for {GOAL_HOURS} h"
    if whole:
        lines.update(_judged([Planted(**one) for one in made["planted"]], segments, groups))
    report(f"duplicates among {hours:g} hours", **lines)


def _judged(
    planted: Sequence[Planted], segments: Sequence[SharedSegment], groups: Sequence[DuplicateGroup]
) -> dict[str, str]:
    """Return lines about what was found of what was planted, and what was found beside it."""
    sources: dict[VideoId, set[VideoId]] = defaultdict(set)
    for one in planted:
        sources[video_name(one.copy)].add(video_name(one.source))
    kinds: dict[frozenset[VideoId], set[str]] = defaultdict(set)
    for group in groups:
        for segment in group.segments:
            kinds[frozenset((segment.first, segment.second))].add(group.kind.value)
    counts: dict[str, list[tuple[bool, bool]]] = defaultdict(list)
    for one in planted:
        pair = frozenset((video_name(one.copy), video_name(one.source)))
        counts[one.kind].append((_is_found(one, segments), one.kind in kinds[pair]))
    lines = {
        f"{kind}_planted": f"{len(own)}, {sum(found for found, _ in own)} found, "
        f"{sum(right for _, right in own)} called so"
        for kind, own in counts.items()
    }
    false = [
        one
        for one in segments
        if not ({one.first} | sources[one.first]) & ({one.second} | sources[one.second])
    ]
    lines["false"] = f"{len(false)} of {len(segments)} segments, of videos that come from no common one"
    return lines


def _is_found(one: Planted, segments: Sequence[SharedSegment]) -> bool:
    copy, source = video_name(one.copy), video_name(one.source)
    covered_s = 0.0
    for segment in segments:
        if {segment.first, segment.second} == {copy, source}:
            span = segment.first_span if segment.first == copy else segment.second_span
            covered_s += max(0.0, min(span[1], one.copy_span[1]) - max(span[0], one.copy_span[0]))
    return covered_s >= MIN_FOUND_SHARE * (one.copy_span[1] - one.copy_span[0])
