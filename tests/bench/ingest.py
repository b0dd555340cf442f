"""Ingest of 720p films by the running service, against FFmpeg decoding them to nothing.

One film is joined from the real clips, where they are there; the other is drawn.

Processor seconds are those of all processes of the service, less those of a service that starts, finds
no video and stops.  ``python -m bench.ingest stages`` measures the stages of an ingest (`bench.stages`).
"""

from __future__ import annotations

import shutil
import sys
import tempfile
import time
from pathlib import Path

from bench import stages
from bench.cost import Cost, cost, ffmpeg_decode, film_720p, report
from bench.films.making import make_film
from bench.films.parts import best_versions
from bench.films.plan import ENCODINGS, FilmPlan, stretch_of
from bench.shared_data import CLIPS
from support.running import service

FILM_S = 900.0
MAX_CLIP_S = 60.0
"""Seconds of a real clip at most, so that no clip is most of the film."""

GOAL_TIMES_REAL_TIME = 40
POLL_S = 0.2

CORES, GOAL_WALL = 2, 1.15
"""Cores that the work is to fill, and the wall clock by the processor seconds divided by them, at most."""


def _indexed_after_s(folder: Path, film: Path | None) -> float:
    """Copy the film into the watched folder; return the seconds from the start of the work to its end."""
    watched = folder / "videos"
    watched.mkdir(parents=True)
    with service(folder, watch={"folders": [str(watched)], "settle_s": 1.0}) as running:
        if film is None:
            return 0.0
        shutil.copy(film, watched / film.name)
        started = None
        while (videos := running.json("status")["videos"]) and not videos.get("indexed"):
            if started is None and videos.get("working"):
                started = time.perf_counter()
            time.sleep(POLL_S)
        return time.perf_counter() - (started or time.perf_counter())


def _run(folder: Path, film: Path | None) -> tuple[Cost, float]:
    with cost() as spent:
        working_s = _indexed_after_s(folder, film)
    return spent, working_s


def _joined_film(folder: Path) -> tuple[Path, float]:
    """Join the real clips to a film of 720p with x264's defaults, about 1.2 Mb/s; return its seconds too."""
    clips = best_versions(CLIPS.iterdir()).values()
    stretches = tuple(stretch_of(clip, asked=False, max_s=MAX_CLIP_S) for clip in clips)
    plan = FilmPlan("joined", stretches, ENCODINGS["default"])
    return make_film(plan, folder), plan.duration_s


def _measure(folder: Path, film: Path, duration_s: float, idle_cpu_s: float) -> dict[str, str]:
    hours = duration_s / 3600
    null = ffmpeg_decode(film)
    busy, working_s = _run(folder, film)
    cpu_s = busy.cpu_s - idle_cpu_s
    return {
        f"times_real_time_(goal_{GOAL_TIMES_REAL_TIME})": f"{duration_s / working_s:.0f}",
        "cpu_s_per_video_hour": f"{cpu_s / hours:.0f}",
        "ffmpeg_to_null_cpu_s_per_video_hour": f"{null.cpu_s / hours:.0f}",
        "cpu_against_ffmpeg": f"{cpu_s / null.cpu_s:.2f}",
        f"wall_clock_against_cpu_over_{CORES}_cores_(goal_{GOAL_WALL})": f"{CORES * working_s / cpu_s:.2f}",
    }


def main() -> None:
    """Print times real time and processor seconds per video hour, of real clips and of a drawn film."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        films = {}
        if CLIPS.is_dir():
            films["joined clips"] = _joined_film(folder)
        drawn = film_720p(folder, FILM_S)
        films["a drawn film"] = drawn.path, drawn.duration_s
        idle, _ = _run(folder / "idle", None)
        for kind, (film, duration_s) in films.items():
            figures = _measure(folder / kind.replace(" ", "-"), film, duration_s, idle.cpu_s)
            report(f"ingest of {duration_s:.0f} s of 720p by the service, {kind}", **figures)


if __name__ == "__main__":
    if sys.argv[1:2] == ["stages"]:
        stages.main(sys.argv[2:])
    else:
        main()
