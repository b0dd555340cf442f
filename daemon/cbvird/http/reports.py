"""JSON documents about the service itself: its state, its index, its weight files."""

from __future__ import annotations

from typing import Self

from pydantic import BaseModel

from cbvir_core.calibration import CalibrationResult, ReliabilityBin
from cbvir_core.index import IndexStatus
from cbvir_shared.path_text import shown
from cbvird.http.documents import VideoDocument
from cbvird.http.task_documents import TaskDocument
from cbvird.watch import RootStatus


class IndexFigures(BaseModel):
    """What an index counts: see `cbvir_core.index.IndexStatus`."""

    generation: int
    segments: int
    tail: int
    tombstones: int
    rows: int

    @classmethod
    def of(cls, status: IndexStatus) -> Self:
        """Return the figures of an index."""
        return cls(
            generation=status.version,
            segments=status.segments,
            tail=status.tail,
            tombstones=status.tombstones,
            rows=status.rows,
        )


class IndexDocument(IndexFigures):
    """The state of the index of keyframes, and beside it that of frames, whose rows are scenes."""

    frames: IndexFigures | None = None


class ReliabilityBinDocument(BaseModel):
    """Answers whose probability lies from `start` to `end`: how many, the mean of what was said of them, and
    the share that was right."""

    start: float
    end: float
    answers: int
    said: float
    right: float

    @classmethod
    def of(cls, one: ReliabilityBin) -> ReliabilityBinDocument:
        """Return the document of a bin; shares to four digits."""
        return cls(
            start=one.start,
            end=one.end,
            answers=one.answers,
            said=round(one.said, 4),
            right=round(one.right, 4),
        )


class CalibrationDocument(BaseModel):
    """The result of a calibration: see `cbvir_core.calibration.CalibrationResult`."""

    questions: int
    answers: int
    error_before: float
    error: float
    log_loss_before: float
    log_loss: float
    false_sure: float
    applied: bool
    bins: list[ReliabilityBinDocument]

    @classmethod
    def of(cls, result: CalibrationResult) -> CalibrationDocument:
        """Return the document of a result; shares and losses to four digits."""
        return cls(
            questions=result.questions,
            answers=result.answers,
            error_before=round(result.error_before, 4),
            error=round(result.error, 4),
            log_loss_before=round(result.log_loss_before, 4),
            log_loss=round(result.log_loss, 4),
            false_sure=round(result.false_sure, 4),
            applied=result.applied,
            bins=[ReliabilityBinDocument.of(one) for one in result.bins],
        )


class CalibrationTaskDocument(TaskDocument[CalibrationDocument]):
    """How the calibration stands that runs, or what the last one gave."""


class CalibrationInUseDocument(BaseModel):
    """The calibration of this library that judges answers; null where the shipped model does."""

    calibration: CalibrationDocument | None


class CalibrationResetDocument(BaseModel):
    """Whether the library had a confidence model of its own, which is deleted now."""

    deleted: bool


class IndexSummary(BaseModel):
    """The index in the status."""

    generation: int
    segments: int
    tail: int


class SandboxDocument(BaseModel):
    """What holds the processes that read strangers' bytes: see `cbvird.sandbox.SandboxReport`."""

    landlock: int
    system_calls: bool
    missing: list[str]


class ServiceDocument(BaseModel):
    """The process; `sandbox` is null before the first process that reads pictures runs."""

    version: str
    pid: int
    uptime_s: float
    sandbox: SandboxDocument | None


class RootDocument(BaseModel):
    """A watched folder: `state` is ``online`` or ``offline`` (then `reason` says why), `watch` is
    ``inotify``, ``polling`` or ``none``.  `within` is the watched folder that it lies in and is watched with,
    null where there is none."""

    path: str
    state: str
    watch: str
    reason: str
    within: str | None

    @classmethod
    def of(cls, root: RootStatus) -> RootDocument:
        """Return the document of a watched folder."""
        within = None if root.within is None else shown(root.within)
        return cls(
            path=shown(root.path), state=root.state, watch=root.watch, reason=root.reason, within=within
        )


class QueryFiguresDocument(BaseModel):
    """How queries were answered: see `cbvir_core.measure.QueryFigures`."""

    asked: int
    right: float
    matches: float
    false_matches: float
    p50_ms: float
    p95_ms: float


class SelfTestDocument(QueryFiguresDocument):
    """What the last self-test found, which began at `at`: see `cbvird.runtime.self_test`."""

    at: float


class StatusDocument(BaseModel):
    """The state of the service.  `scanning` is true until every requested scan is over."""

    service: ServiceDocument
    profile: str
    refining: bool
    roots: list[RootDocument]
    videos: dict[str, int]
    working: list[VideoDocument]
    scanning: bool
    keyframes: int
    refined: int
    index: IndexSummary
    times_real_time: float | None
    eta_s: float | None
    self_test: SelfTestDocument | None
    notes: list[str]


class WeightsDocument(BaseModel):
    """One weight file; `state` is ``good`` or a sentence about what is wrong with it."""

    part: str
    label: str
    path: str
    size_bytes: int
    sha256: str
    state: str


class ProfileDocument(BaseModel):
    """The weight files of one profile."""

    name: str
    usable: bool
    files: list[WeightsDocument]


class ModelsDocument(BaseModel):
    """Every profile, and the name of the one that answers queries."""

    answering: str
    profiles: list[ProfileDocument]
    notes: list[str]


class CountDocument(BaseModel):
    """How many files a request changed."""

    count: int


class ForgottenDocument(BaseModel):
    """What was forgotten; `video_id` is null where only the failure of a file was known."""

    video_id: str | None
    paths: list[str]


class ScanDocument(BaseModel):
    """A scan was requested."""

    scanning: bool


class UploadDocument(BaseModel):
    """A file was uploaded, and waits to be imported."""

    name: str
    size_bytes: int


class HealthDocument(BaseModel):
    """The service answers."""

    status: str
