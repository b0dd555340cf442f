"""One query from picture to answer: prepare, find, verify, localise, judge, answer."""

from __future__ import annotations

from collections.abc import Sequence

from cbvir_core.embed import Encoder
from cbvir_core.index import Index
from cbvir_core.search.answer import answer
from cbvir_core.search.confidence import ConfidenceModel, shipped_model
from cbvir_core.search.find import Finder
from cbvir_core.search.findings import Candidate, Findings, evidence_of
from cbvir_core.search.judge import judge
from cbvir_core.search.localise import Localiser, exact_moment
from cbvir_core.search.options import SearchOptions
from cbvir_core.search.parts import better_of, parts_to_look_for
from cbvir_core.search.prepare import Preparer
from cbvir_core.search.query import DescribedPicture, Query
from cbvir_core.search.refine import Refiner
from cbvir_core.search.scores import FILTER_SCALE, REFINE_SCALE, ScoreScale
from cbvir_core.search.variants import Variant
from cbvir_core.search.verify import Verifier
from cbvir_core.store import Generation, Store
from cbvir_core.types import Answer, Evidence, Image, KeyframeId, Region


class Searcher:
    """Answers queries from one generation of descriptors.  Any number of threads may ask at once.

    The encoders must be those that made the generation; `refine_encoder` is None where there are no
    SOLAR weights.  Nothing that is handed in is closed here.
    """

    def __init__(
        self,
        store: Store,
        index: Index,
        generation: Generation,
        filter_encoder: Encoder,
        refine_encoder: Encoder | None = None,
        *,
        profile_name: str,
        options: SearchOptions = SearchOptions(),
        filter_scale: ScoreScale = FILTER_SCALE,
        refine_scale: ScoreScale = REFINE_SCALE,
        confidence: ConfidenceModel | None = None,
    ) -> None:
        refiner = Refiner(store, generation, refine_encoder) if refine_encoder else None
        self._store, self._profile_name, self._options = store, profile_name, options
        self._preparer = Preparer(store, index, generation, refiner)
        self._finder = Finder(store, generation, filter_encoder, filter_scale, refine_scale)
        self._verifier, self._localiser = Verifier(store), Localiser(store)
        self._model = confidence or shipped_model()

    @property
    def confidence(self) -> ConfidenceModel:
        """The model that answers are judged by."""
        return self._model

    def set_confidence(self, confidence: ConfidenceModel) -> None:
        """Judge later queries by another model."""
        self._model = confidence

    def search(self, picture: Image, options: SearchOptions | None = None) -> Answer:
        """Return where the picture appears.

        Raises InputError for a region outside the picture and UnknownVideo for an entry of `within`
        that names no video.
        """
        query = self._preparer.prepare(picture, options or self._options, self._model)
        found = self._look_for(query, query.variants, Findings())
        if parts := parts_to_look_for(query, found):
            found = better_of(query, found, self._look_for(query, parts, found))
        return answer(query, found, self._profile_name)

    def _look_for(self, query: Query, variants: Sequence[Variant], known: Findings) -> Findings:
        """Return what is known after the variants were looked for too."""
        found = self._finder.find(query, variants, known)
        verified = self._verifier.verify(query, found)
        localised = self._localiser.localise(query, verified)
        return judge(query, localised)

    def best_candidate(self, picture: Image, options: SearchOptions | None = None) -> Candidate | None:
        """Return the scene that an answer would name first, with all evidence; None without scenes.

        Its thumbnails are compared and its exact moment is found however improbable it is, and parts of the
        picture are not looked for.  Raises as `search`.
        """
        query = self._preparer.prepare(picture, options or self._options, self._model)
        found = self._finder.find(query, query.variants, Findings())
        found = self._localiser.match_likely(query, self._verifier.verify(query, found))
        if not found.candidates:
            return None
        best = found.best_number
        found = self._localiser.match(query, found, [best])
        if found.candidates[best].evidence.thumbnail_match is not None:
            found = self._localiser.find_moment(query, found, best)
        return found.candidates[best]

    def describe(self, picture: Image) -> DescribedPicture:
        """Return a picture with its local features, for `share_shown`."""
        return DescribedPicture.begin(picture)

    def share_shown(
        self, described: DescribedPicture, candidate: Candidate, *, enough: float, budget_s: float
    ) -> float | None:
        """Return the share of a picture that a scene shows, by its texture, in [0, 1].

        It is 0 where local features do not agree, and None where no thumbnail of the scene can be compared.
        Where thumbnails show less than `enough`, the scene is decoded for `budget_s` seconds at most.
        """
        verification = self._verifier.compare_still(described.features.result(), candidate.row)
        if verification is None:
            return 0.0
        match = self._localiser.thumbnail_match(described.image, candidate.scene, verification)
        if match is None or match.explained >= enough:
            return None if match is None else match.explained
        evidence = evidence_of(verification, described.corner)
        return exact_moment(candidate.scene, described.image, None, evidence, match, budget_s).explained

    def evidence(self, picture: Image, keyframe_id: KeyframeId, region: Region | None) -> Evidence | None:
        """Return in what a picture, or a part of it, and the still of a keyframe agree.

        Raises UnknownVideo, and InputError for a region outside the picture.
        """
        row = self._store.row_of(keyframe_id)
        described = DescribedPicture.begin(picture, region)
        verification = self._verifier.compare_still(described.features.result(), row)
        return evidence_of(verification, described.corner)
