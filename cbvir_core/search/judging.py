"""Candidates -> probabilities: local features where they are asked for, the other frames of the scenes that
agree, and the confidence in all of it."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field, replace

import numpy as np

from cbvir_core.geometry import shift
from cbvir_core.localise import Survey
from cbvir_core.search import confidence
from cbvir_core.search.answer import Candidate, Judged, margins
from cbvir_core.search.confidence import ConfidenceModel
from cbvir_core.search.options import SearchOptions
from cbvir_core.search.parallel import together
from cbvir_core.search.prepare import PLAIN, crop
from cbvir_core.search.verifying import VERIFIED, Verifier
from cbvir_core.types import Evidence, Image, Region
from cbvir_core.verify import LocalFeatures, Verification

WORTH_A_LOOK = 0.1
"""Score of the best candidate below which ``verify = "auto"`` does not compare local features."""

SURVEYED = 64
"""Scenes that are surveyed at most where all are wanted: a second and a half on two cores."""

Weighed = tuple[Candidate, confidence.MatchEvidence]


@dataclass(frozen=True, slots=True)
class Question:
    """What candidates are compared with: the asked part, and its local features while they are made.

    What came of it is kept by the scene's row: a second pass over the same query asks nothing twice.
    """

    part: Image
    features: Future[LocalFeatures]
    corner: tuple[int, int]
    agreeing: dict[int, Verification | None] = field(default_factory=dict)
    surveys: dict[int, Survey | None] = field(default_factory=dict)

    @classmethod
    def of(cls, verifier: Verifier, picture: Image, region: Region | None) -> Question:
        """Begins to describe the picture, or the part of it that is asked for."""
        part = picture if region is None else crop(picture, region)
        return cls(part, verifier.begin(part), (0, 0) if region is None else region[:2])


class Judge:
    """Says how probable each candidate is."""

    def __init__(self, verifier: Verifier, model: ConfidenceModel | None = None) -> None:
        self.verifier = verifier
        self.confidence = model or confidence.shipped()

    def judge(
        self, found: list[Candidate], question: Question | None, options: SearchOptions, *, refined: bool
    ) -> list[Judged]:
        """Candidates, best first, with their probabilities and what local features have found."""
        weighed = self.weigh(found, question, options, refined=refined)
        return self.believed(self.survey_likely(weighed, question, options), question)

    def believed(self, weighed: Sequence[Weighed], question: Question | None) -> list[Judged]:
        """What was weighed, as probabilities."""
        corner = question.corner if question else (0, 0)
        # Who was not looked at is not more probable than all that were, and whose descriptors are nearer.
        looked = [self.confidence.probability(seen) for _, seen in weighed if seen.checked]
        most = min(looked, default=1.0)
        judged: list[Judged] = []
        for candidate, seen in weighed:
            probability = self.confidence.probability(seen)
            said = probability if seen.checked else min(probability, most)
            judged.append(Judged(candidate, said, evidence_of(seen.agrees, corner), seen))
        return judged

    def compare(self, picture: Image, region: Region | None, row: int) -> Evidence | None:
        """In what a picture and one still agree, without a word on how probable that makes it."""
        question = Question.of(self.verifier, picture, region)
        found = self.verifier.check(question.features.result(), [row], [PLAIN])
        return evidence_of(found.get(row), question.corner)

    def weigh(
        self, found: list[Candidate], question: Question | None, options: SearchOptions, *, refined: bool
    ) -> list[Weighed]:
        """What speaks for each candidate."""
        looked = self._looked(found, question, options)
        rows = [candidate.keyframe.row for candidate in found]
        seen = [
            confidence.MatchEvidence(candidate.score, margin, refined, row in looked, looked.get(row))
            for candidate, margin, row in zip(found, margins(found), rows, strict=True)
        ]
        return list(zip(found, seen, strict=True))

    def survey_likely(
        self, weighed: Sequence[Weighed], question: Question | None, options: SearchOptions
    ) -> list[Weighed]:
        """What was weighed, with what the other frames say of the scenes that would be read.

        That is the most probable one, then whichever is that, until it stays so; or, where all scenes are
        wanted, the `SURVEYED` most probable ones that are likely.
        """
        said = list(weighed)
        chances = [self.confidence.probability(seen) for _, seen in said]
        likely = [number for number, chance in enumerate(chances) if chance >= options.likely_score]
        if options.everywhere:
            likely = sorted(likely, key=lambda number: -chances[number])[:SURVEYED]
            found = together(lambda number: self.surveyed(said[number], question), likely)
            for number, told in zip(likely, found, strict=True):
                said[number] = told
            return said
        while likely:
            first = max(likely, key=lambda number: chances[number])
            if chances[first] < max(chances):
                break
            likely.remove(first)
            said[first] = self.surveyed(said[first], question)
            chances[first] = self.confidence.probability(said[first][1])
        return said

    def surveyed(self, weighed: Weighed, question: Question | None) -> Weighed:
        """What was weighed, with what the other frames of the scene say, if its still agrees."""
        scene, seen = weighed
        row = scene.keyframe.row
        if question is None or seen.agrees is None or seen.survey is not None:
            return weighed
        if row not in question.surveys:
            question.surveys[row] = self.verifier.survey(question.part, scene, seen.agrees)
        return scene, replace(seen, survey=question.surveys[row])

    def _looked(
        self, found: list[Candidate], question: Question | None, options: SearchOptions
    ) -> dict[int, Verification | None]:
        """What was compared; nothing where it is not asked for or would not help."""
        if question is None or not worth_a_look(found, options):
            return {}
        best = found[:VERIFIED]
        fresh = [one for one in best if one.keyframe.row not in question.agreeing]
        rows, variants = [one.keyframe.row for one in fresh], [one.variant for one in fresh]
        question.agreeing.update(self.verifier.check(question.features.result(), rows, variants))
        known = question.agreeing
        return {row: known[row] for one in best if (row := one.keyframe.row) in known}


def worth_a_look(found: Sequence[Candidate], options: SearchOptions) -> bool:
    """Whether local features could tell anything of candidates, best first."""
    return bool(found) and (options.verify != "auto" or found[0].score >= WORTH_A_LOOK)


def evidence_of(agrees: Verification | None, corner: tuple[int, int]) -> Evidence | None:
    """In pixels of the whole picture."""
    if agrees is None:
        return None
    x, y = corner
    left, top, right, bottom = agrees.region
    lines = agrees.lines.copy()
    lines[:, :2] += np.array(corner, np.float32)
    region = (left + x, top + y, right + x, bottom + y)
    return Evidence(agrees.inliers, region, agrees.homography @ shift(-x, -y), lines)
