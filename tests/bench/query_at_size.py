"""Queries with every stage in a made library of any size, with the ingest idle and busy.

    python -m bench.query_at_size [--keyframes 1000000] [--data FOLDER] [--queries 100] [--cold]

A film of real clips is taken in beside the made keyframes, so that its moments can be decoded.  Half of the
questions are unedited frames of it, the others photographs that are in no film, which take longest.  Then
another film is taken in while the same is asked again, and at the end the memory of the service is read.
The files of the library are in the page cache, as far as it goes, or with `--cold` nothing is, as after a
start of the machine.
Making a million keyframes takes half an hour, once, where they are kept in `--data`; the rest takes five
minutes.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from bench.cost import percentiles, report
from bench.film_kinds import film_of
from bench.made_library import forget_taken_in, made_library
from bench.retrieval.photographs import distractors
from bench.service_start import anonymous_mb, drop_page_cache, fill_page_cache
from bench.shared_data import SHARED
from bench.timed_queries import PATIENCE_S, first_answers_ms, mean_stages, timed_queries
from cbvir_core.decode import encode_still, read_frames
from support.running import Service, service

FILM_S = 240.0
GOALS_MS = {"idle": 900, "busy": 1300}
"""p95 of every stage at a million keyframes, by what the ingest does."""

DESCRIPTORS_GOAL_MS = 150
"""p95 of the answer by descriptors alone, which a page shows first."""


def questions(film: Path, count: int) -> list[bytes]:
    """Return frames of a film and photographs of no film in turn, `count` together."""
    with read_frames(film, samples_per_s=0.97, max_side=640) as frames:
        shown = [encode_still(frame.image, 90) for frame in frames]
    absent = [data for _, data in distractors(SHARED / "distractors", count // 2)]
    chosen = [shown[number] for number in np.random.default_rng(0).permutation(len(shown))[: count // 2]]
    return [one for pair in zip(chosen, absent, strict=False) for one in pair]


def _until(running: Service, state: str) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not _is(running, state):
        if time.monotonic() > deadline:
            raise RuntimeError(f"the film is not {state} in time")
        time.sleep(0.2)


def _is(running: Service, state: str) -> bool:
    status = running.json("status")
    if state == "working":
        return bool(status["videos"].get("working"))
    done: bool = not status["videos"].get("working") and not status["videos"].get("waiting")
    return done and bool(status["refining"]) and status["refined"] == status["keyframes"]


def main(line: Sequence[str]) -> None:
    """Ask a service over the library, idle and busy; print percentiles and the mean of each stage."""
    parser = argparse.ArgumentParser(prog="python -m bench.query_at_size", description=__doc__)
    parser.add_argument("--keyframes", type=int, default=1_000_000, help="made ones (default: %(default)s)")
    parser.add_argument("--data", type=Path, metavar="FOLDER", help="keep library and films there")
    parser.add_argument("--queries", type=int, default=100, help="of each kind (default: %(default)s)")
    parser.add_argument("--cold", action="store_true", help="empty the page cache before the first question")
    arguments = parser.parse_args(line)
    with tempfile.TemporaryDirectory(prefix="cbvir-") as name:
        folder, kept = Path(name), arguments.data or Path(name)
        (folder / "data").symlink_to(data := made_library(kept, arguments.keyframes))
        forget_taken_in(data)
        (watched := folder / "videos").mkdir()
        films = [film_of(kind, kept, FILM_S).path for kind in ("default", "fixed-gop")]
        pictures = questions(films[0], arguments.queries)
        with service(folder, watch={"folders": [str(watched)], "settle_s": 1.0}) as running:
            shutil.copy(films[0], watched)
            _until(running, "working")
            _until(running, "done")
            (drop_page_cache if arguments.cold else fill_page_cache)(data)
            _ask(running, pictures, "idle")
            first = percentiles(first_answers_ms(running, pictures))
            report("its first stage, by descriptors alone", **{f"ms_(goal_p95_{DESCRIPTORS_GOAL_MS})": first})
            shutil.copy(films[1], watched)
            _until(running, "working")
            _ask(running, pictures, "busy")
            if not _is(running, "working"):
                print("  the film was taken in before the last of them")
            mb = anonymous_mb(running.process.pid)
            report("memory of the service's own after that (goal at 1M: 800 MB)", anonymous_MB=f"{mb:.0f}")


def _ask(running: Service, pictures: Sequence[bytes], ingest: str) -> None:
    """Ask with every stage, and print percentiles and the mean of each."""
    times = timed_queries(running, pictures)
    report(
        f"query at {running.json('status')['keyframes']:,} keyframes, every stage, ingest {ingest}",
        **{f"ms_(goal_p95_{GOALS_MS[ingest]})": percentiles([one.ms for one in times])},
        **mean_stages(times),
    )


if __name__ == "__main__":
    main(sys.argv[1:])
