"""Measuring this machine with the library's own videos: starting that, and what came of it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from cbvir_core.library import MeasureOptions
from cbvird.http.bench_documents import BenchDocument, BenchTaskDocument
from cbvird.http.context import Served
from cbvird.runtime.tasks import TaskProgress

router = APIRouter(prefix="/bench", tags=["service"])

USUAL = MeasureOptions()


@router.post("", status_code=202)
def start(
    served: Served,
    questions: Annotated[int, Query(ge=1, le=10_000, description="pictures to ask with")] = USUAL.questions,
    film_s: Annotated[float, Query(gt=0, le=86_400, description="seconds of film to read")] = USUAL.film_s,
    seed: Annotated[int, Query(ge=0, description="another seed takes other videos")] = USUAL.seed,
) -> BenchTaskDocument:
    """Begin to measure; `GET /v1/bench` says how far it is.  The library stays as it is.

    Queries with frames of the library's own videos, look-ups in its index and reading its files are timed.
    Status 409 while another measurement runs.
    """
    options = MeasureOptions(questions, film_s, seed)

    def work(progress: TaskProgress) -> BenchDocument:
        measured = served.library.measures.measure(options, progress)
        return BenchDocument.of(measured, served.library.disk_use())

    return BenchTaskDocument.of(served.bench.start(work))


@router.get("")
def state(served: Served) -> BenchTaskDocument:
    """Return how far the measurement is, or what the last one gave."""
    return BenchTaskDocument.of(served.bench.state())


@router.delete("")
def halt(served: Served) -> BenchTaskDocument:
    """End the measurement that runs, after its next step."""
    served.bench.halt()
    return BenchTaskDocument.of(served.bench.state())
