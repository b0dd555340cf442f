"""The similarity matrix of two videos: how much each frame of one resembles each frame of the other."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from cbvir_core.types import Floats

FrameTimes = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class SimilarityMatrix:
    """Similarities of N frames of a query and M frames of a video.

    - `query_times_s` (N) and `times_s` (M) ascend.
    - `values`: N x M, cosines.
    """

    query_times_s: FrameTimes
    times_s: FrameTimes
    values: Floats = field(repr=False)

    def __post_init__(self) -> None:
        if self.values.shape != (len(self.query_times_s), len(self.times_s)):
            raise ValueError(
                f"{len(self.query_times_s)} and {len(self.times_s)} times do not fit a matrix of "
                f"{self.values.shape}"
            )


def frame_similarities(query: Floats, frames: Floats) -> Floats:
    """Return the similarity of each frame of a query and each of a video, N x M, by their views.

    `query` is N x V x D, `frames` M x W x D, unit rows; view 0 is the whole frame, the others are regions of
    it.  It is the mean over the views of one frame of the most similar view of the other (chamfer similarity,
    ViSiL, Kordopatis-Zilos et al., ICCV 2019, eq. 2), averaged over both ways round, for one way alone is not
    symmetric.
    """
    # Views in front: a maximum over five numbers that lie beside each other takes five times as long.
    (count, width), (other_count, other_width) = query.shape[:2], frames.shape[:2]
    rows = np.ascontiguousarray(query.transpose(1, 0, 2)).reshape(width * count, -1)
    others = np.ascontiguousarray(frames.transpose(1, 0, 2)).reshape(other_width * other_count, -1)
    pairs = (rows @ others.T).reshape(width, count, other_width, other_count)
    return region_chamfer(pairs.transpose(1, 0, 3, 2))


def region_chamfer(pairs: Floats) -> Floats:
    """Return the similarity of each two frames, N x M, from those of their views, N x V x M x W."""
    there, back = pairs.max(axis=3).mean(axis=1), pairs.max(axis=1).mean(axis=2)
    return np.asarray((there + back) / 2, np.float32)
