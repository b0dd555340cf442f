"""The best path through a similarity matrix: local alignment by dynamic programming.

It is Smith and Waterman's local alignment (JMB 1981) on a matrix of scores: each frame of the query follows
the one before by no, one or more frames of the video, so the path may be faster, slower, or stand still.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from cbvir_core.types import Floats

STEP_PENALTIES = (0.12, 0.0, 0.06, 0.18)
"""What it costs that the video goes on by 0, 1, 2 or 3 frames while the query goes on by one.  In proportion
to the scores of frames that are alike, .2 to .5, so that noise makes no detours and other speeds pass."""

_START = -1


@dataclass(frozen=True, slots=True, eq=False)
class AlignmentPath:
    """Frames of a query, one after the other, each with its frame of the video.

    - `queries`, `frames`: K each, indices; `queries` go up by one, `frames` never go down.
    - `score`: the sum of their scores, less what their steps cost.
    """

    queries: npt.NDArray[np.int64] = field(repr=False)
    frames: npt.NDArray[np.int64] = field(repr=False)
    score: float

    def __len__(self) -> int:
        return len(self.queries)


def best_path(scores: Floats) -> AlignmentPath | None:
    """Return the path with the highest score through N x M scores, of which unlike frames have negative ones.

    Return None where no score is positive.
    """
    queries, frames = scores.shape
    if not queries or not frames or scores.max() <= 0.0:
        return None
    sums = np.zeros((queries, frames), np.float32)
    steps = np.full((queries, frames), _START, np.int8)
    sums[0] = scores[0]
    sizes = min(frames, len(STEP_PENALTIES))
    reached = np.full((sizes, frames), -np.inf, np.float32)
    for query in range(1, queries):
        for size, penalty in enumerate(STEP_PENALTIES[:sizes]):
            np.subtract(sums[query - 1, : frames - size], penalty, out=reached[size, size:])
        best, step = reached.max(axis=0), reached.argmax(axis=0)
        goes_on = best > 0.0
        np.copyto(steps[query], step, where=goes_on, casting="same_kind")
        sums[query] = scores[query] + np.maximum(best, np.float32(0.0))
    return _traced_back(sums, steps)


def _traced_back(sums: Floats, steps: npt.NDArray[np.int8]) -> AlignmentPath:
    query, frame = (int(one) for one in np.unravel_index(int(sums.argmax()), sums.shape))
    score = float(sums[query, frame])
    path = [(query, frame)]
    while (step := int(steps[query, frame])) != _START:
        query, frame = query - 1, frame - step
        path.append((query, frame))
    path.reverse()
    return AlignmentPath(np.array([one for one, _ in path]), np.array([other for _, other in path]), score)
