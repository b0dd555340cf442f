"""Records of a video and of a generation of descriptors, and their JSON form in the store."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from cbvir_core.decode import STILL_SIDE
from cbvir_core.decode.scale import fit_size
from cbvir_core.errors import StoreDamaged
from cbvir_core.json_text import parse_json
from cbvir_core.types import Box, VideoId, VideoInfo


@dataclass(frozen=True, slots=True)
class VideoRecord:
    """One video, which is its content: the same bytes at two paths are one record.

    `complete` is False during ingest.  `paths` is empty once every file is gone.
    `damaged` counts frames that could not be decoded; `keyframes` counts those stored so far.
    `added_at` is in seconds since the epoch.  `borders` is the box that stills are cut to, None where they
    are whole frames.
    """

    video_id: VideoId
    paths: tuple[Path, ...]
    complete: bool
    damaged: int
    duration_s: float | None
    size_bytes: int
    width: int
    height: int
    codec: str
    keyframes: int
    added_at: float
    borders: Box | None = None

    @property
    def still_size(self) -> tuple[int, int]:
        """Width and height of its stills, unless the size of its frames changes."""
        if self.borders is not None:
            left, top, right, bottom = self.borders
            return right - left, bottom - top
        return fit_size(self.width, self.height, STILL_SIDE)

    @classmethod
    def new(cls, info: VideoInfo, added_at: float) -> VideoRecord:
        """Return the record of a video of which nothing is stored yet."""
        return cls(
            video_id=info.video_id,
            paths=(),
            complete=False,
            damaged=0,
            duration_s=info.duration_s,
            size_bytes=info.size_bytes,
            width=info.width,
            height=info.height,
            codec=info.codec,
            keyframes=0,
            added_at=added_at,
        )

    def with_path(self, path: Path) -> VideoRecord:
        """Return the record with one more path; the same record where it has that path."""
        return self if path in self.paths else replace(self, paths=(*self.paths, path))

    def without_path(self, path: Path) -> VideoRecord:
        """Return the record without one path."""
        return replace(self, paths=tuple(known for known in self.paths if known != path))


@dataclass(frozen=True, slots=True)
class Generation:
    """Descriptors that may be compared: all made by the same weights and preprocessing.

    `filter` and `refine` are the fingerprints of the weights; `refine` is None without SOLAR.
    """

    number: int
    filter: str
    refine: str | None


def dump_video(record: VideoRecord) -> bytes:
    """Return JSON.  File names that are not UTF-8 are kept as escaped surrogates."""
    return _dump(asdict(record) | {"paths": [str(p) for p in record.paths]})


def load_video(value: memoryview) -> VideoRecord:
    """Read what `dump_video` wrote; raises StoreDamaged."""
    fields = _load(value)
    try:
        borders = fields.get("borders")
        typed = {
            "paths": tuple(Path(p) for p in fields["paths"]),
            "borders": None if borders is None else tuple(borders),
        }
        return VideoRecord(**fields | typed)
    except (TypeError, KeyError) as error:
        raise StoreDamaged(f"a video in the store cannot be read ({error})") from error


def dump_generation(generation: Generation) -> bytes:
    """Return JSON."""
    return _dump(asdict(generation))


def load_generation(value: memoryview) -> Generation:
    """Read what `dump_generation` wrote; raises StoreDamaged."""
    try:
        return Generation(**_load(value))
    except TypeError as error:
        raise StoreDamaged(f"a generation in the store cannot be read ({error})") from error


def _dump(fields: dict[str, Any]) -> bytes:
    return json.dumps(fields, separators=(",", ":")).encode("ascii")


def _load(value: memoryview) -> dict[str, Any]:
    try:
        fields = parse_json(bytes(value))
    except ValueError as error:
        raise StoreDamaged(f"a record in the store cannot be read ({error})") from error
    if not isinstance(fields, dict):
        raise StoreDamaged("a record in the store is not an object")
    return fields
