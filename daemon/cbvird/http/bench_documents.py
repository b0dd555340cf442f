"""JSON documents about measurements of this machine."""

from __future__ import annotations

from dataclasses import asdict
from typing import Self

from pydantic import BaseModel

from cbvir_core.library import DiskUse
from cbvir_core.measure import Measurement, QueryMeasure, ReadingMeasure, ShortlistMeasure
from cbvird.http.reports import QueryFiguresDocument
from cbvird.http.task_documents import TaskDocument


class ReadingDocument(BaseModel):
    """What taking in videos costs here; null where no file of the library is there.

    `stages_s_per_hour` are seconds of one thread for an hour of film; ``decode`` is decoding every frame,
    which is compared with and not a part of it; ``borders`` is for each file and not for an hour.
    """

    videos: int
    film_s: float
    keyframes: int
    stages_s_per_hour: dict[str, float]
    times_real_time: float
    against_decoding: float

    @classmethod
    def of(cls, measured: ReadingMeasure) -> Self | None:
        """Return the document of a measure."""
        if not measured.film_s:
            return None
        hours, stages = measured.film_s / 3600.0, measured.stages_s
        per_hour = {
            stage: round(spent / (measured.videos if stage == "borders" else hours), 2)
            for stage, spent in stages.items()
        }
        spent_s = measured.film_s / measured.times_real_time
        return cls(
            videos=measured.videos,
            film_s=round(measured.film_s, 1),
            keyframes=measured.keyframes,
            stages_s_per_hour=per_hour,
            times_real_time=round(measured.times_real_time, 1),
            against_decoding=round(spent_s / stages["decode"], 2) if stages["decode"] else 0.0,
        )


class QueryMeasureDocument(QueryFiguresDocument):
    """Times of queries by stage: see `cbvir_core.measure.QueryMeasure`."""

    stages_ms: dict[str, float]
    descriptors_p50_ms: float
    descriptors_p95_ms: float

    @classmethod
    def of(cls, measured: QueryMeasure) -> Self | None:
        """Return the document of a measure, in tenths of milliseconds; None where nothing could be asked."""
        if not measured.asked:
            return None
        figures = asdict(measured) | {
            "stages_ms": {stage: round(spent, 1) for stage, spent in measured.stages_ms.items()}
        }
        digits = {name: 1 if name.endswith("_ms") else 3 for name in figures}
        return cls.model_validate(
            {
                name: round(figure, digits[name]) if isinstance(figure, float) else figure
                for name, figure in figures.items()
            }
        )


class ShortlistDocument(BaseModel):
    """The index against exact search: see `cbvir_core.measure.ShortlistMeasure`."""

    rows: int
    p50_ms: float
    p95_ms: float
    exact_ms: float
    recall: float

    @classmethod
    def of(cls, measured: ShortlistMeasure) -> Self | None:
        """Return the document of a measure; None where there are too few keyframes."""
        if not measured.exact_ms:
            return None
        return cls(
            rows=measured.rows,
            p50_ms=round(measured.p50_ms, 2),
            p95_ms=round(measured.p95_ms, 2),
            exact_ms=round(measured.exact_ms, 2),
            recall=round(measured.recall, 4),
        )


class BenchDocument(BaseModel):
    """What was measured.  `mb_per_hour` is the room on the disk for an hour of film, by what it is for."""

    film_hours: float
    keyframes: int
    reading: ReadingDocument | None
    queries: QueryMeasureDocument | None
    shortlist: ShortlistDocument | None
    mb_per_hour: dict[str, float]

    @classmethod
    def of(cls, measured: Measurement, disk: DiskUse) -> Self:
        """Return the document of a measurement."""
        sizes = disk.parts | {"indices": disk.indices}
        hours = measured.film_hours
        return cls(
            film_hours=round(hours, 2),
            keyframes=measured.keyframes,
            reading=ReadingDocument.of(measured.reading),
            queries=QueryMeasureDocument.of(measured.queries),
            shortlist=ShortlistDocument.of(measured.shortlist),
            mb_per_hour={name: round(size / 1e6 / hours, 1) for name, size in sizes.items()} if hours else {},
        )


class BenchTaskDocument(TaskDocument[BenchDocument]):
    """How the measurement stands that runs, or what the last one gave."""
