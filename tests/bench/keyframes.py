"""Keyframe extraction against FFmpeg decoding the same file to nothing, one thread each."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import get_args

from bench.cost import cost, ffmpeg_decode, film_720p, report
from cbvir_core import extract_keyframes
from cbvir_core.decode import Mode

FILM_S = 300.0


def main() -> None:
    """Measure every decode mode in processor seconds per hour of video."""
    with tempfile.TemporaryDirectory() as folder:
        film = film_720p(Path(folder), FILM_S)
        hours = film.duration_s / 3600
        null = ffmpeg_decode(film.path)
        figures = {"ffmpeg_to_null_cpu_s_per_hour": f"{null.cpu_s / hours:.0f}"}
        for mode in get_args(Mode):
            with cost() as spent:
                count = sum(1 for _ in extract_keyframes(film.path, mode=mode))
            figures[f"{mode}_cpu_s_per_hour"] = (
                f"{spent.cpu_s / hours:.0f}, {spent.cpu_s / null.cpu_s:.2f} of ffmpeg, "
                f"{film.duration_s / spent.wall_s:.0f} times real time, {count} keyframes"
            )
    report(f"keyframes of {film.duration_s:.0f} s of 720p", **figures)
