"""Films as files: made once with FFmpeg, and kept for the next run."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

import cv2
import numpy as np

from bench.films.plan import FILM_RATE, FilmPlan
from bench.retrieval.photographs import Photograph
from cbvir_core.decode import read_picture
from cbvir_core.types import Image

PHOTOGRAPH_SIZE = (640, 360)
PHOTOGRAPH_FILM_LENGTH = 250
"""Photographs in a film, and its seconds: 2,500 make ten films."""


def ffmpeg() -> str:
    """Return the path of FFmpeg; exit with a message where it is not installed."""
    program = shutil.which("ffmpeg")
    if program is None:
        sys.exit("this benchmark writes films with ffmpeg: install it (Debian: apt-get install ffmpeg)")
    return program


def make_film(plan: FilmPlan, folder: Path) -> Path:
    """Return the file of a film in `folder`; make it where it is not there yet."""
    path = folder / plan.file_name
    if path.is_file():
        return path
    inputs = [text for one in plan.stretches for text in ("-i", str(one.clip))]
    last = f"concat=n={len(plan.stretches)}:v=1:a=0[film]"
    chains = [
        f"[{number}:v:0]{_normalised(one.frames, plan.size)}[v{number}]"
        for number, one in enumerate(plan.stretches)
    ]
    joined = "".join(f"[v{number}]" for number in range(len(plan.stretches)))
    write_film(
        path,
        [*inputs, "-filter_complex", ";".join([*chains, joined + last]), "-map", "[film]", *plan.encoding],
    )
    return path


def _normalised(frames: int, size: tuple[int, int]) -> str:
    """Return the filters that bring a clip to the size and rate of films, without bars, and to its length.

    A clip that ends early shows its last frame until then, so that every stretch begins where it should.
    """
    width, height = size
    return (
        f"scale=trunc(iw*sar/2)*2:ih,scale={width}:{height}:force_original_aspect_ratio=increase,"
        f"crop={width}:{height},setsar=1,setpts=PTS-STARTPTS,fps={FILM_RATE},tpad=stop=-1:stop_mode=clone,"
        f"trim=end_frame={frames},setpts=PTS-STARTPTS,format=yuv420p"
    )


def make_photograph_films(photographs: Sequence[Photograph], folder: Path) -> list[Path]:
    """Return the files of films that show each photograph for a second; make those that are not there yet."""
    films = []
    for start in range(0, len(photographs), PHOTOGRAPH_FILM_LENGTH):
        shown = photographs[start : start + PHOTOGRAPH_FILM_LENGTH]
        path = folder / f"photographs-{start}-{len(shown)}.mp4"
        if not path.is_file():
            write_film(path, _photograph_options(), (filled(read_picture(data)) for _, data in shown))
        films.append(path)
    return films


def filled(image: Image) -> Image:
    """Return a photograph that fills the picture of the film; what does not fit is cut off evenly."""
    width, height = PHOTOGRAPH_SIZE
    scale = max(width / image.shape[1], height / image.shape[0])
    size = (max(width, round(image.shape[1] * scale)), max(height, round(image.shape[0] * scale)))
    large = cv2.resize(image, size, interpolation=cv2.INTER_CUBIC)
    top, left = (size[1] - height) // 2, (size[0] - width) // 2
    return np.ascontiguousarray(large[top : top + height, left : left + width])


def _photograph_options() -> list[str]:
    size = "x".join(map(str, PHOTOGRAPH_SIZE))
    source = ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", size, "-framerate", "1", "-i", "-"]
    return [*source, "-vf", "fps=25,format=yuv420p", "-c:v", "libx264", "-preset", "veryfast"]


def write_film(path: Path, options: Sequence[str], frames: Iterable[Image] = ()) -> None:
    """Run FFmpeg into a file beside `path` that gets its name when it is complete."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".part.mp4")
    line = [ffmpeg(), "-v", "error", "-y", *options, "-an", str(unfinished)]
    with subprocess.Popen(line, stdin=subprocess.PIPE) as running:
        assert running.stdin is not None, "it was asked for"
        for frame in frames:
            running.stdin.write(frame.tobytes())
        running.stdin.close()
    if running.returncode:
        sys.exit(f"ffmpeg could not write {path}; its message stands above")
    unfinished.rename(path)
