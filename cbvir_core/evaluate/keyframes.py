"""Table II: efficiency ratio, accuracy and redundancy of keyframe extraction."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from cbvir_core.decode import Mode, probe
from cbvir_core.embed import Encoder
from cbvir_core.errors import DecodeError, InputError
from cbvir_core.evaluate.efficiency import EvaluationClock, efficiency_ratio
from cbvir_core.evaluate.extraction import KeyframeTimes, extraction_methods
from cbvir_core.evaluate.files import files_in
from cbvir_core.evaluate.report import Notify, silent
from cbvir_core.evaluate.tables import AnnotatedSpan
from cbvir_core.keyframes import KeyframeOptions, KeyframeScore, extract_keyframes, score_times
from cbvir_core.types import Keyframe

DEFAULT_METHODS = ("online", "batch")
"""What is measured where nobody says what: cbvir's own detectors."""


@dataclass(frozen=True, slots=True)
class ExtractedKeyframes:
    """The keyframes of one video, its duration, and the seconds that decoding and extraction took."""

    keyframes: tuple[Keyframe, ...]
    video_s: float
    spent_s: float


@dataclass(frozen=True, slots=True)
class KeyframeResult:
    """One method over all videos.  Accuracy and redundancy are in [0, 1], None without true shots.

    `processor_s`: processor seconds of this process per hour of video; what `spent_s` is on idle cores.
    """

    method: str
    efficiency: float
    processor_s: float
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
    forms: Sequence[str] = DEFAULT_METHODS,
    mode: Mode = "auto",
    encoders: Mapping[str, Encoder] = {},
    threshold: float | None = None,
    clock: EvaluationClock = time.perf_counter,
    processor_clock: EvaluationClock = time.process_time,
    notify: Notify = silent,
) -> list[KeyframeResult]:
    """Return a line of Table II for each method, by its name in `extraction_methods`.

    The videos are those that have true shots, or all in the folder where no shots are given.
    `cbvir_core.keyframes.accuracy` defines accuracy and redundancy, `cbvir_core.evaluate.efficiency`
    the efficiency ratio; decoding counts as work.  Counts are summed over the videos before they are
    divided.  `encoders` and `threshold` are those of `extraction_methods`.  Raise InputError, DecodeError or
    FileUnreadable.
    """
    paths = sorted(shots) if shots else files_in([folder])
    methods = extraction_methods(mode, encoders, threshold)
    clocks = clock, processor_clock
    return [_result(form, methods[form], paths, shots or {}, clocks, notify) for form in forms]


def _result(
    form: str,
    method: KeyframeTimes,
    paths: Sequence[Path],
    shots: Mapping[Path, Sequence[AnnotatedSpan]],
    clocks: tuple[EvaluationClock, EvaluationClock],
    notify: Notify,
) -> KeyframeResult:
    score, videos, keyframes, video_s = KeyframeScore(0, 0, 0), 0, 0, 0.0
    spent_s, processor_s = 0.0, 0.0
    clock, processor_clock = clocks
    for path in paths:
        try:
            stated_s = probe(path).duration_s
            begun = clock(), processor_clock()
            times_s = method(path)
            spent_s, processor_s = spent_s + clock() - begun[0], processor_s + processor_clock() - begun[1]
        except (InputError, DecodeError) as error:
            if path in shots:
                raise
            notify(f"left out: {error}")
            continue
        spans = [(shot.start_s, shot.end_s) for shot in shots.get(path, ())]
        length_s = stated_s or max([*times_s, *(end_s for _, end_s in spans)], default=0.0)
        notify(f"{form}: {path.name}: {length_s:.1f} s, {len(times_s)} keyframes")
        score += score_times(times_s, spans)
        videos, keyframes, video_s = videos + 1, keyframes + len(times_s), video_s + length_s
    if not videos:
        raise InputError("there is no video to evaluate")
    return KeyframeResult(
        method=form,
        efficiency=efficiency_ratio(video_s, spent_s),
        processor_s=processor_s * 3600 / video_s if video_s else 0.0,
        accuracy=score.accuracy if shots else None,
        redundancy=score.redundancy if shots else None,
        videos=videos,
        video_s=video_s,
        shots=score.shots,
        keyframes=keyframes,
    )
