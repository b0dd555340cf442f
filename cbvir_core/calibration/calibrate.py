"""The calibration: questions whose answers are known, put to the library, and a model fitted to what it says.

Each question is a frame from anywhere in a scene, edited: things move between it and the scene's keyframe.
Where the file is offline it is the keyframe's still.  It is asked twice: as it is, and with its own video
left out, as a picture that is not in the library would be.  The model learns from the scene that is named
first, which is what a person reads.  Other scenes that show all of the frame (copies,
title cards) are neither right nor wrong, and are left out; those that share a part of it, as films made in
the same place do, are wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

import numpy as np

from cbvir_core.calibration.perturbations import EDITS
from cbvir_core.decode import STILL_SIDE, decode_still, fit_within
from cbvir_core.decode.span import SpanReader
from cbvir_core.errors import CbvirError, InputError
from cbvir_core.search import SearchOptions
from cbvir_core.search.answer import Candidate, existing_path
from cbvir_core.search.confidence import ConfidenceModel, MatchEvidence, fit, model_name
from cbvir_core.search.judging import evidence_of
from cbvir_core.search.localise import moment_of
from cbvir_core.search.options import MATCH
from cbvir_core.search.prepare import PLAIN
from cbvir_core.search.searcher import Searcher
from cbvir_core.search.verifying import Verifier
from cbvir_core.store import KeyframeRow, Store
from cbvir_core.types import Image
from cbvir_core.verify import LocalFeatures, describe

Progress = Callable[[int, int], None]

SURE = MATCH
"""The probability whose false answers are reported: what is called a match."""

ALL = 0.93
"""Share of a frame, unedited, from which on a scene is taken to show all of it."""

CLOSER_S = 2.0
"""Seconds for finding the very frame of another scene."""

FEWEST = 25
"""Answers, right and wrong ones, under which no model is fitted: of pictures that agree with a wrong scene a
library has few."""


@dataclass(frozen=True, slots=True)
class Sample:
    """What spoke for a scene, and whether it was right.

    `question` numbers the question; `absent` says that it had no right answer at all.
    """

    question: int
    evidence: MatchEvidence
    right: bool
    absent: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class _Shown:
    """The frame that is asked about, unedited, with its local features."""

    picture: Image
    features: LocalFeatures


class Questions:
    """Asks a searcher."""

    def __init__(self, store: Store, searcher: Searcher, seed: int) -> None:
        self._store, self._searcher, self._seed = store, searcher, seed
        self._verifier = Verifier(store)

    def about(self, row: int, number: int) -> list[Sample]:
        """The question about the scene in a row, asked twice, with a look at local features and without."""
        (keyframe,) = self._store.keyframe_rows([row])
        still = self._store.still_of_row(row)
        if keyframe is None or still is None:
            return []
        rng = np.random.default_rng([self._seed, number])
        frame = self._frame(keyframe, rng)
        frame = decode_still(still) if frame is None else frame
        picture = EDITS[number % len(EDITS)](frame, rng)
        unedited = fit_within(frame, STILL_SIDE)
        shown = _Shown(unedited, describe(unedited))
        present = SearchOptions(verify="always")
        absent = replace(present, without=frozenset({keyframe.keyframe_id.video}))
        return [
            sample
            for options in (present, absent)
            for sample in self._asked(picture, keyframe, shown, options, number)
        ]

    def _frame(self, keyframe: KeyframeRow, rng: np.random.Generator) -> Image | None:
        """A frame of the scene, by chance; None where the file cannot be read."""
        video = self._store.video(keyframe.keyframe_id.video)
        time_s = rng.uniform(keyframe.scene_start_s, keyframe.scene_end_s)
        if video is None or not video.paths:
            return None
        with suppress(CbvirError), SpanReader(existing_path(video), time_s, time_s + 1.0) as frames:
            return next((frame.image for frame in frames), None)
        return None

    def foreign(self, picture: Image, number: int) -> list[Sample]:
        """A picture that is in no video."""
        options = SearchOptions(verify="always")
        found = self._searcher.weigh(picture, options)
        return list(_each_way(number, found[1], False, True)) if found else []

    def _asked(
        self, picture: Image, source: KeyframeRow, shown: _Shown, options: SearchOptions, number: int
    ) -> Iterator[Sample]:
        if (found := self._searcher.weigh(picture, options)) is None:
            return
        candidate, seen = found
        right = _same_scene(candidate.keyframe, source)
        if right or not self._shows_all(candidate, shown):
            yield from _each_way(number, seen, right, bool(options.without))

    def _shows_all(self, candidate: Candidate, shown: _Shown) -> bool:
        """Whether another scene shows all of the frame, as far as can be known."""
        row = candidate.keyframe.row
        found = self._verifier.check(shown.features, [row], [PLAIN]).get(row)
        if found is None:
            return False
        survey = self._verifier.survey(shown.picture, candidate, found)
        if survey is None or survey.explained >= ALL:
            return True
        agrees, whole = evidence_of(found, (0, 0)), SearchOptions()
        moment = moment_of(candidate, agrees, shown.picture, whole, CLOSER_S, survey)
        return moment.explained >= ALL


def _each_way(number: int, seen: MatchEvidence, right: bool, absent: bool) -> Iterator[Sample]:
    """As it was weighed, and as it would be with fewer looks."""
    yield Sample(number, seen, right, absent)
    if seen.survey is not None:
        yield Sample(number, replace(seen, survey=None), right, absent)
    if seen.checked:
        yield Sample(number, replace(seen, checked=False, agrees=None, survey=None), right, absent)


def _same_scene(one: KeyframeRow, other: KeyframeRow) -> bool:
    """Whether two keyframes stand for spans that touch: neighbours of a cut too soon are as right."""
    if one.keyframe_id.video != other.keyframe_id.video:
        return False
    return one.scene_start_s <= other.scene_end_s and other.scene_start_s <= one.scene_end_s


@dataclass(frozen=True, slots=True)
class Calibrated:
    """What came of a calibration, measured on the half of the questions that it was not fitted to.

    `error` is the expected calibration error, `error_before` that of the model before; `false_sure` the
    share of questions without a right answer that were given one with a probability of `SURE` or more.
    """

    questions: int
    answers: int
    error_before: float
    error: float
    false_sure: float


def calibrate(
    store: Store, questions: int, seed: int, progress: Progress | None, searcher: Searcher
) -> tuple[ConfidenceModel, Calibrated]:
    """Asks, fits, and measures.  Raises InputError where too few answers come."""
    rows = store.telling_rows(video.video_id for video in store.videos())
    if not rows:
        raise InputError("there is nothing to calibrate with; index some videos first")
    asked, samples = Questions(store, searcher, seed), list[Sample]()
    for number, row in enumerate(np.random.default_rng(seed).choice(rows, questions)):
        samples += asked.about(int(row), number)
        if progress:
            progress(number + 1, questions)
    before = searcher.confidence
    half = fitted([one for one in samples if one.question // len(EDITS) % 2 == 0], before)
    others = [one for one in samples if one.question // len(EDITS) % 2]
    right = [one.right for one in others]
    said = [half.probability(one.evidence) for one in others]
    said_before = [before.probability(one.evidence) for one in others]
    return fitted(samples, before), Calibrated(
        questions=questions,
        answers=len(samples),
        error_before=calibration_error(said_before, right),
        error=calibration_error(said, right),
        false_sure=false_share(half, others),
    )


def false_share(model: ConfidenceModel, samples: Sequence[Sample]) -> float:
    """The share of questions without a right answer that a model gives one, surer than `SURE`."""
    said: dict[int, float] = {}
    for one in samples:
        if one.absent and one.evidence.checked:
            said.setdefault(one.question, model.probability(one.evidence))  # all looks come first
    return sum(chance >= SURE for chance in said.values()) / max(1, len(said))


def fitted(samples: Sequence[Sample], before: ConfidenceModel) -> ConfidenceModel:
    """The models that samples tell of; where too few tell of a model it stays as it was `before`.

    Pictures that agree with a scene that is wrong are rare, and a library may have too few of them.  Raises
    InputError where there are too few of either answer for every model.
    """
    made: dict[str, tuple[float, ...]] = {}
    for kind in ConfidenceModel.__slots__:
        own = [sample for sample in samples if model_name(sample.evidence) == kind]
        right = [sample.right for sample in own]
        if min(sum(right), len(right) - sum(right)) >= FEWEST:
            made[kind] = fit([sample.evidence.figures() for sample in own], right)
    if not made:
        raise InputError(f"{len(samples)} answers are too few to calibrate with; index more videos first")
    return replace(before, **made)


def calibration_error(probabilities: Sequence[float], right: Sequence[bool], bins: int = 10) -> float:
    """The expected calibration error: over bins of equal width, the mean distance between what was said
    and what was so, weighted by how often it was said (Naeini et al., AAAI 2015)."""
    said, so = np.asarray(probabilities, float), np.asarray(right, float)
    place = np.minimum((said * bins).astype(int), bins - 1)
    gaps = [abs(said[place == b].sum() - so[place == b].sum()) for b in range(bins)]
    return float(sum(gaps) / max(1, len(said)))
