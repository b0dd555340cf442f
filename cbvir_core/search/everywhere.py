"""Where else: every scene that shows the picture, not the best few.

A stock shot of sixty films is sixty answers.  Candidates are compared with the picture, best descriptors
first, until `PATIENCE` in a row do not agree with it, and `SCENES` at most; each that is probable is a hit of
its own.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from cbvir_core.search.answer import Candidate, Judged
from cbvir_core.search.confidence import MatchEvidence
from cbvir_core.search.groups import TWIN_COSINE
from cbvir_core.search.judging import Question, Weighed, worth_a_look
from cbvir_core.search.options import SearchOptions
from cbvir_core.search.verifying import Verifier
from cbvir_core.types import Rows
from cbvir_core.verify import LocalFeatures, Verification

SCENES = 500
"""Scenes that are judged at most, and so the most that an answer has: two seconds on two cores."""

BATCH = 16
"""Scenes that are compared at once."""

PATIENCE = 64
"""Scenes in a row that do not agree after which no other is compared: a quarter of a second on two cores."""

BOUND = (
    f"{SCENES} scenes were judged and the last of them still show the picture: there may be more. "
    "Limit the question to folders or videos to see all of them."
)


def weigh_all(
    verifier: Verifier,
    found: Sequence[Candidate],
    rows: Rows,
    question: Question | None,
    options: SearchOptions,
    *,
    refined: bool,
) -> list[Weighed]:
    """What speaks for each candidate, best first; `rows` are their filter descriptors."""
    looked: dict[int, Verification | None] = {}
    if question is not None and worth_a_look(found, options):
        looked = look_through(verifier, question.features.result(), found)
    agree = np.array([looked.get(one.keyframe.row) is not None for one in found], bool)
    return [
        (
            one,
            MatchEvidence(
                one.score, margin, refined, one.keyframe.row in looked, looked.get(one.keyframe.row)
            ),
        )
        for one, margin in zip(found, undisputed(found, agree, rows), strict=True)
    ]


def look_through(
    verifier: Verifier, query: LocalFeatures, found: Sequence[Candidate]
) -> dict[int, Verification | None]:
    """What the query has in common with the stills of candidates, until `PATIENCE` have nothing."""
    looked: dict[int, Verification | None] = {}
    in_vain = 0
    for at in range(0, len(found), BATCH):
        batch = found[at : at + BATCH]
        rows = [one.keyframe.row for one in batch]
        looked |= verifier.check(query, rows, [one.variant for one in batch])
        for row in rows:
            in_vain = in_vain + 1 if looked.get(row) is None else 0
        if in_vain >= PATIENCE:
            break
    return looked


def undisputed(found: Sequence[Candidate], agree: npt.NDArray[np.bool_], rows: Rows) -> list[float]:
    """By how much each score exceeds the best one of any other video that does not show the same.

    Two scenes show the same where both agree with the picture, or their stills are alike: what stands in
    another film as well is not the less in this one.  The score itself where there is no such video.
    """
    scores = np.array([one.score for one in found], float)
    videos = np.array([one.video.video_id for one in found])
    same = np.logical_and.outer(agree, agree) | (rows @ rows.T >= TWIN_COSINE)
    rivals = (videos[:, None] != videos) & ~same
    best = np.where(rivals, scores, 0.0).max(axis=1, initial=0.0)
    return [float(margin) for margin in scores - best]


def unfinished(judged: Sequence[Judged], options: SearchOptions) -> bool:
    """Whether scenes that were not judged may show the picture: the bound was reached while there were hits.

    `judged` is in the order of the descriptors, which is that in which they were compared.
    """
    likely = [one.probability >= options.likely_score for one in judged[-PATIENCE:]]
    return len(judged) == SCENES and any(likely)
