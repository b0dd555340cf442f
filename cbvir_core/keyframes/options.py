"""What a user may choose about keyframes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Form = Literal["online", "batch"]


@dataclass(frozen=True, slots=True)
class KeyframeOptions:
    """How a video is taken apart.

    The defaults were chosen on 840 shots of 37 drawn films (shots found / redundant keyframes: .987 /
    .105) with an eye on the real clips, of which they take 15 keyframes a minute.

    - `sample_s`: distance of the samples that are looked at.
    - `bins`: hue, saturation and value bins of a block's histogram.  (6, 6, 6) .986 / .150; (8, 3, 8)
      .982 / .157; (16, 4, 4) .986 / .124.
    - `rank`: of the sub-matrix SVD.  8: .879 / .053; 12: .937 / .074; 16: .973 / .089; 32: .988 / .108;
      raw histograms .988 / .112.
    - `window_s`: how much of the past the basis knows (at most 180 samples); in the batch form, the
      length of a sub-matrix.  The paper's 60 s; 30 s gives .988 / .112.
    - `similarity`: cosine to the running centroid from which on a sample belongs to the cluster.  .7:
      .894 / .022; .85: .963 / .060; .9: .983 / .090; .95: .990 / .149, and 18 a minute of real clips.
    - `min_scene_s`: the smallest cluster; what is shorter (a flash, the middle of a dissolve) is no
      scene.  0.5: .988 / .181; 1.1: .968 / .068.
    - `max_gap_s`: a scene that lasts longer is given in parts, so that it is found while it lasts and
      slow change is not lost.
    - `form`: `online` (a sliding window) or `batch` (the paper's sub-matrices, see `paper`).

    Raises ValueError on values that make no sense.
    """

    sample_s: float = 1 / 3
    bins: tuple[int, int, int] = (8, 4, 4)
    rank: int = 24
    window_s: float = 60.0
    similarity: float = 0.92
    min_scene_s: float = 0.8
    max_gap_s: float = 15.0
    form: Form = "online"

    def __post_init__(self) -> None:
        if self.sample_s <= 0 or self.window_s <= 0 or self.rank < 1:
            raise ValueError("sample_s, window_s and rank must be positive")
        if len(self.bins) != 3 or not all(1 <= count <= 256 for count in self.bins):
            raise ValueError("bins must be three numbers from 1 to 256: hue, saturation, value")
        if not 0 < self.similarity < 1:
            raise ValueError("similarity is a cosine between 0 and 1, both excluded")
        if not 0 <= self.min_scene_s < self.max_gap_s:
            raise ValueError("min_scene_s must not be negative and must be less than max_gap_s")
        if self.form not in ("online", "batch"):
            raise ValueError(f"form is online or batch, not {self.form!r}")

    @classmethod
    def paper(cls) -> KeyframeOptions:
        """The batch form with the paper's numbers: sub-matrices of 60 s and rank 60 (.988 / .112)."""
        return cls(form="batch", rank=60, window_s=60.0)
