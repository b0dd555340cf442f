"""Keyframe extraction against FFmpeg and against other programs that find shots, on the same films.

    python -m bench.decode [--films default fixed-gop hevc 1080p static] [--seconds 237] [--without-peers]

For each film: processor seconds per hour of video, against FFmpeg decoding every frame to nothing in one
thread; shots with at least one keyframe in them, of the clips that the film is joined of; frames that differ,
which get rows of their own; how far the pictures of mode ``auto`` drift from what a player shows.  Peers are
PySceneDetect, of whose scenes the middle counts as a keyframe, the published code of MoReSo's authors,
VSUMM, and its k-means with 2 % of the frames as clusters.  Five films take about twenty minutes on an
idle machine.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from bench.cost import cost, ffmpeg_decode
from bench.film_kinds import FILM_KINDS, KindOfFilm, film_of
from bench.stages import DATA, FILM_S
from cbvir_core import extract_keyframes
from cbvir_core.decode import Mode, read_frames, thumbnail, views_differ
from cbvir_core.evaluate.extraction import KeyframeTimes, extraction_methods
from cbvir_core.keyframes import score_times

MODES: tuple[Mode, ...] = ("auto", "reference", "every")


@dataclass(frozen=True)
class Found:
    """What a program found in a film: the times of its keyframes, and its frames that differ."""

    times_s: Sequence[float]
    frames: int | None = None


def by_cbvir(mode: Mode) -> Callable[[Path], Found]:
    """Return the extraction in a mode."""

    def extract(path: Path) -> Found:
        times_s, frames = [], 0
        for keyframe in extract_keyframes(path, mode=mode):
            times_s.append(keyframe.time_s)
            frames += 0 if keyframe.frames is None else len(keyframe.frames)
        return Found(times_s, frames)

    return extract


def published() -> Iterator[tuple[str, Callable[[Path], Found]]]:
    """Yield the methods that MoReSo's Table II compares with and that need no weights."""
    methods = extraction_methods()
    names = {
        "published-code": "MoReSo, published code",
        "published-mended": "MoReSo, its defects mended",
        "vsumm": "VSUMM",
        "vsumm-share": "VSUMM, k 2 % of the frames",
    }
    for name, title in names.items():
        yield title, _found_by(methods[name])


def _found_by(times: KeyframeTimes) -> Callable[[Path], Found]:
    return lambda path: Found(times(path))


def peers() -> Iterator[tuple[str, Callable[[Path], Found]]]:
    """Yield PySceneDetect with its two detectors; nothing where it is not installed."""
    try:
        import scenedetect
    except ImportError:
        print("PySceneDetect is not installed: make peers", file=sys.stderr)
        return

    def detector(kind: str) -> Callable[[Path], Found]:
        def detect(path: Path) -> Found:
            scenes = scenedetect.detect(str(path), getattr(scenedetect, kind)(), start_in_scene=True)
            return Found([(start.seconds + end.seconds) / 2 for start, end in scenes])

        return detect

    yield "PySceneDetect, adaptive", detector("AdaptiveDetector")
    yield "PySceneDetect, content", detector("ContentDetector")


def drift(path: Path) -> str:
    """Return how far frames of mode ``auto`` are from a player's: PSNR, and thumbnails that differ."""
    with read_frames(path, max_side=512) as frames:
        shown = {frame.time: frame.image for frame in frames}
    psnr, differ = [], 0
    with read_frames(path, samples_per_s=None, mode="every", max_side=512) as frames:
        for frame in frames:
            if frame.time in shown:
                other = shown.pop(frame.time)
                psnr.append(min(99.0, cv2.PSNR(frame.image, other)))
                differ += views_differ(thumbnail(frame.image), thumbnail(other))
    low, middle = np.quantile(psnr, [0.01, 0.5])
    return (
        f"PSNR at 512 pixels {middle:.1f} dB, of the worst hundredth {low:.1f}; thumbnails that differ "
        f"{differ} of {len(psnr)}, times that no frame has {len(shown)}"
    )


def lines(film: KindOfFilm, programs: dict[str, Callable[[Path], Found]]) -> Iterator[str]:
    """Yield the table of one film."""
    hours, null = film.duration_s / 3600, ffmpeg_decode(film.path)
    yield f"  {'':28} CPU s an hour  of FFmpeg  shots found  keyframes  frames that differ"
    yield f"  {'FFmpeg to nothing':28} {null.cpu_s / hours:13.1f} {1:10.2f}"
    for name, program in programs.items():
        with cost() as spent:
            found = program(film.path)
        score = score_times(found.times_s, film.shots)
        frames = "" if found.frames is None else found.frames
        yield (
            f"  {name:28} {spent.cpu_s / hours:13.1f} {spent.cpu_s / null.cpu_s:10.2f} "
            f"{score.accuracy:12.3f} {score.keyframes:10} {frames:>19}"
        )


def main(arguments: Sequence[str] | None = ()) -> None:
    """Print the table of each film."""
    parser = argparse.ArgumentParser(prog="python -m bench.decode", description=__doc__)
    parser.add_argument("--films", nargs="+", choices=FILM_KINDS, default=list(FILM_KINDS))
    parser.add_argument("--seconds", type=float, default=FILM_S, help=f"of each film ({FILM_S:g})")
    parser.add_argument("--data", type=Path, default=DATA, help="where films are kept")
    parser.add_argument("--without-peers", action="store_true")
    options = parser.parse_args(arguments)
    cv2.setNumThreads(1)
    programs = {f"cbvir, {mode}": by_cbvir(mode) for mode in MODES}
    programs |= {} if options.without_peers else dict(published()) | dict(peers())
    for kind in options.films:
        film = film_of(kind, options.data, options.seconds)
        print(f"\n{kind}: {film.duration_s:.0f} s, {len(film.shots)} shots")
        for line in lines(film, programs):
            print(line, flush=True)
        print(f"  auto against a player: {drift(film.path)}", flush=True)


if __name__ == "__main__":
    main(None)
