"""What a user may choose about keyframes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Form = Literal["online", "batch"]


@dataclass(frozen=True, slots=True)
class KeyframeOptions:
    """How a video is taken apart.

    The defaults find .990 of 192 shots in twelve drawn films, with .100 of the keyframes redundant, and
    take 15 keyframes a minute of real clips.  ``python tests/keyframes/measure_keyframes.py`` prints
    this and what follows, as shots found / redundant keyframes.

    - `sample_s`: distance of the samples that are looked at.
    - `bins`: hue, saturation and value bins of a block's histogram.  (6, 6, 6) .995 / .143; (8, 3, 8)
      .984 / .167; (16, 4, 4) .984 / .108.
    - `rank`: of the sub-matrix SVD.  8: .917 / .064; 12: .964 / .093; 16: .979 / .100; 32 and raw
      histograms as 24: from there on the rank only bounds the work.
    - `window_s`: how much of the past the basis knows (at most 180 samples); in the batch form, the
      length of a sub-matrix.  The paper's 60 s; 30 s is as good.
    - `similarity`: cosine to the running centroid from which on a sample belongs to the cluster.  .7:
      .891 / .017; .85: .958 / .085; .9: .974 / .092; .95: .990 / .152, and 18 a minute of real clips.
    - `min_scene_s`: the smallest cluster; what is shorter (a flash, the middle of a dissolve) is no
      scene.  0.5: .990 / .170; 1.1: .953 / .076.
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
        """The batch form with the paper's numbers: sub-matrices of 60 s and rank 60 (.990 / .104)."""
        return cls(form="batch", rank=60, window_s=60.0)
