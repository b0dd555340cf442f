"""One query from picture to answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from cbvir_core.decode.blank import is_blank
from cbvir_core.embed import Encoder
from cbvir_core.index import Index
from cbvir_core.localise import Moment, Survey
from cbvir_core.search.answer import (
    Candidate,
    Judged,
    best_chance,
    best_of,
    best_verdict,
    candidates,
    hits,
)
from cbvir_core.search.asked import Asked
from cbvir_core.search.confidence import ConfidenceModel
from cbvir_core.search.everywhere import BOUND, SCENES, unfinished, weigh_all
from cbvir_core.search.gallery import Chosen, Everything, videos_within
from cbvir_core.search.groups import grouped
from cbvir_core.search.judging import Judge, Question, Weighed, evidence_of
from cbvir_core.search.localise import confirmed, moment_of
from cbvir_core.search.options import SearchOptions
from cbvir_core.search.prepare import Variant, in_regions, prepare
from cbvir_core.search.rank import Ranker
from cbvir_core.search.refine import Refiner
from cbvir_core.search.scores import FILTER_DEFAULT, REFINE_DEFAULT, Calibration
from cbvir_core.search.shortlist import Gallery
from cbvir_core.search.stages import StageClock
from cbvir_core.search.verifying import VERIFIED, Verifier
from cbvir_core.store import Generation, Store
from cbvir_core.types import Answer, Evidence, Image, KeyframeId, Region

BLANK = (
    "The picture shows one colour only, noise apart, which appears in every video: nothing was looked for."
)
NO_REFINE = "The profile has no SOLAR weights: the filter stage answered alone."
NOT_READY = "SOLAR does not take part: {delay}; the filter stage answered alone."
EMPTY = "No keyframe that shows anything has been indexed yet."


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
        filter_scale: Calibration = FILTER_DEFAULT,
        refine_scale: Calibration = REFINE_DEFAULT,
        confidence: ConfidenceModel | None = None,
    ) -> None:
        self._store, self._index, self._generation = store, index, generation
        self._profile, self._options = profile_name, options
        self._ranker = Ranker(filter_encoder, filter_scale, refine_scale)
        self._refiner = Refiner(store, generation, refine_encoder) if refine_encoder else None
        self._judge = Judge(Verifier(store), confidence)

    def set_confidence(self, confidence: ConfidenceModel) -> None:
        """Judges by another model from now on."""
        self._judge = Judge(self._judge.verifier, confidence)

    @property
    def confidence(self) -> ConfidenceModel:
        """The model that answers are judged by."""
        return self._judge.confidence

    def search(self, picture: Image, options: SearchOptions | None = None) -> Answer:
        """Where the picture appears.

        Raises InputError for a region outside the picture and UnknownVideo for an entry of `within`
        that names no video.
        """
        asked = self._asked(picture, options)
        judged = self._judged(asked)
        found = hits(judged, asked.options, asked.others)
        if found and (moment := asked.moments.get(best_of(judged).candidate.keyframe.row)) is not None:
            best = replace(found[0], time_s=moment.time_s, exact=moment.exact, time_note=moment.reason)
            found = (best, *found[1:])
        return Answer(
            verdict=best_verdict(found),
            results=found,
            took_ms=asked.clock.elapsed_ms,
            stages_ms=asked.clock.stages,
            keyframes_searched=len(asked.gallery),
            shortlisted=len(asked.scored.rows) if asked.scored else 0,
            profile=self._profile,
            refined=asked.refined,
            notes=asked.notes,
        )

    def weigh(self, picture: Image, options: SearchOptions | None = None) -> Weighed | None:
        """What speaks for the scene that an answer would name first, all looks taken; None without scenes.

        Parts of the picture are not looked for.  Raises as `search`.
        """
        asked = self._asked(picture, options)
        self._look(asked, asked.variants)
        judge, question = asked.judge, asked.question
        weighed = judge.weigh(self._scenes(asked), question, asked.options, refined=asked.refined)
        weighed = judge.survey_likely(weighed, question, asked.options)
        if not weighed:
            return None
        first = max(weighed, key=lambda one: judge.confidence.probability(one[1]))
        return self._confirmed(judge.surveyed(first, question), asked)

    def evidence(self, picture: Image, keyframe_id: KeyframeId, region: Region | None) -> Evidence | None:
        """In what a picture, or a part of it, and the still of a keyframe agree.  Raises UnknownVideo."""
        return self._judge.compare(picture, region, self._store.row_of(keyframe_id))

    def _asked(self, picture: Image, options: SearchOptions | None) -> Asked:
        options, clock = options or self._options, StageClock()
        with clock.stage("prepare"):
            variants = prepare(picture, options.region, borders=options.borders, mirrored=options.mirrored)
        asked = Asked(picture, options, clock, self._judge, variants, self._gallery(options))
        asked.refiner, asked.notes = self._refiner_for(options)
        if not len(asked.gallery):
            asked.notes = (EMPTY,)
        elif is_blank(variants[0].image):
            asked.notes, asked.blank = (BLANK,), True
        elif options.verify != "never":
            asked.question = Question.of(asked.judge.verifier, picture, options.region)
        return asked

    def _judged(self, asked: Asked) -> list[Judged]:
        """The best scenes with their probabilities: of the whole picture, or, where that leaves it uncertain
        and they make an answer more probable, of the parts in which a picture may lie too.

        The very frame of the best scene of the whole picture has its say first: it takes less time than the
        parts, and where it shows the picture nobody need look for those.  Nor is there time for them where
        a likely scene took all of it to find.
        """
        self._look(asked, asked.variants)
        whole = self._at_its_moment(self._probable(asked), asked)
        if (
            asked.question is None
            or not asked.options.regions
            or best_chance(whole) >= asked.options.match_score
            or asked.is_late
        ):
            return whole
        others = asked.others
        with asked.clock.stage("regions"):
            parts = in_regions(asked.picture, asked.options.region)
        self._look(asked, parts)
        judged = self._at_its_moment(self._probable(asked), asked)
        if asked.options.everywhere or best_chance(judged) > best_chance(whole):
            return judged
        # Parts find more that resembles them, which makes the whole picture's answer look less alone.
        asked.others = others
        return whole

    def _look(self, asked: Asked, variants: Sequence[Variant]) -> None:
        """Adds the scores that these variants give to keyframes."""
        if asked.blank or not variants or not len(asked.gallery):
            return
        scored, notes = self._ranker.rank(variants, asked.gallery, asked.refiner, asked.options, asked.clock)
        asked.scored = scored if asked.scored is None else asked.scored.joined(scored)
        asked.notes = (*asked.notes, *(note for note in notes if note not in asked.notes))

    def _scenes(self, asked: Asked) -> list[Candidate]:
        """The scenes of the highest scores, best first."""
        if asked.scored is None:
            return []
        with asked.clock.stage("refine"):
            found = candidates(self._store, asked.scored, len(asked.scored.rows), asked.options.without)
            rows = [candidate.keyframe.row for candidate in found]
            groups = grouped(found, self._store.filter_rows(self._generation, rows))
        asked.others = {group.first.keyframe.row: group.others for group in groups}
        return [group.first for group in groups[: max(VERIFIED, asked.options.top)]]

    def _probable(self, asked: Asked) -> list[Judged]:
        if asked.options.everywhere:
            return self._everywhere(asked)
        scenes = self._scenes(asked)
        with asked.clock.stage("verify"):
            return asked.judge.judge(scenes, asked.question, asked.options, refined=asked.refined)

    def _everywhere(self, asked: Asked) -> list[Judged]:
        """Every scene for itself, however many videos share what it shows."""
        if asked.scored is None:
            return []
        with asked.clock.stage("refine"):
            found = candidates(self._store, asked.scored, SCENES, asked.options.without)
            rows = [candidate.keyframe.row for candidate in found]
            descriptors = self._store.filter_rows(self._generation, rows)
        with asked.clock.stage("verify"):
            verifier, refined = asked.judge.verifier, asked.refined
            weighed = weigh_all(verifier, found, descriptors, asked.question, asked.options, refined=refined)
            weighed = asked.judge.survey_likely(weighed, asked.question, asked.options)
            judged = asked.judge.believed(weighed, asked.question)
        if unfinished(judged, asked.options) and BOUND not in asked.notes:
            asked.notes = (*asked.notes, BOUND)
        return judged

    def _at_its_moment(self, judged: list[Judged], asked: Asked) -> list[Judged]:
        """The moment of the most probable scene is found, and the scene is the more probable if the very
        frame shows more of the picture than thumbnails do; nothing where none is likely, or nobody asks."""
        options = asked.options
        if not options.exact_time_s or best_chance(judged) < options.likely_score:
            return judged
        best = best_of(judged)
        scene, chance, agrees, seen = best
        moment = self._moment(scene, agrees, seen.survey if seen else None, asked)
        if seen is not None and seen.survey is not None:
            seen = replace(seen, survey=confirmed(seen.survey, moment))
            chance = max(chance, asked.judge.confidence.probability(seen))
        return [Judged(scene, chance, agrees, seen) if one is best else one for one in judged]

    def _confirmed(self, weighed: Weighed, asked: Asked) -> Weighed:
        """What speaks for a scene, with what its very frame shows."""
        scene, seen = weighed
        if seen.survey is None or asked.question is None:
            return weighed
        agrees = evidence_of(seen.agrees, asked.question.corner)
        moment = self._moment(scene, agrees, seen.survey, asked)
        return scene, replace(seen, survey=confirmed(seen.survey, moment))

    def _moment(
        self, scene: Candidate, agrees: Evidence | None, survey: Survey | None, asked: Asked
    ) -> Moment:
        """Found once a scene: parts of the picture may lead to the same one again."""
        row = scene.keyframe.row
        if row not in asked.moments:
            with asked.clock.stage("moment"):
                options, left_s = asked.options, asked.left_s
                asked.moments[row] = moment_of(scene, agrees, asked.picture, options, left_s, survey)
        return asked.moments[row]

    def _gallery(self, options: SearchOptions) -> Gallery:
        if options.within:
            return Chosen(self._store, self._generation, videos_within(self._store, options.within))
        return Everything(self._index)

    def _refiner_for(self, options: SearchOptions) -> tuple[Refiner | None, tuple[str, ...]]:
        """Who refines this query; where nobody does, a note that says why."""
        if self._refiner is None:
            return None, (NO_REFINE,)
        delay = self._refiner.delay
        if delay is not None and not options.wait_for_refine:
            return None, (NOT_READY.format(delay=delay),)
        return self._refiner, ()
