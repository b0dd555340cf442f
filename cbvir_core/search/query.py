"""A query as every pass gets it."""

from __future__ import annotations

from concurrent.futures import Future
from dataclasses import dataclass

from cbvir_core.search.confidence import ConfidenceModel
from cbvir_core.search.gallery import Gallery
from cbvir_core.search.options import MIN_MOMENT_S, SearchOptions
from cbvir_core.search.parallel import submit
from cbvir_core.search.refine import Refiner
from cbvir_core.search.stages import StageClock
from cbvir_core.search.variants import Variant, crop
from cbvir_core.types import Image, Region
from cbvir_core.verify import QUERY_FEATURES, LocalFeatures, describe


@dataclass(frozen=True, slots=True, eq=False)
class DescribedPicture:
    """A picture, or the part of it that is asked for, with its local features while they are computed.

    `corner` is the x and y of the part's upper left pixel in the whole picture.
    """

    image: Image
    features: Future[LocalFeatures]
    corner: tuple[int, int] = (0, 0)

    @classmethod
    def begin(cls, picture: Image, region: Region | None = None) -> DescribedPicture:
        """Start to compute the features in another thread.  Raises InputError for a region outside."""
        image = picture if region is None else crop(picture, region)
        features = submit(lambda: describe(image, QUERY_FEATURES))
        return cls(image, features, (0, 0) if region is None else region[:2])


@dataclass(frozen=True, slots=True, eq=False)
class Query:
    """A picture, how it is asked with, and what answers it.

    - `model`: one confidence model for the whole query, also where another one is set meanwhile.
    - `variants`: the pictures that are looked for; none where the picture is blank or the gallery empty.
    - `refiner`: None where SOLAR does not take part.
    - `described`: None where local features are not compared.
    - `notes`: sentences for a person on how the query is answered.
    """

    picture: Image
    options: SearchOptions
    clock: StageClock
    model: ConfidenceModel
    variants: tuple[Variant, ...]
    gallery: Gallery
    refiner: Refiner | None
    described: DescribedPicture | None
    notes: tuple[str, ...]

    @property
    def moment_budget_s(self) -> float:
        """Seconds that are left for the exact moment."""
        return max(MIN_MOMENT_S, self.options.exact_time_s - self.clock.elapsed_ms / 1000.0)
