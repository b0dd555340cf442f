"""Ingest of 720p films by the running service, against FFmpeg decoding them to nothing.

One film is joined from the real clips, where they are there; the other is drawn.  The clips are also joined
to several films, for an archive is many files: of one file alone the decoder uses one core.  Work ends where
every keyframe has its SOLAR descriptor too; what is left then are local features of the last stills.

Processor seconds are those of all processes of the service, less those of a service that starts, finds
no video and stops.  Beside other work the wall clock says little: what it would be on free processors is
estimated by how many threads had work at each moment (`bench.demand`).

``python -m bench.ingest stages`` measures the stages of an ingest (`bench.stages`).
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from bench import stages
from bench.cost import Cost, cost, ffmpeg_decode, film_720p, orphans_waited_for, report
from bench.demand import Demand
from bench.films.making import make_film
from bench.films.parts import best_versions
from bench.films.plan import ENCODINGS, FilmPlan, stretch_of
from bench.shared_data import CLIPS
from support.running import service

FILM_S = 900.0
FILES = 6
"""Files of an archive: several for each core, so that both have work until the end."""

MAX_CLIP_S = 60.0
"""Seconds of a real clip at most, so that no clip is most of the film."""

GOAL_TIMES_REAL_TIME = 40
POLL_S = 0.2

CORES, GOAL_WALL = 2, 1.15
"""Cores that the work is to fill, and the wall clock by the processor seconds divided by them, at most."""


@dataclass
class _Work:
    """Seconds from the start of the work to its end, and what it wanted of the processors."""

    wall_s: float = 0.0
    demand: Demand | None = None


def _done(folder: Path, films: Sequence[Path]) -> _Work:
    """Move the films into the watched folder; return what it took until all is searchable."""
    watched = folder / "videos"
    watched.mkdir(parents=True)
    with service(folder, watch={"folders": [str(watched)], "settle_s": 1.0}) as running:
        if not films:
            return _Work()
        for film in films:
            shutil.copy(film, watched / f"{film.name}.part")
        for film in films:
            (watched / f"{film.name}.part").rename(watched / film.name)
        transport = httpx.HTTPTransport(uds=str(running.socket))
        with httpx.Client(transport=transport, base_url="http://cbvird", timeout=600.0) as http:
            while not http.get("/v1/status").json()["videos"].get("working"):
                time.sleep(POLL_S)
            started = looked = time.perf_counter()
            demand = Demand(running.process.pid, CORES)
            while not _is_done(http.get("/v1/status").json(), len(films)):
                time.sleep(POLL_S)
                before, looked = looked, time.perf_counter()
                demand.look(looked - before)
            return _Work(time.perf_counter() - started, demand)


def _is_done(status: dict[str, Any], films: int) -> bool:
    indexed: int = status["videos"].get("indexed", 0)
    refined: int = status["refined"]
    return indexed == films and refined == status["keyframes"] > 0


def _run(folder: Path, films: Sequence[Path]) -> tuple[Cost, _Work]:
    with cost() as spent, orphans_waited_for():
        work = _done(folder, films)
    return spent, work


def _joined(folder: Path, files: int) -> tuple[list[Path], float]:
    """Join the real clips to films of 720p of about 1.2 Mb/s; return their seconds together too.

    They are encoded by x264 with its defaults but for the preset, which is veryfast.
    """
    clips = best_versions(CLIPS.iterdir()).values()
    stretches = [stretch_of(clip, asked=False, max_s=MAX_CLIP_S) for clip in clips]
    plans = [
        FilmPlan(f"joined-{number + 1}-of-{files}", tuple(stretches[number::files]), ENCODINGS["default"])
        for number in range(files)
    ]
    return [make_film(plan, folder) for plan in plans], sum(plan.duration_s for plan in plans)


def _measure(folder: Path, films: Sequence[Path], duration_s: float, idle_cpu_s: float) -> dict[str, str]:
    hours = duration_s / 3600
    null_cpu_s = sum(ffmpeg_decode(film).cpu_s for film in films)
    busy, work = _run(folder, films)
    cpu_s, demand = busy.cpu_s - idle_cpu_s, work.demand
    assert demand is not None
    return {
        f"times_real_time_(goal_{GOAL_TIMES_REAL_TIME})": f"{duration_s / work.wall_s:.0f}",
        "cpu_s_per_video_hour": f"{cpu_s / hours:.0f}",
        "ffmpeg_to_null_cpu_s_per_video_hour": f"{null_cpu_s / hours:.0f}",
        "cpu_against_ffmpeg": f"{cpu_s / null_cpu_s:.2f}",
        f"wall_clock_against_cpu_over_{CORES}_cores_(goal_{GOAL_WALL})": f"{CORES * work.wall_s / cpu_s:.2f}",
        "the_same_on_free_cores,_by_demand": f"{demand.against_full_use:.2f}",
        "waiting_for_a_core_by_cpu": f"{demand.waited_s / demand.cpu_s:.1f} times",
    }


def main(line: Sequence[str] = ()) -> None:
    """Print times real time and processor seconds per video hour, of real clips and of a drawn film."""
    parser = argparse.ArgumentParser(prog="python -m bench.ingest", description=main.__doc__)
    parser.add_argument("--data", type=Path, metavar="FOLDER", help="keep the joined films there")
    kept = parser.parse_args(line).data
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        films = {}
        if CLIPS.is_dir():
            films["joined clips"] = _joined(kept or folder, 1)
            films[f"joined clips in {FILES} files"] = _joined(kept or folder, FILES)
        drawn = film_720p(folder, FILM_S)
        films["a drawn film"] = [drawn.path], drawn.duration_s
        idle, _ = _run(folder / "idle", ())
        for kind, (some, duration_s) in films.items():
            figures = _measure(folder / kind.replace(" ", "-"), some, duration_s, idle.cpu_s)
            report(f"ingest of {duration_s:.0f} s of 720p by the service, {kind}", **figures)


if __name__ == "__main__":
    if sys.argv[1:2] == ["stages"]:
        stages.main(sys.argv[2:])
    else:
        main(sys.argv[1:])
