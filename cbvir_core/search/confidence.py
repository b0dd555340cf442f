"""Match evidence to the probability that a scene shows the picture.

Six logistic models, of few figures each: with SOLAR's score or the filter's alone; and with nothing else,
with local features compared, or with the thumbnails of the scene compared too.  A model is fitted to
questions whose answers are known (`cbvir_core.calibration`); the one that comes with cbvir lies beside this
file.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from functools import cache
from importlib import resources
from pathlib import Path

import numpy as np
import numpy.typing as npt

from cbvir_core.errors import ConfigError
from cbvir_core.json_text import parse_json
from cbvir_core.localise import ThumbnailMatch
from cbvir_core.verify import Verification

FIGURES = (
    "score",
    "margin",
    "frame",
    "agrees",
    "inliers",
    "agreement",
    "spread",
    "explained",
    "fit",
)
"""What a model weighs, after its constant.  The first two are of descriptors of keyframes, the third of
frames.  The next four are of local features, and 0 where these disagree.  The last two are of a thumbnail
match (`cbvir_core.localise.ThumbnailMatch`)."""

FIGURE_COUNTS = {"unchecked": 3, "checked": 7, "surveyed": len(FIGURES)}
"""How many of the figures a model weighs, by the last word of its name."""

MAX_MARGIN = 0.3
"""Margin that counts as 1; so does a larger one."""

MAX_INLIERS = 100
"""Inliers that count as 1; so do more."""

MAX_LOG_ODDS = 30.0
"""Log-odds that larger ones are cut to, so that the exponential stays finite: a probability of 1 - 1e-13."""

MAX_NEWTON_STEPS = 50
MAX_WEIGHT_CHANGE = 5.0
"""Largest change of a weight in one step of the fit."""

WEIGHT_DECIMALS = 4
MODEL_FILE = "confidence.json"


@dataclass(frozen=True, slots=True)
class MatchEvidence:
    """What speaks for one scene.

    - `score`: that of its descriptors (`cbvir_core.search.scores`).
    - `margin`: by how much the score exceeds the best of any other video; it may be negative.
    - `frame`: the similarity of the scene's best frame, 0 where the frame route found none.
    - `refined`: whether SOLAR took part.
    - `checked`: whether local features were compared, and `verification` what they have in common.
    - `thumbnail_match`: what the thumbnails of the scene say, where the still agrees and they were compared.
    """

    score: float
    margin: float
    refined: bool
    checked: bool
    verification: Verification | None = None
    thumbnail_match: ThumbnailMatch | None = None
    frame: float = 0.0

    @property
    def model_name(self) -> str:
        """The name of the model for this evidence."""
        compared = "surveyed" if self.thumbnail_match is not None else "checked"
        return f"{'refined' if self.refined else 'filter'}_{compared if self.checked else 'unchecked'}"

    def figures(self) -> list[float]:
        """Return the numbers that its model weighs, each about 1 at most."""
        margin = max(-MAX_MARGIN, min(MAX_MARGIN, self.margin)) / MAX_MARGIN
        figures = [self.score, margin, self.frame]
        if not self.checked:
            return figures
        if self.verification is None:
            figures += [0.0, 0.0, 0.0, 0.0]
        else:
            inliers = math.log1p(min(self.verification.inliers, MAX_INLIERS)) / math.log1p(MAX_INLIERS)
            figures += [1.0, inliers, self.verification.agreement, self.verification.spread]
        if self.thumbnail_match is None:
            return figures
        return [*figures, self.thumbnail_match.explained, max(0.0, self.thumbnail_match.fit)]


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
            wanted = 1 + FIGURE_COUNTS[name.partition("_")[2]]
            if len(weights) != wanted or not all(map(math.isfinite, weights)):
                raise ConfigError(f"{name} wants {wanted} finite weights")

    def probability(self, evidence: MatchEvidence) -> float:
        """Return how probably the scene shows the picture, in [0, 1]."""
        return logistic(getattr(self, evidence.model_name), evidence.figures())

    @classmethod
    def even(cls) -> ConfidenceModel:
        """Return the model that gives every scene the probability one half."""
        names = [field.name for field in fields(cls)]
        return cls(**{name: (0.0,) * (1 + FIGURE_COUNTS[name.partition("_")[2]]) for name in names})

    @classmethod
    def load(cls, path: Path) -> ConfidenceModel:
        """Read a file in the form of `dump`.  Raises ConfigError where it is none."""
        try:
            return cls.parse(path.read_text("utf-8"))
        except (OSError, ValueError, TypeError, KeyError, AttributeError, OverflowError) as error:
            raise ConfigError(f"{path} is no calibration ({error}); delete it or calibrate anew") from error

    @classmethod
    def parse(cls, text: str) -> ConfidenceModel:
        """Read a text in the form of `dump`.

        Raises ConfigError for weights that are too few or not finite, and ValueError, TypeError, KeyError or
        AttributeError for a text of another form.
        """
        found = parse_json(text)["weights"]
        return cls(**{name: tuple(float(weight) for weight in weights) for name, weights in found.items()})

    def dump(self, details: Mapping[str, object]) -> str:
        """Return JSON, with `details` on how the model was made."""
        return json.dumps({"weights": asdict(self), **details}, indent=2) + "\n"


def logistic(weights: Sequence[float], figures: Sequence[float]) -> float:
    """Return the probability that a logistic model gives, in [0, 1]; its first weight is the constant."""
    constant, *others = weights
    log_odds = constant + sum(w * x for w, x in zip(others, figures, strict=True))
    return 1.0 / (1.0 + math.exp(-max(-MAX_LOG_ODDS, min(MAX_LOG_ODDS, log_odds))))


@cache
def shipped_model() -> ConfidenceModel:
    """Return the model that comes with cbvir."""
    return ConfidenceModel.parse((resources.files("cbvir_core.search") / MODEL_FILE).read_text("utf-8"))


def fit_weights(
    figures: Sequence[Sequence[float]], right: Sequence[bool], ridge: float = 0.05
) -> tuple[float, ...]:
    """Return the weights of one logistic model (N x F figures, N answers), by Newton's method.

    `ridge` keeps weights finite where the answers can be told apart without an error; the constant is
    free.  The weight of a figure that speaks for an answer by its meaning is never below 0.
    """
    inputs = np.column_stack([np.ones(len(figures)), np.asarray(figures, float)])
    targets = np.asarray(right, float)
    free = np.ones(inputs.shape[1], bool)
    while True:
        weights = np.zeros(inputs.shape[1])
        weights[free] = _newton(inputs[:, free], targets, ridge)
        negative = free & (weights < 0.0)
        negative[0] = False
        if not negative.any():
            return tuple(round(float(weight), WEIGHT_DECIMALS) for weight in weights)
        free &= ~negative


def _newton(
    inputs: npt.NDArray[np.float64], targets: npt.NDArray[np.float64], ridge: float
) -> npt.NDArray[np.float64]:
    """Return the weights of least loss; `inputs` are N x F with a constant first, `targets` 0 or 1."""
    penalty = np.full(inputs.shape[1], ridge)
    penalty[0] = 1e-6  # the constant is all but free
    weights = np.zeros(inputs.shape[1])
    for _ in range(MAX_NEWTON_STEPS):
        likely = 1.0 / (1.0 + np.exp(-np.clip(inputs @ weights, -MAX_LOG_ODDS, MAX_LOG_ODDS)))
        gradient = inputs.T @ (likely - targets) + penalty * weights
        hessian = (inputs * (likely * (1.0 - likely))[:, None]).T @ inputs + np.diag(penalty)
        step = np.linalg.solve(hessian, gradient)
        # A full step from far away can overshoot until nothing is finite.
        weights = weights - step * min(1.0, MAX_WEIGHT_CHANGE / max(1e-9, float(np.abs(step).max())))
        if np.abs(step).max() < 1e-6:
            break
    return np.asarray(weights, np.float64)
