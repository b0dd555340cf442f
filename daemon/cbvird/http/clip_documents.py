"""JSON documents about clips."""

from __future__ import annotations

import base64

from pydantic import BaseModel

from cbvir_core.clips import ClipAnswer, ClipHit
from cbvir_core.decode import encode_png
from cbvir_shared.path_text import shown


class ClipHitDocument(BaseModel):
    """A part of a clip that a part of a video shows.

    `evidence_png` is a picture, in base64, of why it was found; null where nobody asked for it.
    """

    rank: int
    video_id: str
    path: str
    clip_start_s: float
    clip_end_s: float
    start_s: float
    end_s: float
    speed: float
    reversed: bool
    mirrored: bool
    score: float
    verdict: str
    evidence_png: str | None

    @classmethod
    def of(cls, hit: ClipHit) -> ClipHitDocument:
        """Return the document of a hit; times to a hundredth of a second."""
        return cls(
            rank=hit.rank,
            video_id=hit.video_id,
            path=shown(hit.path),
            clip_start_s=round(hit.clip[0], 2),
            clip_end_s=round(hit.clip[1], 2),
            start_s=round(hit.span[0], 2),
            end_s=round(hit.span[1], 2),
            speed=round(hit.speed, 2),
            reversed=hit.is_reversed,
            mirrored=hit.is_mirrored,
            score=hit.probability,
            verdict=hit.verdict,
            evidence_png=None if hit.sheet is None else base64.b64encode(encode_png(hit.sheet)).decode(),
        )


class ClipAnswerDocument(BaseModel):
    """Where the parts of a clip appear, the most probable first."""

    verdict: str
    duration_s: float
    frames: int
    took_ms: float
    results: list[ClipHitDocument]
    notes: list[str]

    @classmethod
    def of(cls, answer: ClipAnswer) -> ClipAnswerDocument:
        """Return the document of an answer."""
        return cls(
            verdict=answer.verdict,
            duration_s=round(answer.duration_s, 2),
            frames=answer.frames,
            took_ms=round(answer.took_ms, 1),
            results=[ClipHitDocument.of(hit) for hit in answer.results],
            notes=list(answer.notes),
        )
