"""One query from picture to answer: prepare, find, verify, localise, judge, answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from cbvir_core.borders.crop import crop_picture
from cbvir_core.embed import Encoder
from cbvir_core.index import Index
from cbvir_core.search.answer import answer
from cbvir_core.search.confidence import ConfidenceModel, shipped_model
from cbvir_core.search.everywhere import every_scene
from cbvir_core.search.find import Finder
from cbvir_core.search.findings import Candidate, Findings, evidence_of
from cbvir_core.search.frame_score import FrameScorer
from cbvir_core.search.frames import FrameFinder
from cbvir_core.search.judge import judge
from cbvir_core.search.localise import Localiser
from cbvir_core.search.looks import FrameLooker, exact_moment
from cbvir_core.search.options import EXACT_TIME_S, SearchOptions
from cbvir_core.search.parts import better_of, parts_to_look_for
from cbvir_core.search.prepare import Preparer
from cbvir_core.search.query import DescribedPicture, Query
from cbvir_core.search.refine import Refiner
from cbvir_core.search.rest_of_shot import without_rest_of_shot
from cbvir_core.search.scores import FILTER_SCALE, REFINE_SCALE, ScoreScale
from cbvir_core.search.stages import QueryStage, StageListener
from cbvir_core.search.variants import Variant
from cbvir_core.search.verify import Verifier
from cbvir_core.store import Generation, Store
from cbvir_core.types import Answer, Image


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
        frames: FrameFinder | None = None,
    ) -> None:
        refiner = Refiner(store, generation, refine_encoder) if refine_encoder else None
        self._profile_name, self._options = profile_name, options
        self._preparer = Preparer(store, index, generation, refiner)
        self._finder = Finder(store, generation, filter_encoder, frames, filter_scale, refine_scale)
        self._verifier = Verifier(store)
        scorer = FrameScorer(filter_encoder, filter_scale, refine_scale)
        self._localiser = Localiser(FrameLooker(store, self._verifier, scorer))
        self._model = confidence or shipped_model()

    @property
    def confidence(self) -> ConfidenceModel:
        """The model that answers are judged by."""
        return self._model

    def set_confidence(self, confidence: ConfidenceModel) -> None:
        """Judge later queries by another model."""
        self._model = confidence

    def search(
        self, picture: Image, options: SearchOptions | None = None, told: StageListener | None = None
    ) -> Answer:
        """Return where the picture appears; `told` gets what is known before, by the stages of `QueryStage`.

        Raises InputError for a region outside the picture and UnknownVideo for an entry of `within`
        that names no video.
        """
        query = self._preparer.prepare(picture, options or self._options, self._model)
        few = replace(query, options=replace(query.options, everywhere=False))
        if told is not None:
            self._tell_shortlist(told, few)
        best = self._whole_and_parts(few, told=told)
        if query.options.everywhere:
            best = every_scene(best, self._whole_and_parts(query, best))
        return answer(query, without_rest_of_shot(query, best), self._profile_name)

    def _whole_and_parts(
        self, query: Query, known: Findings = Findings(), told: StageListener | None = None
    ) -> Findings:
        found = self._look_for(query, query.variants, known, told)
        if parts := parts_to_look_for(query, found):
            found = better_of(query, found, self._look_for(query, parts, found))
        return found

    def _look_for(
        self, query: Query, variants: Sequence[Variant], known: Findings, told: StageListener | None = None
    ) -> Findings:
        """Return what is known after the variants were looked for too."""
        found = self._finder.find(query, variants, known)
        verified = self._verifier.verify(query, found)
        self._tell(told, QueryStage.VERIFIED, query, verified)
        localised = self._localiser.localise(query, verified)
        return judge(query, localised)

    def _tell_shortlist(self, told: StageListener, query: Query) -> None:
        """Tell what the filter says of the picture as it is, which takes a third of the whole shortlist."""
        clock = replace(query.clock, stages=dict(query.clock.stages))  # its time is no stage's of the query
        quick = replace(query, variants=query.variants[:1], refiner=None, clock=clock)
        self._tell(told, QueryStage.SHORTLIST, quick, self._finder.find(quick, quick.variants, Findings()))

    def _tell(self, told: StageListener | None, stage: QueryStage, query: Query, known: Findings) -> None:
        if told is not None:
            so_far = answer(query, judge(query, known), self._profile_name)
            told(stage, replace(so_far, stages_ms=dict(so_far.stages_ms)))

    def best_candidate(self, picture: Image, options: SearchOptions | None = None) -> Candidate | None:
        """Return the scene that an answer would name first, with all evidence; None without scenes.

        Its thumbnails are compared however improbable it is.  Raises as `search`.
        """
        query = self._preparer.prepare(picture, options or self._options, self._model)
        found = self._look_closely(query, query.variants, Findings())
        if parts := parts_to_look_for(query, found):
            found = better_of(query, found, self._look_closely(query, parts, found))
        return found.candidates[found.best_number] if found.candidates else None

    def _look_closely(self, query: Query, variants: Sequence[Variant], known: Findings) -> Findings:
        """Return what `_look_for` does, with the thumbnails of the best scene compared in any case."""
        found = self._verifier.verify(query, self._finder.find(query, variants, known))
        found = self._localiser.match_likely(query, found)
        if found.candidates:
            found = self._localiser.match(query, found, [found.best_number])
        return judge(query, self._localiser.look_at_frames(query, found))

    def describe(self, picture: Image) -> DescribedPicture:
        """Return a picture with its local features, for `share_shown`."""
        return DescribedPicture.begin(picture)

    def share_shown(
        self, described: DescribedPicture, candidate: Candidate, *, enough: float
    ) -> float | None:
        """Return the share of a picture that a scene shows, by its texture, in [0, 1].

        It is 0 where local features agree neither with the still nor with the frame at the candidate's
        moment, and None where no thumbnail of the scene can be compared.  Where thumbnails show less than
        `enough`, the scene is decoded.
        """
        scene, features = candidate.scene, described.features.result()
        verification = self._verifier.compare_still(features, candidate.row)
        moment = candidate.moment
        if verification is None and moment is not None and moment.picture is not None:
            # From here on that frame stands for the scene, and not the keyframe.
            scene = replace(scene, keyframe=replace(scene.keyframe, time_s=moment.time_s))
            frame = crop_picture(moment.picture, scene.video.borders)
            verification = self._verifier.compare_picture(features, frame, scene.found_mirrored)
        if verification is None:
            return 0.0
        match = self._localiser.thumbnail_match(described.image, scene, verification)
        if match is None or match.explained >= enough:
            return None if match is None else match.explained
        evidence = evidence_of(verification, described.corner)
        return exact_moment(scene, described.image, None, evidence, match, EXACT_TIME_S).explained
