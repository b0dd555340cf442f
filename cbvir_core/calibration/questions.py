"""Questions whose answers are known, put to a library, and the evidence that it finds for its answers.

A question is a frame of a stored video (`known_frames`), perturbed, or two frames of the library in a
collage.  Each question is asked twice: once as it is, and once with its own videos left
out, like a picture that is in no video.  The evidence is that of the scene named first, which is what a
person reads.

Another scene that shows all of the frame, a copy or a title card, is neither a right answer nor a wrong one
and is left out.  A scene that shares a part of the frame, like a film made in the same place, is a wrong one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from cbvir_core.calibration.known_frames import KnownFrames
from cbvir_core.calibration.perturbations import PERTURBATIONS, collage
from cbvir_core.decode import STILL_SIDE, fit_within
from cbvir_core.search import (
    Candidate,
    DescribedPicture,
    MatchEvidence,
    Searcher,
    SearchOptions,
)
from cbvir_core.store import KeyframeRow, Store
from cbvir_core.types import Image

SHOWS_ALL_SHARE = 0.93
"""Share of an unperturbed frame from which on a scene is taken to show all of it."""

QUESTION_KINDS = len(PERTURBATIONS) + 1
"""Questions of one round: one for each perturbation, and a collage."""


@dataclass(frozen=True, slots=True)
class LabelledEvidence:
    """The match evidence for the scene that an answer names first, and whether that scene is right.

    `question` numbers the question; `absent` says that it has no right answer at all.
    """

    question: int
    evidence: MatchEvidence
    right: bool
    absent: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class QuestionFrame:
    """A frame that a question is made of, and the keyframe of its scene.

    `described` is the frame with its local features, for comparison with other scenes.
    """

    keyframe: KeyframeRow
    image: Image
    described: DescribedPicture


class CalibrationQuestions:
    """Makes questions from the scenes of a store and puts them to a searcher.

    The same `seed` and question numbers make the same questions.
    """

    def __init__(self, store: Store, searcher: Searcher, seed: int) -> None:
        self._known, self._searcher, self._seed = KnownFrames(store), searcher, seed

    @cached_property
    def rows(self) -> list[int]:
        """The rows of the keyframes whose scenes can be asked about, as they were at the first use."""
        return self._known.rows

    def about(self, row: int, number: int) -> list[LabelledEvidence]:
        """Ask about the scene of the keyframe in `row`, once as it is and once without its video.

        Return the evidence with local features and without; nothing where the keyframe was forgotten.
        """
        rng = np.random.default_rng([self._seed, number])
        frames = self._frames(row, number, rng)
        if not frames:
            return []
        picture = _picture_of(frames, number, rng)
        present = SearchOptions(verify="always")
        absent = replace(present, without=frozenset(frame.keyframe.keyframe_id.video for frame in frames))
        return [
            labelled
            for options in (present, absent)
            for labelled in self._ask(picture, frames, options, number)
        ]

    def foreign(self, picture: Image, number: int, shown: Image) -> list[LabelledEvidence]:
        """Ask with a picture that is in no video; `shown` is what it shows, unperturbed.

        Return nothing where a scene shows all of it nevertheless.
        """
        candidate = self._searcher.best_candidate(picture, SearchOptions(verify="always"))
        if candidate is None or self._shows_all(candidate, self._described(shown)):
            return []
        return list(_with_less_evidence(number, candidate.evidence, right=False, absent=True))

    def _frames(self, row: int, number: int, rng: np.random.Generator) -> list[QuestionFrame]:
        """Return the frames that a question shows: one of the scene, for a collage another one too."""
        rows = [row]
        if number % QUESTION_KINDS == len(PERTURBATIONS):
            rows.append(int(rng.choice(self.rows)))
        found = [self._frame(one, rng) for one in rows]
        frames = [frame for frame in found if frame is not None]
        return frames if len(frames) == len(rows) else []

    def _frame(self, row: int, rng: np.random.Generator) -> QuestionFrame | None:
        """Return a frame of the scene of `row` with what it shows; None where it was forgotten."""
        known = self._known.frame(row, rng)
        if known is None:
            return None
        return QuestionFrame(known.keyframe, known.image, self._described(known.image))

    def _ask(
        self, picture: Image, frames: Sequence[QuestionFrame], options: SearchOptions, number: int
    ) -> Iterator[LabelledEvidence]:
        if (candidate := self._searcher.best_candidate(picture, options)) is None:
            return
        # Spans that touch: where a scene was cut too early, both are right.
        right = any(candidate.keyframe.is_beside(frame.keyframe) for frame in frames)
        if right or not any(self._shows_all(candidate, frame.described) for frame in frames):
            yield from _with_less_evidence(
                number, candidate.evidence, right=right, absent=bool(options.without)
            )

    def _described(self, image: Image) -> DescribedPicture:
        return self._searcher.describe(fit_within(image, STILL_SIDE))

    def _shows_all(self, candidate: Candidate, picture: DescribedPicture) -> bool:
        """Return whether another scene shows all of a picture; True where that cannot be known."""
        share = self._searcher.share_shown(picture, candidate, enough=SHOWS_ALL_SHARE)
        return share is None or share >= SHOWS_ALL_SHARE


def _picture_of(frames: Sequence[QuestionFrame], number: int, rng: np.random.Generator) -> Image:
    """Return what is asked with: the frame, perturbed as the question's number says, or the collage."""
    if len(frames) == 1:
        return PERTURBATIONS[number % QUESTION_KINDS](frames[0].image, rng)
    return collage(frames[0].image, frames[1].image, rng)


def _with_less_evidence(
    number: int, evidence: MatchEvidence, *, right: bool, absent: bool
) -> Iterator[LabelledEvidence]:
    """Yield the evidence as it is, then without thumbnails, then without local features."""
    yield LabelledEvidence(number, evidence, right, absent)
    if evidence.thumbnail_match is not None:
        yield LabelledEvidence(number, replace(evidence, thumbnail_match=None), right, absent)
    if evidence.checked:
        unchecked = replace(evidence, checked=False, verification=None, thumbnail_match=None)
        yield LabelledEvidence(number, unchecked, right, absent)
