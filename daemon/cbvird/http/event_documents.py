"""What is in the data of the service's events, and their description."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel


class VideoEventDocument(BaseModel):
    """A file has another state; `state` is missing where it was only renamed.

    ``online`` says that the file is back, in the state that it had; ``forgotten`` that nothing is known of it
    any more.
    """

    path: str
    state: (
        Literal["waiting", "working", "indexed", "failed", "done", "offline", "online", "forgotten"] | None
    ) = None
    video_id: str | None = None
    moved_from: str | None = None
    code: str | None = None
    message: str | None = None


class RootEventDocument(BaseModel):
    """A watched folder went offline or came back, and everything in it."""

    path: str
    state: Literal["online", "offline"]
    reason: str


class ProgressEventDocument(BaseModel):
    """How far a file is that is being read."""

    path: str
    video_id: str | None
    position_s: float
    per_cent: float | None
    eta_s: float | None
    keyframes: int


class IndexEventDocument(BaseModel):
    """The index has other segments, or was rebuilt as a whole."""

    generation: int | None = None
    segments: int | None = None
    tail: int | None = None
    rebuilt: bool = False


class ModelsEventDocument(BaseModel):
    """How much of a weight file is fetched."""

    profile: str
    file: str
    bytes: int
    total: int | None


class DuplicatesEventDocument(BaseModel):
    """How many seconds of video are compared."""

    running: bool
    done_s: float
    total_s: float


class MissedEventDocument(BaseModel):
    """Events were missed that are not kept any more: anything may have changed."""


EVENT_DOCUMENTS: dict[str, type[BaseModel]] = {
    "video": VideoEventDocument,
    "root": RootEventDocument,
    "progress": ProgressEventDocument,
    "index": IndexEventDocument,
    "models": ModelsEventDocument,
    "duplicates": DuplicatesEventDocument,
    "missed": MissedEventDocument,
}
"""The document in the data of each kind of event; more keys than these may come."""


def described_events() -> dict[str, Any]:
    """Return the description of a stream of all kinds of events, for a route."""
    return described_stream({kind: one.model_json_schema() for kind, one in EVENT_DOCUMENTS.items()})


def described_stream(schemas: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Return the description of a stream of events with their kinds and the schemas of their data."""
    items = [_described(kind, schema) for kind, schema in schemas.items()]
    return {"responses": {"200": {"content": {"text/event-stream": {"itemSchema": {"oneOf": items}}}}}}


def _described(kind: str, schema: dict[str, Any]) -> dict[str, Any]:
    data = {"type": "string", "contentMediaType": "application/json", "contentSchema": schema}
    return {
        "type": "object",
        "properties": {"event": {"const": kind}, "id": {"type": "string"}, "data": data},
        "required": ["event", "data"],
    }
