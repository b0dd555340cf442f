"""The pass that finds scenes: shortlist by the filter, refined by SOLAR, scenes with their scores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice

import numpy as np

from cbvir_core.embed import Encoder
from cbvir_core.search.bounds import bounds_of
from cbvir_core.search.confidence import MatchEvidence
from cbvir_core.search.findings import Candidate, Findings, Scene, by_turns, scenes_of
from cbvir_core.search.frame_score import QueryDescriptors
from cbvir_core.search.frames import FrameFinder, FrameMatch, QueryViews, best_matches
from cbvir_core.search.groups import grouped, score_margins, show_same_picture
from cbvir_core.search.parallel import parallel_map
from cbvir_core.search.query import Query
from cbvir_core.search.refine import Refiner, refined_cosines
from cbvir_core.search.scores import ScoreScale
from cbvir_core.search.shortlist import MIN_SHORTLISTED, NearestKeyframes, Shortlist, nearest_keyframes
from cbvir_core.search.variants import Variant
from cbvir_core.store import Generation, Store
from cbvir_core.types import Rows

UNREFINED_NOTE = (
    "{count} of the shortlisted keyframes wait for their SOLAR descriptor and are scored by the filter."
)


@dataclass(frozen=True, slots=True)
class Finder:
    """Finds scenes by the filter and, where the query has a refiner, by SOLAR."""

    store: Store
    generation: Generation
    encoder: Encoder
    frames: FrameFinder | None
    filter_scale: ScoreScale
    refine_scale: ScoreScale

    def find(self, query: Query, variants: Sequence[Variant], known: Findings) -> Findings:
        """Return candidates from the keyframes known so far and those that resemble the variants."""
        if not variants:
            return known
        views = self._views(query, variants)
        frames = best_matches([*known.frames.values(), *self._frames(query, views).values()])
        fresh, described, notes = self._shortlist(query, variants, views, list(frames))
        shortlist = known.shortlist.joined(fresh)
        with query.clock.stage("refine"):
            candidates, descriptors = self._candidates(query, shortlist, frames)
        found = replace(
            known,
            shortlist=shortlist,
            described=known.described.joined(described),
            frames=frames,
            candidates=candidates,
            descriptors=descriptors,
        )
        return found.with_notes(notes)

    def _views(self, query: Query, variants: Sequence[Variant]) -> QueryViews | None:
        if self.frames is None or not query.options.frames:
            return None
        with query.clock.stage("frames"):
            return self.frames.describe(variants) if self.frames.has_frames() else None

    def _frames(self, query: Query, views: QueryViews | None) -> dict[int, FrameMatch]:
        if self.frames is None or views is None:
            return {}
        with query.clock.stage("frames"):
            return self.frames.find(views, query.gallery.rows)

    def _filter_rows(self, variants: Sequence[Variant], views: QueryViews | None) -> Rows:
        """Return the filter's descriptors; those of the views where it is the same network."""
        if views is not None and self.frames and self.frames.encoder.fingerprint == self.encoder.fingerprint:
            return views.usual_rows
        return np.concatenate(parallel_map(lambda variant: self.encoder.encode([variant.image]), variants))

    def _shortlist(
        self,
        query: Query,
        variants: Sequence[Variant],
        views: QueryViews | None,
        rows_of_frames: Sequence[int],
    ) -> tuple[Shortlist, QueryDescriptors, tuple[str, ...]]:
        """Return the nearest keyframes and those of scenes that the frame route found; the descriptors."""
        with query.clock.stage("mobilenet"):
            rows = self._filter_rows(variants, views)
        with query.clock.stage("shortlist"):
            # Without SOLAR the shortlist is the answer, and no more of it is read than was asked for.
            options = query.options
            at_most = options.shortlist if query.refiner else min(options.shortlist, MIN_SHORTLISTED)
            at_least = bounds_of(options).shortlisted
            nearest = nearest_keyframes(query.gallery, rows, at_most, at_least)
            missing = np.setdiff1d(np.array(rows_of_frames, np.int64), nearest.rows)
            descriptors, present = self.store.present_filter_rows(self.generation, missing)
            nearest = nearest.with_keyframes(missing[present], descriptors, rows)
        names = tuple(variants[number].name for number in nearest.variants)
        filtered = Shortlist(nearest.rows, self.filter_scale.score(nearest.cosines()), names)
        if query.refiner is None or not len(nearest):
            return filtered, QueryDescriptors(rows), ()
        shortlist, refine_rows, notes = self._refined(query, query.refiner, variants, nearest, filtered)
        return shortlist, QueryDescriptors(rows, refine_rows), notes

    def _refined(
        self,
        query: Query,
        refiner: Refiner,
        variants: Sequence[Variant],
        nearest: NearestKeyframes,
        filtered: Shortlist,
    ) -> tuple[Shortlist, Rows, tuple[str, ...]]:
        """Return SOLAR's scores where they are known, else the filter's, and SOLAR's rows of the variants."""
        with query.clock.stage("solar"):
            chosen, variant_rows = refiner.query_rows(variants, nearest)
            rows, known = refiner.keyframe_rows(nearest)
        with query.clock.stage("refine"):
            refined = refined_cosines(chosen, variant_rows, rows, known)
            scores = np.where(known, self.refine_scale.score(refined.cosines), filtered.scores)
            numbers = np.where(known, refined.variants, nearest.variants)
            names = tuple(variants[number].name for number in numbers)
        unrefined = int((~known).sum())
        notes = (UNREFINED_NOTE.format(count=unrefined),) if unrefined else ()
        return Shortlist(nearest.rows, scores, names), variant_rows, notes

    def _candidates(
        self, query: Query, shortlist: Shortlist, frames: Mapping[int, FrameMatch]
    ) -> tuple[tuple[Candidate, ...], Rows]:
        """Return the best scenes, and their filter descriptors: the best of both routes in turn.

        Where every scene is wanted, each stands for itself, however many videos share what it shows.
        """
        options, at_most = query.options, bounds_of(query.options).candidates
        found = scenes_of(self.store, shortlist, frames)
        allowed = (scene for scene in found if scene.video.video_id not in options.without)
        scenes = list(islice(allowed, at_most if options.everywhere else None))
        if not options.everywhere:
            scenes = by_turns(scenes)
        descriptors = self.store.filter_rows(self.generation, [scene.keyframe.row for scene in scenes])
        groups = [[number] for number in range(len(scenes))]
        if not options.everywhere:
            groups = grouped(scenes, descriptors)[:at_most]
        firsts = self._with_times([scenes[group[0]] for group in groups])
        descriptors = descriptors[[group[0] for group in groups]]
        same = None
        if options.everywhere:
            same = show_same_picture(descriptors, np.zeros(len(firsts), np.bool_))
        candidates = tuple(
            _candidate(query, scene, margin, tuple(scenes[number] for number in group[1:]))
            for scene, margin, group in zip(firsts, score_margins(firsts, same), groups, strict=True)
        )
        return candidates, descriptors

    def _with_times(self, scenes: Sequence[Scene]) -> list[Scene]:
        """Return the scenes with the times of their frames."""
        rows = [scene.keyframe.row for scene in scenes if scene.frame is not None]
        codes = dict(zip(rows, self.store.frame_codes(rows), strict=True))
        return [scene.with_frame_time(codes.get(scene.keyframe.row)) for scene in scenes]


def _candidate(query: Query, scene: Scene, margin: float, others: tuple[Scene, ...]) -> Candidate:
    evidence = MatchEvidence(
        scene.score,
        margin,
        refined=query.refiner is not None,
        checked=False,
        frame=scene.frame.similarity if scene.frame else 0.0,
    )
    return Candidate(scene, evidence, query.model.probability(evidence), others=others)
