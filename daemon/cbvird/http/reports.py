"""JSON documents about the service itself: its state, its index, its weights."""

from __future__ import annotations

from pydantic import BaseModel

from cbvird.http.documents import VideoDocument


class IndexDocument(BaseModel):
    """The index at work."""

    generation: int
    segments: int
    tail: int
    tombstones: int
    rows: int


class CalibrationDocument(BaseModel):
    """What came of a calibration: see `cbvir_core.calibration.calibrate.Calibrated`."""

    questions: int
    answers: int
    error_before: float
    error: float
    false_sure: float


class IndexSummary(BaseModel):
    """The index in the status."""

    generation: int
    segments: int
    tail: int


class ServiceDocument(BaseModel):
    """The process."""

    version: str
    pid: int
    uptime_s: float


class RootDocument(BaseModel):
    """A watched folder: `state` is ``online`` or ``offline`` (then `reason` says why), `watch` is
    ``inotify``, ``polling`` or ``none``."""

    path: str
    state: str
    watch: str
    reason: str


class StatusDocument(BaseModel):
    """The service at a glance.  `scanning` is true until a scan that was asked for is over."""

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
    notes: list[str]


class WeightsDocument(BaseModel):
    """One weight file; `state` is ``good`` or a sentence that says what is wrong with it."""

    part: str
    label: str
    path: str
    size_bytes: int
    sha256: str
    state: str


class ProfileDocument(BaseModel):
    """What is there of one profile."""

    name: str
    usable: bool
    files: list[WeightsDocument]


class ModelsDocument(BaseModel):
    """Every profile, and the one that answers."""

    answering: str
    profiles: list[ProfileDocument]
    notes: list[str]


class CountDocument(BaseModel):
    """How many files an order touched."""

    count: int


class ForgottenDocument(BaseModel):
    """What was forgotten; `video_id` is null where nothing but a file's failure was known."""

    video_id: str | None
    paths: list[str]


class ScanDocument(BaseModel):
    """A scan was ordered."""

    scanning: bool


class UploadDocument(BaseModel):
    """A file is here and waits to be imported."""

    name: str
    size_bytes: int


class HealthDocument(BaseModel):
    """The service is there."""

    status: str
