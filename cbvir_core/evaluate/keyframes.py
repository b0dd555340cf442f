"""Table II: efficiency ratio, accuracy and redundancy of keyframe extraction."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from cbvir_core.decode import Mode, probe
from cbvir_core.errors import DecodeError, InputError
from cbvir_core.evaluate.efficiency import EvaluationClock, efficiency_ratio
from cbvir_core.evaluate.files import files_in
from cbvir_core.evaluate.report import Notify, silent
from cbvir_core.evaluate.tables import AnnotatedSpan
from cbvir_core.keyframes import DETECTORS, KeyframeOptions, KeyframeScore, extract_keyframes, keyframe_score
from cbvir_core.types import Keyframe

KEYFRAME_OPTIONS_BY_FORM: dict[str, KeyframeOptions] = {
    **{form: KeyframeOptions(form=form) for form in DETECTORS},
    "batch": KeyframeOptions.paper(),
}
"""Options by detector: cbvir's defaults, and for ``batch`` the sub-matrices and numbers of the paper."""


@dataclass(frozen=True, slots=True)
class ExtractedKeyframes:
    """The keyframes of one video, its duration, and the seconds that decoding and extraction took."""

    keyframes: tuple[Keyframe, ...]
    video_s: float
    spent_s: float


@dataclass(frozen=True, slots=True)
class KeyframeResult:
    """One detector over all videos.  Accuracy and redundancy are in [0, 1], None without true shots."""

    method: str
    efficiency: float
    accuracy: float | None
    redundancy: float | None
    videos: int
    video_s: float
    shots: int
    keyframes: int


def extract(
    path: Path,
    options: KeyframeOptions = KeyframeOptions(),
    mode: Mode = "auto",
    clock: EvaluationClock = time.perf_counter,
) -> ExtractedKeyframes:
    """Extract the keyframes of a video, by the loop that ingest uses, and measure the time.

    The duration is the one that the file states, or else the end of the last scene.  Raise what
    `extract_keyframes` raises.
    """
    stated_s = probe(path).duration_s
    begun = clock()
    keyframes = tuple(extract_keyframes(path, options, mode=mode))
    spent_s = clock() - begun
    return ExtractedKeyframes(
        keyframes, stated_s or max((k.scene_end_s for k in keyframes), default=0.0), spent_s
    )


def extract_each(
    paths: Iterable[Path],
    options: KeyframeOptions,
    mode: Mode,
    clock: EvaluationClock,
    notify: Notify,
    needed: Collection[Path] = (),
) -> Iterator[tuple[Path, ExtractedKeyframes]]:
    """Yield the keyframes of each video among the files; skip files that cannot be decoded.

    Raise what `extract_keyframes` raises for a file in `needed`, and InputError where there is no video.
    """
    found = False
    for path in paths:
        try:
            extracted = extract(path, options, mode, clock)
        except (InputError, DecodeError) as error:
            if path in needed:
                raise
            notify(f"left out: {error}")
            continue
        notify(f"{path.name}: {extracted.video_s:.1f} s, {len(extracted.keyframes)} keyframes")
        found = True
        yield path, extracted
    if not found:
        raise InputError("there is no video to evaluate")


def evaluate_keyframes(
    folder: Path,
    shots: Mapping[Path, Sequence[AnnotatedSpan]] | None = None,
    *,
    forms: Sequence[str] = ("online", "batch"),
    mode: Mode = "auto",
    clock: EvaluationClock = time.perf_counter,
    notify: Notify = silent,
) -> list[KeyframeResult]:
    """Return a line of Table II for each detector.

    The videos are those that have true shots, or all in the folder where no shots are given.
    `cbvir_core.keyframes.accuracy` defines accuracy and redundancy, `cbvir_core.evaluate.efficiency`
    the efficiency ratio; decoding counts as work.  Counts are summed over the videos before they are
    divided.  Raise InputError, DecodeError or FileUnreadable.
    """
    paths = sorted(shots) if shots else files_in([folder])
    return [_result(form, paths, shots or {}, mode, clock, notify) for form in forms]


def _result(
    form: str,
    paths: Sequence[Path],
    shots: Mapping[Path, Sequence[AnnotatedSpan]],
    mode: Mode,
    clock: EvaluationClock,
    notify: Notify,
) -> KeyframeResult:
    score, videos, keyframes, video_s, spent_s = KeyframeScore(0, 0, 0), 0, 0, 0.0, 0.0
    for path, found in extract_each(paths, KEYFRAME_OPTIONS_BY_FORM[form], mode, clock, notify, needed=shots):
        spans = [(shot.start_s, shot.end_s) for shot in shots.get(path, ())]
        score += keyframe_score(found.keyframes, spans)
        videos, keyframes = videos + 1, keyframes + len(found.keyframes)
        video_s, spent_s = video_s + found.video_s, spent_s + found.spent_s
    return KeyframeResult(
        method=form,
        efficiency=efficiency_ratio(video_s, spent_s),
        accuracy=score.accuracy if shots else None,
        redundancy=score.redundancy if shots else None,
        videos=videos,
        video_s=video_s,
        shots=score.shots,
        keyframes=keyframes,
    )
