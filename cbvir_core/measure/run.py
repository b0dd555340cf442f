"""All measures of a library, one after the other, so that they do not slow each other down."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from cbvir_core.calibration import KnownFrames
from cbvir_core.decode import Mode
from cbvir_core.index import Index
from cbvir_core.keyframes import KeyframeOptions
from cbvir_core.measure.queries import QueryMeasure, measure_queries
from cbvir_core.measure.reading import DescribeKeyframes, ReadingMeasure, measure_reading
from cbvir_core.measure.shortlist import ShortlistMeasure, measure_shortlist
from cbvir_core.search import Searcher
from cbvir_core.store import Generation, Store

MEASURED_QUESTIONS, MEASURED_FILM_S = 40, 120.0
"""Questions, and seconds of film, unless told otherwise."""

MeasureProgress = Callable[[int, int], None]
"""Called with the steps that are done, and of all steps.  What it raises ends the measurement."""


@dataclass(frozen=True, slots=True)
class MeasureOptions:
    """How much is measured: pictures that are asked, seconds of film that are read, and what chooses them."""

    questions: int = MEASURED_QUESTIONS
    film_s: float = MEASURED_FILM_S
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Measurement:
    """What was measured of a library.

    - `film_hours`, `keyframes`: the size of the library.
    """

    film_hours: float
    keyframes: int
    reading: ReadingMeasure
    queries: QueryMeasure
    shortlist: ShortlistMeasure


def measure(
    store: Store,
    searcher: Searcher,
    index: Index,
    generation: Generation,
    describers: Mapping[str, DescribeKeyframes],
    keyframes: KeyframeOptions,
    mode: Mode,
    options: MeasureOptions,
    progress: MeasureProgress,
) -> Measurement:
    """Measure queries, the shortlist and reading.

    The steps of `progress` are questions and seconds of film.
    """
    total, done = options.questions + round(options.film_s), 0

    def asked() -> None:
        nonlocal done
        done += 1
        progress(done, total)

    def read(film_s: float) -> None:
        progress(min(total, options.questions + round(film_s)), total)

    known = KnownFrames(store)
    queries = measure_queries(known, searcher, options.questions, options.seed, asked)
    shortlist = measure_shortlist(store, known, index, generation, options.seed)
    reading = measure_reading(store, describers, keyframes, mode, options.film_s, options.seed, read)
    progress(total, total)
    hours = sum(video.duration_s or 0.0 for video in store.videos()) / 3600.0
    return Measurement(hours, store.counts().keyframes, reading, queries, shortlist)
