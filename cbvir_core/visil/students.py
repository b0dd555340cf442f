"""The students of DnS: short descriptors of a video, and which pairs need the longer ones."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from cbvir_core.errors import WeightsMismatch
from cbvir_core.types import Floats
from cbvir_core.visil.binary import BinaryRegions, binarised, binary_similarities
from cbvir_core.visil.coarse import CoarseStudent
from cbvir_core.visil.comparator import Comparator
from cbvir_core.visil.model import VisilModel
from cbvir_core.visil.selector import Selector, selected, self_similarity_of
from cbvir_core.visil.similarity import chamfer


@dataclass(frozen=True, slots=True, eq=False)
class ShortVideo:
    """What the students keep of a video.

    `regions` of N frames are 290 bytes each at 256 bits; `vector` is a unit row, and `self_similarity` one
    number.
    """

    regions: BinaryRegions = field(repr=False)
    vector: Floats = field(repr=False)
    self_similarity: float


class VideoStudents:
    """The fine, the coarse student and the selector.  Raise WeightsMismatch where the file has none."""

    def __init__(self, model: VisilModel) -> None:
        fine = model.part("fine.")
        if "projection" not in fine:
            raise WeightsMismatch("these weights of ViSiL hold no students; train them with --students")
        self._model, self._projection = model, fine["projection"]
        self._comparator = Comparator(model.part("fine.comparator."))
        self._coarse, self._selector = CoarseStudent(model.part("coarse.")), Selector(model.part("selector."))

    @property
    def bits(self) -> int:
        """How many bits a region has."""
        return len(self._projection)

    def describe(self, raw: Floats) -> ShortVideo:
        """Return what is kept of a video of raw regions, N x 9 x C."""
        rows = self._model.whitening(raw)
        own = self_similarity_of(self._model.describe(raw))
        return ShortVideo(binarised(rows, self._projection), self._coarse(rows), own)

    def fine_similarity(self, query: ShortVideo, video: ShortVideo) -> float:
        """Return the similarity of two videos by their bits, in [-1, 1]."""
        return chamfer(self._comparator(binary_similarities(query.regions, video.regions)))

    def coarse_similarities(self, query: ShortVideo, videos: list[ShortVideo]) -> Floats:
        """Return the similarity of a video and each of V others by their vectors, in [0, 1] by training."""
        return np.stack([video.vector for video in videos]) @ query.vector

    def worth(self, query: ShortVideo, videos: list[ShortVideo]) -> Floats:
        """Return how probably the fine similarity differs much from the coarse one, for each of V videos."""
        own = np.full(len(videos), query.self_similarity, np.float32)
        others = np.array([video.self_similarity for video in videos], np.float32)
        return self._selector(own, others, self.coarse_similarities(query, videos))

    def similarities(self, query: ShortVideo, videos: list[ShortVideo], share: float) -> Floats:
        """Return the similarity of a video and each of V others, in [0, 1], all on the scale of the fine one.

        The `share` of them that deserves it most is compared finely, the others by their vectors.
        """
        found = self._selector.as_fine(self.coarse_similarities(query, videos))
        for number in np.flatnonzero(selected(self.worth(query, videos), share)):
            found[number] = self.fine_similarity(query, videos[number]) / 2 + 0.5
        return found
