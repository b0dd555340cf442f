"""Confidence models for tests, by the names of their figures."""

from __future__ import annotations

from cbvir_core.search.confidence import FIGURE_COUNTS, FIGURES, ConfidenceModel


def weights(evidence: str, constant: float = 0.0, **figures: float) -> tuple[float, ...]:
    """Return the weights for one kind of evidence (``unchecked``, ``checked``, ``surveyed``)."""
    names = FIGURES[: FIGURE_COUNTS[evidence]]
    assert set(figures) <= set(names), "a model weighs only the figures of its evidence"
    return (constant, *(figures.get(name, 0.0) for name in names))


def model_of(
    surveyed: tuple[float, ...], checked: tuple[float, ...], unchecked: tuple[float, ...]
) -> ConfidenceModel:
    """Return a model that weighs alike with SOLAR and without."""
    return ConfidenceModel(*2 * (surveyed, checked, unchecked))
