"""The options of keyframe detection."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class KeyframeOptions:
    """How keyframes are chosen; each option with what other values give.

    The defaults find .995 of 192 shots in twelve drawn films, with .116 of the keyframes redundant, and
    give 18 keyframes a minute of real clips.  ``python -m bench.measure.keyframes`` prints these figures and
    those below: shots found / redundant keyframes.

    - `sample_s`: seconds between two samples.
    - `bins`: hue, saturation and value bins of a block's histogram.  (6, 6, 6) .995 / .166; (8, 3, 8)
      .990 / .181; (16, 4, 4) .990 / .124.
    - `rank`: of the sub-matrix SVD.  8: .969 / .084; 12: .990 / .112; 16: .990 / .120; 32 and raw
      histograms are as good as 24: from there on the rank only bounds the work.
    - `window_s`: seconds of film that the basis is made of (at most 180 samples); in the batch form, the
      length of a sub-matrix.  60 s as in the published code; 30 s is as good.
    - `similarity`: cosine to the running centroid at which a sample belongs to the cluster, at least.  .7:
      .969 / .056; .85: .974 / .110; .9: .984 / .108; .95: .990 / .167, and 20 a minute of real clips.
    - `min_scene_s`: the length of a scene, at least; what is shorter (a flash, the middle of a dissolve) is
      no scene.  0.5: .995 / .187; 1.1: .958 / .080.
    - `max_gap_s`: a scene that lasts longer is divided into parts, so that it is found while it lasts and
      slow change is not lost.
    - `layout_similarity`: correlation of a sample's layout (`cbvir_core.keyframes.layout`) with that of the
      scene's beginning, below which a scene of the same colours is divided: the camera shows another view.  0
      (not at all; ``--set layout_similarity=0.0``): .990 / .100 and 15.6 a minute of real clips; .6:
      .990 / .108 and 16.6; .8: .995 / .155 and 18.6.
    - `form`: the detector, a name in `cbvir_core.keyframes.DETECTORS`: `online` (a sliding window) or `batch`
      (the paper's sub-matrices, see `paper`).  Whoever opens the detector checks the name.

    Raises ValueError on values that are not possible.
    """

    sample_s: float = 1 / 3
    bins: tuple[int, int, int] = (8, 4, 4)
    rank: int = 24
    window_s: float = 60.0
    similarity: float = 0.92
    min_scene_s: float = 0.8
    max_gap_s: float = 15.0
    form: str = "online"
    layout_similarity: float = 0.7

    def __post_init__(self) -> None:
        if self.sample_s <= 0 or self.window_s <= 0 or self.rank < 1:
            raise ValueError("sample_s, window_s and rank must be positive")
        if len(self.bins) != 3 or not all(1 <= count <= 256 for count in self.bins):
            raise ValueError("bins must be three numbers from 1 to 256: hue, saturation, value")
        if not 0 <= self.layout_similarity < 1:
            raise ValueError("layout_similarity is a correlation from 0 to 1, 1 excluded")
        if not 0 < self.similarity < 1:
            raise ValueError("similarity is a cosine between 0 and 1, both excluded")
        if not 0 <= self.min_scene_s < self.max_gap_s:
            raise ValueError("min_scene_s must not be negative and must be less than max_gap_s")

    @classmethod
    def paper(cls) -> KeyframeOptions:
        """Return the batch form, as the paper describes it: every sub-matrix is judged in its own SVD.

        The paper names no number, neither bins nor rank, length or threshold.  They are cbvir's here: .979 /
        .121.
        """
        return cls(form="batch")

    @classmethod
    def published_code(cls) -> KeyframeOptions:
        """Return the batch form with the numbers of the authors' published code, which the paper lacks.

        Parts of 60 s, rank 60, 6 x 6 x 6 bins, a squared cosine of .9, clusters of a second.  Layouts are not
        compared.  Bins are of HSV here (.979 / .200); `cbvir_core.evaluate.extraction.published` is that code
        itself.
        """
        return cls(
            form="batch",
            bins=(6, 6, 6),
            rank=60,
            window_s=60.0,
            similarity=0.9**0.5,
            min_scene_s=1.0,
            max_gap_s=60.0,
            layout_similarity=0.0,
        )
