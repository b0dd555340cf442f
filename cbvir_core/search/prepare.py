"""The first pass of a query: the variants of its picture, the gallery, and who answers."""

from __future__ import annotations

from cbvir_core.decode.blank import is_blank
from cbvir_core.index import Index
from cbvir_core.search.confidence import ConfidenceModel
from cbvir_core.search.descreen import without_screen
from cbvir_core.search.gallery import Gallery, IndexGallery, VideoGallery
from cbvir_core.search.options import SearchOptions
from cbvir_core.search.query import DescribedPicture, Query
from cbvir_core.search.refine import Refiner
from cbvir_core.search.stages import StageClock
from cbvir_core.search.variants import variants_of
from cbvir_core.search.video_paths import videos_within
from cbvir_core.store import Generation, Store
from cbvir_core.types import Image

BLANK_NOTE = (
    "The picture shows one colour only, noise apart, which appears in every video: nothing was looked for."
)
NO_SOLAR_NOTE = "The profile has no SOLAR weights: the filter stage answered alone."
SOLAR_LATE_NOTE = "SOLAR does not take part: {delay}; the filter stage answered alone."
EMPTY_NOTE = "No keyframe that shows anything has been indexed yet."


class Preparer:
    """Makes queries of pictures."""

    def __init__(self, store: Store, index: Index, generation: Generation, refiner: Refiner | None) -> None:
        self._store, self._index, self._generation = store, index, generation
        self._refiner = refiner

    def prepare(self, picture: Image, options: SearchOptions, model: ConfidenceModel) -> Query:
        """Return the query, while local features of the picture are computed in another thread.

        Raises InputError for a region outside the picture and UnknownVideo for an entry of `within` that
        names no video.
        """
        clock = StageClock()
        with clock.stage("prepare"):
            picture = without_screen(picture)
            variants = variants_of(
                picture, options.region, borders=options.borders, mirrored=options.mirrored
            )
        gallery = self._gallery(options)
        refiner, notes = self._refiner_for(options)
        described = None
        if not len(gallery):
            variants, notes = [], (EMPTY_NOTE,)
        elif is_blank(variants[0].image):
            variants, notes = [], (BLANK_NOTE,)
        elif options.verify != "never":
            described = DescribedPicture.begin(picture, options.region)
        return Query(picture, options, clock, model, tuple(variants), gallery, refiner, described, notes)

    def _gallery(self, options: SearchOptions) -> Gallery:
        if options.within:
            videos = videos_within(self._store, options.within)
            return VideoGallery(self._store, self._generation, self._index, videos)
        return IndexGallery(self._index)

    def _refiner_for(self, options: SearchOptions) -> tuple[Refiner | None, tuple[str, ...]]:
        """Return the refiner, or None and a note that says why SOLAR does not take part."""
        if self._refiner is None:
            return None, (NO_SOLAR_NOTE,)
        delay = self._refiner.delay
        if delay is not None and not options.wait_for_refine:
            return None, (SOLAR_LATE_NOTE.format(delay=delay),)
        return self._refiner, ()
