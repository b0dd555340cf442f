"""A film that is joined from clips, so that its cuts are known."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from cbvir_core.decode import fingerprint, probe, read_frames, write_film
from cbvir_core.errors import DecodeError, InputError
from cbvir_core.evaluate.files import files_in
from cbvir_core.evaluate.report import Notify, silent
from cbvir_core.evaluate.tables import SHOT_COLUMNS, AnnotatedSpan
from cbvir_core.types import Image

JOINED_RATE = 30
"""Frames a second: the rate of most clips, so that hardly a frame is shown twice or left out."""

JOINED_SIZE = (1280, 720)
"""Width and height; a clip fills it, and what does not fit is cut off evenly."""

JOINED_FILE, SHOTS_FILE = "joined.mp4", "shots.csv"
ORDER_SEED = 18
"""The order of the clips is drawn, so that copies of one film do not follow each other."""


TrueShots = dict[Path, list[AnnotatedSpan]]
"""The true shots of each video."""


@dataclass(frozen=True, slots=True)
class ClipStretch:
    """The beginning of a clip: as many frames of the film as are taken of it."""

    clip: Path
    frames: int


def join_clips(
    folder: Path,
    out: Path,
    *,
    seconds: float | None = None,
    size: tuple[int, int] | None = None,
    notify: Notify = silent,
) -> TrueShots:
    """Join the clips of a folder to ``joined.mp4`` in `out`, and return its true shots: one for each clip.

    Long clips are cut, so that all last about `seconds` together (None: whole clips).  ``shots.csv`` beside
    the film holds the shots.  A film that is there already with the same shots is left as it is.  Of files
    with the same content one is taken; what is no video is left out.  A cut inside a clip is not known.
    Raise InputError where fewer than two clips can be decoded, and FileUnreadable.
    """
    stretches = _stretches(folder, seconds, notify)
    if len(stretches) < 2:
        raise InputError("has no two clips that could be joined", path=folder)
    out.mkdir(parents=True, exist_ok=True)
    film, table = out / JOINED_FILE, out / SHOTS_FILE
    text = _table(stretches)
    if not (film.is_file() and table.is_file() and table.read_text(encoding="utf-8") == text):
        table.unlink(missing_ok=True)
        write_film(film, _pictures(stretches, size or JOINED_SIZE, notify), JOINED_RATE)
        table.write_text(text, encoding="utf-8")
    return {film.resolve(): [AnnotatedSpan(film.resolve(), *span) for span in _spans(stretches)]}


def _stretches(folder: Path, seconds: float | None, notify: Notify) -> list[ClipStretch]:
    lengths: dict[Path, float] = {}
    seen = set()
    for path in files_in([folder]):
        try:
            length_s, content = probe(path).duration_s, fingerprint(path)
        except (InputError, DecodeError) as error:
            notify(f"left out: {error}")
            continue
        if length_s and content not in seen:
            seen.add(content)
            lengths[path] = length_s
    limit_s = _limit_s(list(lengths.values()), seconds)
    order = sorted(lengths)
    random.Random(ORDER_SEED).shuffle(order)
    return [ClipStretch(clip, max(1, int(min(lengths[clip], limit_s) * JOINED_RATE))) for clip in order]


def _limit_s(lengths_s: Sequence[float], seconds: float | None) -> float:
    """Return the length to which clips are cut so that together they last about `seconds`."""
    if seconds is None or sum(lengths_s) <= seconds:
        return max(lengths_s, default=0.0)
    left_s = seconds
    for place, length_s in enumerate(sorted(lengths_s)):
        share_s = left_s / (len(lengths_s) - place)
        if length_s >= share_s:
            return share_s
        left_s -= length_s
    return max(lengths_s)


def _spans(stretches: Sequence[ClipStretch]) -> list[tuple[float, float]]:
    ends = np.cumsum([one.frames for one in stretches]) / JOINED_RATE
    return list(zip([0.0, *ends[:-1].tolist()], ends.tolist(), strict=True))


def _table(stretches: Sequence[ClipStretch]) -> str:
    lines = [",".join(SHOT_COLUMNS)]
    lines += [f"{JOINED_FILE},{start_s:.6f},{end_s:.6f}" for start_s, end_s in _spans(stretches)]
    return "\n".join(lines) + "\n"


def _pictures(stretches: Sequence[ClipStretch], size: tuple[int, int], notify: Notify) -> Iterator[Image]:
    for number, one in enumerate(stretches, 1):
        notify(f"joining {number} of {len(stretches)}: {one.clip.name}")
        yield from _shown(one, size)


def _shown(one: ClipStretch, size: tuple[int, int]) -> Iterator[Image]:
    """Yield as many pictures as the stretch has: at each tick the frame that a player shows then."""
    tick, last = 0, None
    try:
        with read_frames(one.clip, samples_per_s=None, mode="every", max_side=2 * max(size)) as frames:
            for frame in frames:
                while last is not None and tick < one.frames and tick / JOINED_RATE < frame.time_s - 1e-6:
                    yield last
                    tick += 1
                if tick >= one.frames:
                    return
                last = filled(frame.image, size)
    except DecodeError:
        if last is None:
            raise
    while last is not None and tick < one.frames:
        yield last
        tick += 1


def filled(image: Image, size: tuple[int, int]) -> Image:
    """Return a picture that fills width and height `size`; what does not fit is cut off evenly."""
    width, height = size
    scale = max(width / image.shape[1], height / image.shape[0])
    large = max(width, round(image.shape[1] * scale)), max(height, round(image.shape[0] * scale))
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    scaled = cv2.resize(image, large, interpolation=method)
    top, left = (large[1] - height) // 2, (large[0] - width) // 2
    return np.ascontiguousarray(scaled[top : top + height, left : left + width])
