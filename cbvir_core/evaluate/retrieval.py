"""Table III: mAP and efficiency ratio of all steps, from videos to the moments where a picture occurs."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from cbvir_core.decode import fingerprint, read_picture
from cbvir_core.errors import InputError
from cbvir_core.evaluate.efficiency import EvaluationClock, efficiency_ratio
from cbvir_core.evaluate.files import files_in
from cbvir_core.evaluate.keyframes import extract_each
from cbvir_core.evaluate.library import ask_library
from cbvir_core.evaluate.methods import RankingMethod, compared_methods
from cbvir_core.evaluate.moments import MethodAnswers, RankedMoment, TrueSpan, outcome
from cbvir_core.evaluate.networks import DescribedPictures, EvaluatedEncoders, describe
from cbvir_core.evaluate.precision import (
    average_precision,
    mean_average_precision,
    mean_rectangular_precision,
)
from cbvir_core.evaluate.report import Notify, silent
from cbvir_core.evaluate.tables import AnnotatedQuery
from cbvir_core.keyframes import KeyframeOptions
from cbvir_core.search import SHORTLIST_SHARE
from cbvir_core.types import Image, VideoId


@dataclass(frozen=True, slots=True)
class RetrievalResult:
    """One method over all queries.  Means are in [0, 1]; `average_precisions` has a value for each query.

    `mean_ap` is by trapezoids, `rectangular_ap` by rectangles.  `first_ranks` has for each query the place of
    the first keyframe that is right, from 1, without further ones of occurrences already found; None where
    there is none.
    """

    model: str
    mean_ap: float
    rectangular_ap: float
    efficiency: float
    queries: int
    videos: int
    video_s: float
    keyframes: int
    average_precisions: tuple[float, ...]
    first_ranks: tuple[int | None, ...]


@dataclass
class VideoCorpus:
    """The videos of a folder by content; extracting their keyframes fills in the rest."""

    videos: dict[VideoId, Path]
    moments: list[RankedMoment] = field(default_factory=list)
    video_s: float = 0.0
    extraction_s: float = 0.0

    @classmethod
    def of(cls, folder: Path, notify: Notify) -> VideoCorpus:
        """Return every file in the folder; of copies the first."""
        videos: dict[VideoId, Path] = {}
        for path in files_in([folder]):
            try:
                first = videos.setdefault(fingerprint(path), path)
            except InputError as error:
                notify(f"left out: {error}")
                continue
            if first != path:
                notify(f"{path.name} has the content of {first.name}")
        return cls(videos)

    def keyframes(self, needed: set[VideoId], clock: EvaluationClock, notify: Notify) -> Iterator[Image]:
        """Yield the pictures of all keyframes; fill the other fields and drop files that are not videos.

        Raise what `extract_each` raises for the videos in `needed`.
        """
        names = {path: video for video, path in self.videos.items()}
        required = {path for path, video in names.items() if video in needed}
        self.videos = {}
        for path, found in extract_each(names, KeyframeOptions(), "auto", clock, notify, needed=required):
            self.videos[names[path]] = path
            self.video_s += found.video_s
            self.extraction_s += found.spent_s
            for keyframe in found.keyframes:
                self.moments.append(RankedMoment(names[path], keyframe.time_s))
                yield keyframe.image


def evaluate_retrieval(
    folder: Path,
    queries: Sequence[AnnotatedQuery],
    encoders: EvaluatedEncoders,
    *,
    share: float = SHORTLIST_SHARE,
    distance: float | None = None,
    with_library: bool = False,
    clock: EvaluationClock = time.perf_counter,
    notify: Notify = silent,
) -> list[RetrievalResult]:
    """Return a line of Table III for each method, all on the same keyframes, as the paper compares them.

    The paper does not define what is ranked, nor what counts as found.  Here the gallery is every
    keyframe of every video in the folder, whether a query names the video or not.  What is found is an
    occurrence (see `cbvir_core.evaluate.moments.outcome`), so that mAP judges all steps, keyframes
    included: a superfluous keyframe does not raise it, and a shot without a keyframe lowers it.

    The efficiency ratio divides the seconds of video by the seconds of one query without anything
    prepared: keyframes, their descriptors (SOLAR's of the shortlist alone), the descriptors of the query,
    and the search.  `distance` adds the published code's rule (`within_distance`), `with_library` cbvir
    itself (`cbvir_core.evaluate.library`).

    Raise InputError, NotAPicture, DecodeError or FileUnreadable.
    """
    spans = [_spans(query) for query in queries]
    corpus = VideoCorpus.of(folder, notify)
    needed = {span.video for each in spans for span in each}
    gallery = describe(encoders, corpus.keyframes(needed, clock, notify), clock)
    asked = describe(encoders, (read_picture(query.picture) for query in queries), clock)
    compared = compared_methods(gallery, asked, share, distance)
    answers = [_answers(method, corpus, gallery, asked, clock) for method in compared]
    if with_library:
        pictures = [query.picture for query in queries]
        answers.append(ask_library(corpus.videos, pictures, encoders, clock, notify))
    return [_result(each, spans, corpus) for each in answers]


def _spans(query: AnnotatedQuery) -> tuple[TrueSpan, ...]:
    return tuple(
        TrueSpan(fingerprint(occurrence.video), occurrence.start_s, occurrence.end_s)
        for occurrence in query.occurrences
    )


def _answers(
    method: RankingMethod,
    corpus: VideoCorpus,
    gallery: DescribedPictures,
    asked: DescribedPictures,
    clock: EvaluationClock,
) -> MethodAnswers:
    begun = clock()
    orders = [method.rank(gallery, asked, number) for number in range(len(asked))]
    search_s = (clock() - begun) / max(1, len(asked))
    spent_s = corpus.extraction_s + method.extraction_s(gallery) + method.query_s(asked) + search_s
    rankings = (tuple(corpus.moments[position] for position in order) for order in orders)
    return MethodAnswers(method.name, tuple(rankings), spent_s)


def _result(
    answers: MethodAnswers, spans: Iterable[tuple[TrueSpan, ...]], corpus: VideoCorpus
) -> RetrievalResult:
    outcomes = [outcome(ranking, each) for ranking, each in zip(answers.rankings, spans, strict=True)]
    return RetrievalResult(
        model=answers.model,
        mean_ap=mean_average_precision(outcomes) or 0.0,
        rectangular_ap=mean_rectangular_precision(outcomes) or 0.0,
        efficiency=efficiency_ratio(corpus.video_s, answers.spent_s),
        queries=len(outcomes),
        videos=len(corpus.videos),
        video_s=corpus.video_s,
        keyframes=len(corpus.moments),
        average_precisions=tuple(average_precision(one.found, one.positives) for one in outcomes),
        first_ranks=tuple(one.found[0] + 1 if one.found else None for one in outcomes),
    )
