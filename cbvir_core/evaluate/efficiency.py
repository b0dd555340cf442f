"""The paper's two measures of speed, which it names without an equation, and the clock behind them."""

from __future__ import annotations

from collections.abc import Callable

EvaluationClock = Callable[[], float]
"""Seconds from any origin, as ``time.perf_counter``."""

_TICK_S = 1e-9


def efficiency_ratio(video_s: float, spent_s: float) -> float:
    """Seconds of video per second of work (Tables II and III): 49.5 is 49.5 times real time.

    Read so because it is a ratio, the higher the better, and because both tables then agree:
    keyframes alone (49.5) are faster than the whole (17.68).
    """
    return video_s / max(spent_s, _TICK_S)


def extraction_efficiency(pictures: int, spent_s: float) -> float:
    """Pictures of the gallery per second of feature extraction, for one query (Table IV).

    "The inverse of the mean feature extraction time of the test database to execute one query
    search": MoReSo runs the filter on all N pictures and the refinement on the shortlisted tenth, so
    its mean is t_filter + 0.1 t_refine.  The paper's figures fit: 1 / 32.74 - 0.1 / 4.65 leaves 9 ms for
    one MobileNetV2.  The query's own descriptors, reading pictures and searching do not count.
    """
    return pictures / max(spent_s, _TICK_S)
