"""MatchEvidence -> the probability that an answer is right.

Six logistic models, of few figures each: with SOLAR's score or the filter's alone; and without a look at
local features, with one, or with one at the other frames of the scene too.  A model is fitted to questions
whose answers are known (`cbvir_core.calibration.calibrate`); the one that comes with cbvir lies beside this
file.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from importlib import resources
from pathlib import Path

import numpy as np
import numpy.typing as npt

from cbvir_core.errors import ConfigError
from cbvir_core.localise import Survey
from cbvir_core.verify import Verification

FIGURES = ("score", "margin", "agrees", "inliers", "agreement", "spread", "explained", "fit")
"""What a model weighs, after its constant.  The first two are of descriptors, the next four of local features
and 0 where these disagree, the last two of a survey of the scene (`cbvir_core.localise.thumbnails`)."""

LARGEST_MARGIN = 0.3
MOST_INLIERS = 100
DIGITS = 4
WIDTHS = {"unchecked": 2, "checked": 6, "surveyed": len(FIGURES)}
FILE = "confidence.json"


@dataclass(frozen=True, slots=True)
class MatchEvidence:
    """What speaks for one scene.

    `score` is that of its descriptors (`cbvir_core.search.scores`), `margin` by how much it exceeds the
    best of any other video, which may be less than nothing.  `checked` says that local features were
    compared, `agrees` what came of that, and `survey` what the other frames of the scene say of a picture
    that agrees with one, where they were asked.
    """

    score: float
    margin: float
    refined: bool
    checked: bool
    agrees: Verification | None = None
    survey: Survey | None = None

    def figures(self) -> list[float]:
        """The numbers that its model weighs, each about 1 at most."""
        known = [self.score, max(-LARGEST_MARGIN, min(LARGEST_MARGIN, self.margin)) / LARGEST_MARGIN]
        if not self.checked:
            return known
        if self.agrees is None:
            return [*known, 0.0, 0.0, 0.0, 0.0]
        inliers = math.log1p(min(self.agrees.inliers, MOST_INLIERS)) / math.log1p(MOST_INLIERS)
        known += [1.0, inliers, self.agrees.agreement, self.agrees.spread]
        return known if self.survey is None else [*known, self.survey.explained, max(0.0, self.survey.fit)]


@dataclass(frozen=True, slots=True)
class ConfidenceModel:
    """The weights of the six models: a constant, then one for each figure."""

    refined_surveyed: tuple[float, ...]
    refined_checked: tuple[float, ...]
    refined_unchecked: tuple[float, ...]
    filter_surveyed: tuple[float, ...]
    filter_checked: tuple[float, ...]
    filter_unchecked: tuple[float, ...]

    def __post_init__(self) -> None:
        for name, weights in asdict(self).items():
            wanted = 1 + WIDTHS[name.partition("_")[2]]
            if len(weights) != wanted or not all(map(math.isfinite, weights)):
                raise ConfigError(f"{name} wants {wanted} finite weights")

    def probability(self, evidence: MatchEvidence) -> float:
        """That the scene shows the picture, in [0, 1]."""
        constant, *weights = getattr(self, model_name(evidence))
        total = constant + sum(w * x for w, x in zip(weights, evidence.figures(), strict=True))
        return 1.0 / (1.0 + math.exp(-max(-30.0, min(30.0, total))))

    @classmethod
    def load(cls, path: Path) -> ConfidenceModel:
        """A model in the form of `dump`.  Raises ConfigError where it is none."""
        try:
            return cls.parse(path.read_text("utf-8"))
        except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
            raise ConfigError(f"{path} is no calibration ({error}); delete it or calibrate anew") from error

    @classmethod
    def parse(cls, text: str) -> ConfidenceModel:
        """The inverse of `dump`.  Raises what a text of another form leads to."""
        fields = json.loads(text)["weights"]
        return cls(**{name: tuple(float(weight) for weight in weights) for name, weights in fields.items()})

    def dump(self, details: Mapping[str, object]) -> str:
        """JSON, with how it came about."""
        return json.dumps({"weights": asdict(self), **details}, indent=2) + "\n"


def model_name(evidence: MatchEvidence) -> str:
    """The name of the model for this evidence."""
    looked = "unchecked" if not evidence.checked else "checked" if evidence.survey is None else "surveyed"
    return f"{'refined' if evidence.refined else 'filter'}_{looked}"


@cache
def shipped() -> ConfidenceModel:
    """The model that comes with cbvir."""
    return ConfidenceModel.parse((resources.files("cbvir_core.search") / FILE).read_text("utf-8"))


def fit(figures: Sequence[Sequence[float]], right: Sequence[bool], ridge: float = 0.05) -> tuple[float, ...]:
    """Weights of one logistic model (N x F figures, N answers), by Newton's method.

    `ridge` keeps weights finite where the answers can be told apart without an error; the constant is
    free.  The weight of a figure that speaks for an answer by its meaning is never below 0.
    """
    table = np.column_stack([np.ones(len(figures)), np.asarray(figures, float)])
    wanted = np.asarray(right, float)
    free = np.ones(table.shape[1], bool)
    while True:
        weights = np.zeros(table.shape[1])
        weights[free] = _newton(table[:, free], wanted, ridge)
        against = free & (weights < 0.0)
        against[0] = False
        if not against.any():
            return tuple(round(float(weight), DIGITS) for weight in weights)
        free &= ~against


def _newton(
    table: npt.NDArray[np.float64], wanted: npt.NDArray[np.float64], ridge: float
) -> npt.NDArray[np.float64]:
    penalty = np.full(table.shape[1], ridge)
    penalty[0] = 1e-6
    weights = np.zeros(table.shape[1])
    for _ in range(50):
        likely = 1.0 / (1.0 + np.exp(-np.clip(table @ weights, -30, 30)))
        slope = table.T @ (likely - wanted) + penalty * weights
        bend = (table * (likely * (1.0 - likely))[:, None]).T @ table + np.diag(penalty)
        step = np.linalg.solve(bend, slope)
        weights = weights - step * min(1.0, 5.0 / max(1e-9, float(np.abs(step).max())))
        if np.abs(step).max() < 1e-6:
            break
    return np.asarray(weights, np.float64)
