"""Questions whose answers are known, put to a library, and the evidence that it finds for its answers.

A question is a frame of a stored video, perturbed.  The frame comes from anywhere in a scene, so that things
move between it and the scene's keyframe; where the file is offline it is the keyframe's still.  Each question
is asked twice: once as it is, and once with its own video left out, like a picture that is in no video.  The
evidence is that of the scene named first, which is what a person reads.

Another scene that shows all of the frame, a copy or a title card, is neither a right answer nor a wrong one
and is left out.  A scene that shares a part of the frame, like a film made in the same place, is a wrong one.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace

import numpy as np

from cbvir_core.calibration.perturbations import PERTURBATIONS
from cbvir_core.decode import STILL_SIDE, decode_still, fit_within
from cbvir_core.decode.span import SpanReader
from cbvir_core.errors import CbvirError
from cbvir_core.search import (
    Candidate,
    DescribedPicture,
    MatchEvidence,
    Searcher,
    SearchOptions,
    existing_path,
)
from cbvir_core.store import KeyframeRow, Store
from cbvir_core.types import Image

SHOWS_ALL_SHARE = 0.93
"""Share of an unperturbed frame from which on a scene is taken to show all of it."""

MOMENT_BUDGET_S = 2.0
"""Seconds that finding the exact frame of another scene may take."""


@dataclass(frozen=True, slots=True)
class LabelledEvidence:
    """The match evidence for the scene that an answer names first, and whether that scene is right.

    `question` numbers the question; `absent` says that it has no right answer at all.
    """

    question: int
    evidence: MatchEvidence
    right: bool
    absent: bool = False


class CalibrationQuestions:
    """Makes questions from the scenes of a store and puts them to a searcher.

    The same `seed` and question numbers make the same questions.
    """

    def __init__(self, store: Store, searcher: Searcher, seed: int) -> None:
        self._store, self._searcher, self._seed = store, searcher, seed

    def about(self, row: int, number: int) -> list[LabelledEvidence]:
        """Ask about the scene of the keyframe in `row`, once as it is and once without its video.

        Return the evidence with local features and without; nothing where the keyframe was forgotten.
        """
        (keyframe,) = self._store.keyframe_rows([row])
        still = self._store.still_of_row(row)
        if keyframe is None or still is None:
            return []
        rng = np.random.default_rng([self._seed, number])
        frame = self._frame(keyframe, rng)
        frame = decode_still(still) if frame is None else frame
        picture = PERTURBATIONS[number % len(PERTURBATIONS)](frame, rng)
        source = self._searcher.describe(fit_within(frame, STILL_SIDE))
        present = SearchOptions(verify="always")
        absent = replace(present, without=frozenset({keyframe.keyframe_id.video}))
        return [
            labelled
            for options in (present, absent)
            for labelled in self._ask(picture, keyframe, source, options, number)
        ]

    def foreign(self, picture: Image, number: int) -> list[LabelledEvidence]:
        """Ask with a picture that is in no video."""
        candidate = self._searcher.best_candidate(picture, SearchOptions(verify="always"))
        if candidate is None:
            return []
        return list(_with_less_evidence(number, candidate.evidence, right=False, absent=True))

    def _frame(self, keyframe: KeyframeRow, rng: np.random.Generator) -> Image | None:
        """Return a frame from a random time of the scene; None where the file cannot be read."""
        video = self._store.video(keyframe.keyframe_id.video)
        time_s = rng.uniform(keyframe.scene_start_s, keyframe.scene_end_s)
        if video is None or not video.paths:
            return None
        with suppress(CbvirError), SpanReader(existing_path(video), time_s, time_s + 1.0) as frames:
            return next((frame.image for frame in frames), None)
        return None

    def _ask(
        self,
        picture: Image,
        keyframe: KeyframeRow,
        source: DescribedPicture,
        options: SearchOptions,
        number: int,
    ) -> Iterator[LabelledEvidence]:
        if (candidate := self._searcher.best_candidate(picture, options)) is None:
            return
        right = _same_scene(candidate.keyframe, keyframe)
        if right or not self._shows_all(candidate, source):
            yield from _with_less_evidence(
                number, candidate.evidence, right=right, absent=bool(options.without)
            )

    def _shows_all(self, candidate: Candidate, source: DescribedPicture) -> bool:
        """Return whether another scene shows all of the frame; True where that cannot be known."""
        share = self._searcher.share_shown(
            source, candidate, enough=SHOWS_ALL_SHARE, budget_s=MOMENT_BUDGET_S
        )
        return share is None or share >= SHOWS_ALL_SHARE


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


def _same_scene(one: KeyframeRow, other: KeyframeRow) -> bool:
    """Return whether the spans of two keyframes touch: where a scene was cut too early, both are right."""
    if one.keyframe_id.video != other.keyframe_id.video:
        return False
    return one.scene_start_s <= other.scene_end_s and other.scene_start_s <= one.scene_end_s
