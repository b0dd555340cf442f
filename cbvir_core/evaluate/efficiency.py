"""The two measures of speed of the paper, which gives no equation for them, and their clock."""

from __future__ import annotations

from collections.abc import Callable

EvaluationClock = Callable[[], float]
"""Return seconds since any fixed moment, as ``time.perf_counter`` does."""

_TICK_S = 1e-9


def efficiency_ratio(video_s: float, spent_s: float) -> float:
    """Return the seconds of video per second of work (Tables II and III): 49.5 is 49.5 times real time.

    The paper does not define the ratio.  This reading fits because higher is better and because both
    tables then agree: keyframe extraction alone (49.5) is faster than all steps together (17.68).
    """
    return video_s / max(spent_s, _TICK_S)


def extraction_efficiency(pictures: int, spent_s: float) -> float:
    """Return the pictures of the gallery per second of feature extraction, for one query (Table IV).

    The paper defines it as "the inverse of the mean feature extraction time of the test database to
    execute one query search".  MoReSo runs the filter on all N pictures and the refinement on the
    shortlisted tenth, so its mean is t_filter + 0.1 t_refine.  The paper's figures fit: 1 / 32.74 -
    0.1 / 4.65 leaves 9 ms for one MobileNetV2.  Describing the query, reading pictures and searching
    are not counted.
    """
    return pictures / max(spent_s, _TICK_S)
