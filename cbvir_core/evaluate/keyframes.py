"""Table II: efficiency ratio, accuracy and redundancy of keyframe extraction."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from cbvir_core.decode import STILL_SIDE, Mode, probe
from cbvir_core.errors import DecodeError, InputError
from cbvir_core.evaluate.efficiency import EvaluationClock, efficiency_ratio
from cbvir_core.evaluate.files import files_in
from cbvir_core.evaluate.report import Notify, silent
from cbvir_core.evaluate.tables import AnnotatedSpan
from cbvir_core.keyframes import Form, KeyframeOptions, Score, extract_keyframes, keyframe_score
from cbvir_core.types import Keyframe

KEYFRAME_OPTIONS_BY_FORM: dict[Form, KeyframeOptions] = {
    "online": KeyframeOptions(),
    "batch": KeyframeOptions.paper(),
}
"""cbvir's own form with its defaults, and the paper's sub-matrices with the paper's numbers."""


@dataclass(frozen=True, slots=True)
class ExtractedKeyframes:
    """The keyframes of one video, its length, and the seconds that decoding and extracting took."""

    keyframes: tuple[Keyframe, ...]
    video_s: float
    spent_s: float


@dataclass(frozen=True, slots=True)
class KeyframeResult:
    """One form over all videos.  Accuracy and redundancy in [0, 1], None without true shots."""

    method: Form
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
    """The keyframes of a video, as ingest extracts them, with the time that it took.

    The length is what the file says, or the end of the last scene.  Raises what `extract_keyframes`
    raises.
    """
    length_s = probe(path).duration_s
    begun = clock()
    keyframes = tuple(extract_keyframes(path, options, mode=mode, max_side=STILL_SIDE))
    spent_s = clock() - begun
    return ExtractedKeyframes(
        keyframes, length_s or max((k.scene_end_s for k in keyframes), default=0.0), spent_s
    )


def extract_each(
    paths: Iterable[Path],
    options: KeyframeOptions,
    mode: Mode,
    clock: EvaluationClock,
    notify: Notify,
    needed: Collection[Path] = (),
) -> Iterator[tuple[Path, ExtractedKeyframes]]:
    """The videos among the files, one after the other; what cannot be decoded is passed over.

    Raises what `extract_keyframes` raises for a file that is needed, InputError where there is no video.
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
    forms: Sequence[Form] = ("online", "batch"),
    mode: Mode = "auto",
    clock: EvaluationClock = time.perf_counter,
    notify: Notify = silent,
) -> list[KeyframeResult]:
    """Table II for each form: over the videos that have true shots, or without any over the folder.

    How a keyframe is held against the shots is said in `cbvir_core.keyframes.accuracy`, and the
    efficiency ratio in `cbvir_core.evaluate.efficiency`; decoding is part of the work.  Counts are
    added up over the videos before they are divided.  Raises InputError, DecodeError, FileUnreadable.
    """
    paths = sorted(shots) if shots else files_in([folder])
    return [_result(form, paths, shots or {}, mode, clock, notify) for form in forms]


def _result(
    form: Form,
    paths: Sequence[Path],
    shots: Mapping[Path, Sequence[AnnotatedSpan]],
    mode: Mode,
    clock: EvaluationClock,
    notify: Notify,
) -> KeyframeResult:
    score, videos, keyframes, video_s, spent_s = Score(0, 0, 0), 0, 0, 0.0, 0.0
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
