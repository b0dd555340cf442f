"""Ingest of a 720p film by the running service, against FFmpeg decoding it to nothing.

Processor seconds are those of all processes of the service, less those of a service that starts, finds
no video and stops.
"""

from __future__ import annotations

import shutil
import tempfile
import time
from pathlib import Path

from bench.cost import Cost, cost, ffmpeg_decode, film_720p, report
from support.running import service

FILM_S = 900.0
POLL_S = 0.2


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


def main() -> None:
    """Print times real time and processor seconds per video hour."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        film = film_720p(folder, FILM_S)
        hours = film.duration_s / 3600
        null = ffmpeg_decode(film.path)
        idle, _ = _run(folder / "idle", None)
        busy, working_s = _run(folder / "busy", film.path)
    cpu_s = busy.cpu_s - idle.cpu_s
    report(
        f"ingest of {film.duration_s:.0f} s of 720p by the service",
        times_real_time=f"{film.duration_s / working_s:.0f}",
        cpu_s_per_video_hour=f"{cpu_s / hours:.0f}",
        ffmpeg_to_null_cpu_s_per_video_hour=f"{null.cpu_s / hours:.0f}",
        cpu_against_ffmpeg=f"{cpu_s / null.cpu_s:.2f}",
    )
