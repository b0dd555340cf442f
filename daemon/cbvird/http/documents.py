"""JSON documents about pictures and videos, and how they are made of the library's values."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import BaseModel, Field

from cbvir_core.store import VideoRecord
from cbvir_core.types import Answer, Evidence, FoundVideo, Hit, Occurrence, VideoInfo
from cbvir_shared.path_text import shown
from cbvird.http.scores import shown_score
from cbvird.ingest.entries import Problem, VideoEntry

MAX_VIDEO_S = 1e7
"""The latest time in a video that may be asked for: no film lasts 115 days, and clocks of containers end."""

VideoSeconds = Annotated[float, Field(ge=0, le=MAX_VIDEO_S, allow_inf_nan=False)]
"""A time in a video that may be asked for."""


class EvidenceDocument(BaseModel):
    """Where the picture and the still agree: see `cbvir_core.types.Evidence`."""

    inliers: int
    region: tuple[float, float, float, float]
    homography: list[list[float]]
    lines: list[list[float]]

    @classmethod
    def of(cls, evidence: Evidence) -> EvidenceDocument:
        """Return the document of the library's evidence; coordinates to a tenth of a pixel."""
        left, top, right, bottom = (round(side, 1) for side in evidence.region)
        return cls(
            inliers=evidence.inliers,
            region=(left, top, right, bottom),
            homography=evidence.homography.tolist(),
            lines=evidence.lines.astype(float).round(1).tolist(),
        )


class OccurrenceDocument(BaseModel):
    """Another scene that shows the same picture."""

    video_id: str
    path: str
    time_s: float
    scene_start_s: float
    scene_end_s: float
    keyframe_id: str

    @classmethod
    def of(cls, occurrence: Occurrence) -> OccurrenceDocument:
        """Return the document of an occurrence."""
        return cls(
            video_id=occurrence.keyframe_id.video,
            path=shown(occurrence.path),
            time_s=occurrence.time_s,
            scene_start_s=occurrence.scene_start_s,
            scene_end_s=occurrence.scene_end_s,
            keyframe_id=str(occurrence.keyframe_id),
        )


class HitDocument(BaseModel):
    """One scene in which the picture appears."""

    rank: int
    video_id: str
    path: str
    time_s: float
    scene_start_s: float
    scene_end_s: float
    score: float
    verdict: str
    keyframe_id: str
    variant: str
    evidence: EvidenceDocument | None
    occurrences: list[OccurrenceDocument]
    exact: bool
    until_s: float | None
    time_note: str

    @classmethod
    def of(cls, hit: Hit) -> HitDocument:
        """Return the document of a hit."""
        return cls(
            rank=hit.rank,
            video_id=hit.keyframe_id.video,
            path=shown(hit.path),
            time_s=hit.time_s,
            scene_start_s=hit.scene_start_s,
            scene_end_s=hit.scene_end_s,
            score=shown_score(hit.probability),
            verdict=hit.verdict.value,
            keyframe_id=str(hit.keyframe_id),
            variant=hit.variant,
            occurrences=[OccurrenceDocument.of(one) for one in hit.occurrences],
            exact=hit.exact,
            until_s=hit.until_s,
            time_note=shown(hit.time_note),
            evidence=EvidenceDocument.of(hit.evidence) if hit.evidence else None,
        )


class SceneDocument(BaseModel):
    """A result among those of its video; `rank` names the entry of `results` that holds the rest."""

    rank: int
    keyframe_id: str
    time_s: float
    scene_start_s: float
    scene_end_s: float
    score: float
    verdict: str

    @classmethod
    def of(cls, hit: Hit) -> SceneDocument:
        """Return the document of a hit."""
        return cls(
            rank=hit.rank,
            keyframe_id=str(hit.keyframe_id),
            time_s=hit.time_s,
            scene_start_s=hit.scene_start_s,
            scene_end_s=hit.scene_end_s,
            score=shown_score(hit.probability),
            verdict=hit.verdict.value,
        )


class FoundVideoDocument(BaseModel):
    """A video with the results that lie in it, in order of time."""

    video_id: str
    path: str
    scenes: list[SceneDocument]

    @classmethod
    def of(cls, video: FoundVideo) -> FoundVideoDocument:
        """Return the document of a video with hits."""
        return cls(
            video_id=video.video_id,
            path=shown(video.path),
            scenes=[SceneDocument.of(hit) for hit in video.scenes],
        )


class AnswerDocument(BaseModel):
    """Where a picture appears; `videos` are the `results` once more, by video."""

    verdict: str
    took_ms: float
    stages_ms: dict[str, float]
    keyframes_searched: int
    shortlisted: int
    profile: str
    refined: bool
    notes: list[str]
    results: list[HitDocument]
    videos: list[FoundVideoDocument]

    @classmethod
    def of(cls, answer: Answer) -> AnswerDocument:
        """Return the document of an answer."""
        return cls(
            verdict=answer.verdict.value,
            took_ms=round(answer.took_ms, 2),
            stages_ms={stage: round(spent, 2) for stage, spent in answer.stages_ms.items()},
            keyframes_searched=answer.keyframes_searched,
            shortlisted=answer.shortlisted,
            profile=answer.profile,
            refined=answer.refined,
            notes=list(answer.notes),
            results=[HitDocument.of(hit) for hit in answer.results],
            videos=[FoundVideoDocument.of(video) for video in answer.videos],
        )


class ProblemDocument(BaseModel):
    """Why a file, or a part of it, is not searchable.

    `retry_at` is the Unix time of the next try; null: none without a request.
    """

    path: str
    code: str
    message: str
    tries: int
    retry_at: float | None

    @classmethod
    def of(cls, problem: Problem) -> ProblemDocument:
        """Return the document of a problem."""
        return cls(
            path=shown(problem.path),
            code=problem.code,
            message=shown(problem.message),
            tries=problem.tries,
            retry_at=problem.retry_at,
        )


class ErrorsDocument(BaseModel):
    """Everything that went wrong."""

    errors: list[ProblemDocument]


class VideoDocument(BaseModel):
    """One video, or a file whose content is not known yet (then `video_id` is null).

    `added` is the Unix time at which it was first seen.
    """

    video_id: str | None
    path: str
    paths: list[str]
    state: str
    duration_s: float | None
    keyframes: int
    error: str | None
    per_cent: float | None
    eta_s: float | None
    added: float | None

    @classmethod
    def of(cls, video: VideoEntry) -> Self:
        """Return the document of a row of the list."""
        return cls(
            video_id=video.video_id,
            path=shown(video.path),
            paths=[shown(path) for path in video.paths],
            state=video.state,
            duration_s=video.duration_s,
            keyframes=video.keyframes,
            error=shown(video.error.message) if video.error else None,
            per_cent=video.per_cent,
            eta_s=video.eta_s,
            added=video.added_at,
        )


class VideoDetailsDocument(VideoDocument):
    """One video with its size and codec; `frames_per_s` is null while the file is offline."""

    width: int | None = None
    height: int | None = None
    codec: str | None = None
    size_bytes: int | None = None
    frames_per_s: float | None = None

    def with_details(self, record: VideoRecord, info: VideoInfo | None) -> VideoDetailsDocument:
        """Return the document with what is stored of the video, and what its file says."""
        details = {
            "width": record.width,
            "height": record.height,
            "codec": record.codec,
            "size_bytes": record.size_bytes,
            "frames_per_s": None if info is None else info.frames_per_s,
        }
        return self.model_copy(update=details)


class VideosDocument(BaseModel):
    """A list of videos, or a page of it; `total` counts all that are wanted.

    Of a page in the order of paths, `next` is where the next one begins; it has no value after the last one.
    """

    videos: list[VideoDocument]
    total: int
    next: str | None = None


class KeyframeDocument(BaseModel):
    """One keyframe and the scene that it stands for."""

    keyframe_id: str
    time_s: float
    scene_start_s: float
    scene_end_s: float
    quality: float


class KeyframesDocument(BaseModel):
    """A video's keyframes in order of time."""

    keyframes: list[KeyframeDocument]
