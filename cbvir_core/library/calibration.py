"""The calibration: questions whose answers are known, put to the library, and a model fitted to what it says.

Each question is a frame from anywhere in a scene, edited: things move between it and the scene's keyframe.
Where the file is offline it is the keyframe's still.  It is asked twice: as it is, and with its own video
left out, as a picture that is not in the library would be.  Scenes that show the same thing as the still in
another video (copies, title cards) are neither right nor wrong, and are left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

import numpy as np

from cbvir_core.decode import decode_still
from cbvir_core.decode.span import SpanReader
from cbvir_core.errors import CbvirError, InputError
from cbvir_core.library.edits import EDITS
from cbvir_core.search import SearchOptions
from cbvir_core.search.answer import Candidate, existing_path
from cbvir_core.search.belief import Belief, Evidence, fit, kind_of
from cbvir_core.search.options import MATCH
from cbvir_core.search.searcher import Searcher
from cbvir_core.store import KeyframeRow, Store
from cbvir_core.types import Image
from cbvir_core.verify import LocalFeatures, describe, unpack, verify

Progress = Callable[[int, int], None]

LOOKED_AT = 3
"""Scenes of an answer that the model learns from: the first ones decide what a person reads."""

SURE = MATCH
"""The probability whose false answers are reported: what is called a match."""

FEWEST = 40
"""Stills under which no model is fitted."""


@dataclass(frozen=True, slots=True)
class Sample:
    """What spoke for a scene, and whether it was right.

    `question` numbers the question; `absent` says that it had no right answer at all.
    """

    question: int
    evidence: Evidence
    right: bool
    absent: bool = False


class Questions:
    """Asks a searcher."""

    def __init__(self, store: Store, searcher: Searcher, seed: int) -> None:
        self._store, self._searcher, self._seed = store, searcher, seed

    def about(self, row: int, number: int) -> list[Sample]:
        """The question about the scene in a row, asked twice, with a look at local features and without."""
        (keyframe,) = self._store.keyframe_rows([row])
        still = self._store.still_of_row(row)
        if keyframe is None or still is None:
            return []
        image = decode_still(still)
        rng = np.random.default_rng([self._seed, number])
        frame = self._frame(keyframe, rng)
        picture = EDITS[number % len(EDITS)](image if frame is None else frame, rng)
        present = SearchOptions(top=LOOKED_AT, verify="always")
        absent = replace(present, without=frozenset({keyframe.keyframe_id.video}))
        features = describe(image)
        return [
            sample
            for options in (present, absent)
            for sample in self._asked(picture, keyframe, features, options, number)
        ]

    def _frame(self, keyframe: KeyframeRow, rng: np.random.Generator) -> Image | None:
        """A frame of the scene, by chance; None where the file cannot be read."""
        video = self._store.video(keyframe.keyframe_id.video)
        time_s = rng.uniform(keyframe.scene_start_s, keyframe.scene_end_s)
        if video is None:
            return None
        with suppress(CbvirError), SpanReader(existing_path(video), time_s, time_s + 1.0) as frames:
            return next((frame.image for frame in frames), None)
        return None

    def foreign(self, picture: Image, number: int) -> list[Sample]:
        """A picture that is in no video."""
        options = SearchOptions(top=LOOKED_AT, verify="always")
        found = self._searcher.weigh(picture, options)[:LOOKED_AT]
        return [sample for _, seen in found for sample in _both(number, seen, False, True)]

    def _asked(
        self, picture: Image, source: KeyframeRow, still: LocalFeatures, options: SearchOptions, number: int
    ) -> Iterator[Sample]:
        for candidate, seen in self._searcher.weigh(picture, options)[:LOOKED_AT]:
            right = _same_scene(candidate.keyframe, source)
            if right or not self._same_picture(candidate, still):
                yield from _both(number, seen, right, bool(options.without))

    def _same_picture(self, candidate: Candidate, still: LocalFeatures) -> bool:
        """Whether another scene shows what the still shows, unedited."""
        (packed,) = self._store.features([candidate.keyframe.row])
        return packed is not None and verify(still, unpack(packed)) is not None


def _both(number: int, seen: Evidence, right: bool, absent: bool) -> Iterator[Sample]:
    yield Sample(number, seen, right, absent)
    if seen.checked:
        yield Sample(number, replace(seen, checked=False, agrees=None), right, absent)


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
) -> tuple[Belief, Calibrated]:
    """Asks, fits, and measures.  Raises InputError where too few answers come."""
    rows = [
        row.row for video in store.videos() for row in store.keyframes(video.video_id) if row.quality > 0.0
    ]
    if not rows:
        raise InputError("there is nothing to calibrate with; index some videos first")
    asked, samples = Questions(store, searcher, seed), list[Sample]()
    for number, row in enumerate(np.random.default_rng(seed).choice(rows, questions)):
        samples += asked.about(int(row), number)
        if progress:
            progress(number + 1, questions)
    before = searcher.belief
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


def false_share(model: Belief, samples: Sequence[Sample]) -> float:
    """The share of questions without a right answer that a model gives one, surer than `SURE`."""
    best: dict[int, float] = {}
    for one in samples:
        if one.absent and one.evidence.checked:
            said = model.probability(one.evidence)
            best[one.question] = max(said, best.get(one.question, 0.0))
    return sum(said >= SURE for said in best.values()) / max(1, len(best))


def fitted(samples: Sequence[Sample], before: Belief) -> Belief:
    """The models that samples tell of; where there are none for a model it stays as it was `before`.

    Raises InputError where there are too few of either answer.
    """
    made: dict[str, tuple[float, ...]] = {}
    for kind in Belief.__slots__:
        own = [sample for sample in samples if kind_of(sample.evidence) == kind]
        right = [sample.right for sample in own]
        if not own:
            continue
        if min(sum(right), len(right) - sum(right)) < FEWEST:
            raise InputError(f"{len(own)} answers are too few to calibrate with; index more videos first")
        made[kind] = fit([sample.evidence.figures() for sample in own], right)
    return replace(before, **made)


def calibration_error(probabilities: Sequence[float], right: Sequence[bool], bins: int = 10) -> float:
    """The expected calibration error: over bins of equal width, the mean distance between what was said
    and what was so, weighted by how often it was said (Naeini et al., AAAI 2015)."""
    said, so = np.asarray(probabilities, float), np.asarray(right, float)
    place = np.minimum((said * bins).astype(int), bins - 1)
    gaps = [abs(said[place == b].sum() - so[place == b].sum()) for b in range(bins)]
    return float(sum(gaps) / max(1, len(said)))
