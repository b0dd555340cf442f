"""Films of one content in several encodings, for benchmarks of decoding and ingest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.films.making import make_film, write_film
from bench.films.parts import best_versions, clip_duration_s
from bench.films.plan import BITRATE, ENCODINGS, FILM_RATE, FILM_SIZE, FIXED_GOP, FilmPlan, stretch_of
from bench.shared_data import CLIPS
from cbvir_core.decode import read_frames
from cbvir_core.types import Span

FULL_HD = 1920, 1080

FILM_KINDS = ("default", "fixed-gop", "hevc", "1080p", "static")
"""x264's defaults, a GOP of 250 without I-frames at cuts, HEVC, x264's defaults in 1080p, and still pictures
of 20 s each with a GOP of 250."""

STATIC_PICTURE_S = 20

CONSTANT_QUALITY = ("-c:v", "libx264", "-preset", "veryfast", "-crf", "23", *FIXED_GOP)
"""How slides and screens are encoded: a bit rate to be kept would be spent on pictures that stand still."""


@dataclass(frozen=True)
class KindOfFilm:
    """A film on disk and its shots, in seconds."""

    path: Path
    duration_s: float
    shots: Sequence[Span]


def film_of(kind: str, folder: Path, seconds: float) -> KindOfFilm:
    """Return a film of about `seconds` of real clips; make it in `folder` where it is not there yet."""
    plan = _plan(kind, seconds)
    if kind == "static":
        return _static_film(plan, folder, seconds)
    return KindOfFilm(
        make_film(plan, folder), plan.duration_s, tuple((start, end) for _, start, end in plan.spans())
    )


def _plan(kind: str, seconds: float) -> FilmPlan:
    clips = list(best_versions(CLIPS.iterdir()).values())
    limit_s = _limit_s([clip_duration_s(clip) for clip in clips], seconds)
    stretches = tuple(stretch_of(clip, asked=False, max_s=limit_s) for clip in clips)
    encodings = {"fixed-gop": "gop-1", "hevc": "hevc"}
    size = FULL_HD if kind == "1080p" else FILM_SIZE
    encoding = ENCODINGS[encodings.get(kind, "default")]
    if kind == "1080p":
        encoding = tuple("2500k" if option == BITRATE else option for option in encoding)
    return FilmPlan(f"joined-{kind}", stretches, encoding, size)


def _limit_s(durations_s: Sequence[float], seconds: float) -> float:
    """Return the length to which clips are cut so that together they last about `seconds`."""
    limit_s, left_s = 0.0, seconds
    for place, duration_s in enumerate(sorted(durations_s)):
        limit_s = left_s / (len(durations_s) - place)
        if duration_s >= limit_s:
            return limit_s
        left_s -= duration_s
    return max(durations_s)


def _static_film(plan: FilmPlan, folder: Path, seconds: float) -> KindOfFilm:
    """Make a film of the first pictures of the plan's clips, each shown for `STATIC_PICTURE_S`."""
    count = min(len(plan.stretches), max(2, round(seconds / STATIC_PICTURE_S)))
    path = folder / f"static-{count}-{FILM_RATE}.mp4"
    duration_s = float(count * STATIC_PICTURE_S)
    if not path.is_file():
        source = film_of("default", folder, seconds)
        with read_frames(source.path, samples_per_s=None, mode="keyframes") as frames:
            pictures = [frame.image for frame, _ in zip(frames, range(count), strict=False)]
        size = "x".join(map(str, FILM_SIZE))
        read = ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", size, "-framerate", f"1/{STATIC_PICTURE_S}"]
        shown = ["-vf", f"fps={FILM_RATE},format=yuv420p", "-t", str(duration_s)]
        write_film(path, [*read, "-i", "-", *shown, *CONSTANT_QUALITY], pictures)
    shots = tuple(
        (float(s), float(s + STATIC_PICTURE_S)) for s in range(0, int(duration_s), STATIC_PICTURE_S)
    )
    return KindOfFilm(path, duration_s, shots)
