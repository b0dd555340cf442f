"""The tables of config.toml: every key with its type, bounds, default and one line of explanation.

The line is the comment that stands above the key in the repository's config.toml; a test holds the
two together.  Tables are named as the rooms, and what a room decides itself (`KeyframeOptions`,
`IndexOptions`, `SearchOptions`) has its default there.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator
from pydantic_settings import NoDecode

from cbvir_core.decode import Mode
from cbvir_core.index import IndexOptions
from cbvir_core.keyframes import KeyframeOptions
from cbvir_core.search import SearchOptions
from cbvir_shared import places

MOST_WORKERS = 4
"""All workers share one embedding thread; beyond a few they only keep each other's pipes full."""

# fmt: off
VIDEO_SUFFIXES = (
    "3g2", "3gp", "asf", "avi", "divx", "f4v", "flv", "m2ts", "m2v", "m4v", "mkv", "mov", "mp4", "mpeg",
    "mpg", "mts", "mxf", "ogm", "ogv", "rm", "rmvb", "ts", "vob", "webm", "wmv",
)
# fmt: on
"""What is taken by default; whether such a file is a video is for `cbvir_core.decode.probe` to say."""

_KEYFRAMES = KeyframeOptions()
_INDEX = IndexOptions()
_SEARCH = SearchOptions()


def _listed(value: Any) -> Any:
    """Lists from the environment: JSON, else separated by colons as ``PATH`` is."""
    if not isinstance(value, str):
        return value
    if value.lstrip().startswith("["):
        return json.loads(value)
    return [part for part in value.split(os.pathsep) if part]


DataDir = Annotated[Path, BeforeValidator(lambda value: places.data_dir() if value == "" else value)]
Socket = Annotated[Path, BeforeValidator(lambda value: places.socket() if value == "" else value)]
Paths = Annotated[tuple[Path, ...], NoDecode, BeforeValidator(_listed)]
Globs = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_listed)]
Bins = Annotated[tuple[int, int, int], NoDecode, BeforeValidator(_listed)]


class Section(BaseModel):
    """One table: frozen, no unknown key, no NaN."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, validate_default=True)


class ServiceSettings(Section):
    """[service]: where the service lives and how it speaks."""

    data_dir: DataDir = Field(
        default_factory=places.data_dir, description="data folder; empty: the state folder of systemd or XDG"
    )
    socket: Socket = Field(
        default_factory=places.socket, description="unix socket; empty: the runtime folder of systemd or XDG"
    )
    log_format: Literal["auto", "console", "json"] = Field(
        default="auto", description='"console" for lines, "json", or "auto": lines on a terminal, else JSON'
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description='"debug", "info", "warning" or "error"'
    )


class WatchSettings(Section):
    """[watch]: which files are looked at, and when a file counts as finished."""

    folders: Paths = Field(default=(Path("~/Videos"),), description="folders to watch")
    recursive: bool = Field(default=True, description="the folders inside them too")
    include: Globs = Field(
        default=tuple(f"*.{suffix}" for suffix in VIDEO_SUFFIXES),
        description="names to take, case ignored; a pattern with / is held against the path in the folder",
    )
    exclude: Globs = Field(default=(), description="names of files and folders to leave out, likewise")
    settle_s: float = Field(
        default=5.0, gt=0, description="seconds without change until a file counts as finished"
    )
    rescan_s: float = Field(default=900.0, ge=1, description="seconds between two looks at everything")
    polling: Literal["auto"] | bool = Field(
        default="auto", description='true, false, or "auto": where inotify cannot work (network file systems)'
    )
    poll_s: float = Field(
        default=10.0, gt=0, description="seconds between two polls of a folder without inotify"
    )


class DecodeSettings(Section):
    """[decode]: the processes that take videos apart."""

    workers: int = Field(
        default=0, ge=0, le=64, description="files decoded at once; 0: by the number of processors"
    )
    mode: Mode = Field(
        default="auto", description='which frames are decoded: "auto", "every", "reference" or "keyframes"'
    )
    timeout_s: float = Field(
        default=120.0, gt=0, description="seconds without a sign of life, then a decoder is ended"
    )
    memory_mb: int = Field(default=2048, ge=256, description="megabytes of memory one decoder may use")

    @field_validator("workers")
    @classmethod
    def _by_processors(cls, value: int) -> int:
        return value or max(1, min(MOST_WORKERS, len(os.sched_getaffinity(0)) - 1))


class KeyframeSettings(Section):
    """[keyframes]: see `cbvir_core.keyframes.KeyframeOptions`, which also holds the defaults."""

    sample_s: float = Field(
        default=_KEYFRAMES.sample_s, gt=0, description="seconds between two frames looked at"
    )
    bins: Bins = Field(default=_KEYFRAMES.bins, description="histogram bins for hue, saturation and value")
    rank: int = Field(default=_KEYFRAMES.rank, ge=1, description="rank of the sub-matrix SVD")
    similarity: float = Field(
        default=_KEYFRAMES.similarity,
        description="cosine to its scene below which a frame belongs to another scene",
    )
    min_scene_s: float = Field(
        default=_KEYFRAMES.min_scene_s, ge=0, description="seconds a scene lasts at least"
    )
    max_gap_s: float = Field(
        default=_KEYFRAMES.max_gap_s, gt=0, description="seconds between two keyframes at most"
    )
    layout_similarity: float = Field(
        default=_KEYFRAMES.layout_similarity,
        description="likeness of the layout below which a scene of the same colours is divided; 0: never",
    )

    def options(self) -> KeyframeOptions:
        """The same as the library takes it."""
        return KeyframeOptions(**self.model_dump())

    @model_validator(mode="after")
    def _possible(self) -> Self:
        self.options()
        return self


class ModelSettings(Section):
    """[models]: the networks and what runs them."""

    profile: str = Field(
        default="auto",
        min_length=1,
        description='"moreso", "builtin", or "auto": moreso where its files are present',
    )
    device: str = Field(default="auto", min_length=1, description='"cpu", "cuda", or "auto"')
    runtime: Literal["auto", "torch", "openvino"] = Field(
        default="auto", description='"torch", "openvino", or "auto": OpenVINO on a CPU'
    )
    threads: int = Field(
        default=1, ge=1, le=64, description="threads per network; one is steadiest under load"
    )
    mirror: str = Field(
        default="", description="address of a folder that has the files of moreso; empty: their makers'"
    )


class IndexSettings(Section):
    """[index]: see `cbvir_core.index.IndexOptions`, which also holds the defaults."""

    trees: int = Field(default=_INDEX.trees, ge=1, le=1000, description="ANNOY trees per segment")
    seal_at: int = Field(
        default=_INDEX.seal_at, ge=256, description="rows searched exactly until they become a segment"
    )
    projection: float = Field(
        default=_INDEX.variance, gt=0, le=1, description="share of the variance that the projection keeps"
    )

    def options(self) -> IndexOptions:
        """The same as the library takes it."""
        return IndexOptions(trees=self.trees, seal_at=self.seal_at, variance=self.projection)


class SearchSettings(Section):
    """[search]: see `cbvir_core.search.SearchOptions`, which also holds the defaults."""

    top: int = Field(default=_SEARCH.top, ge=1, le=1000, description="scenes in an answer at most")
    shortlist: int = Field(default=_SEARCH.shortlist, ge=1, description="keyframes compared by SOLAR at most")
    match_score: float = Field(
        default=_SEARCH.match_score, description="score from which a scene is called a match"
    )
    likely_score: float = Field(
        default=_SEARCH.likely_score, description="score from which it is called likely"
    )
    verify: Literal["auto", "always", "never"] = Field(
        default=_SEARCH.verify,
        description='compare points of the best scenes: "always", "never", or "auto": where any resembles',
    )

    regions: bool = Field(
        default=_SEARCH.regions, description="try parts of a picture that gives no certain answer"
    )
    exact_time_s: float = Field(
        default=_SEARCH.exact_time_s,
        ge=0,
        description="seconds after which a query stops looking for the very frame; 0: not at all",
    )

    def options(self) -> SearchOptions:
        """The same as the library takes it."""
        return SearchOptions(**self.model_dump())

    @model_validator(mode="after")
    def _possible(self) -> Self:
        self.options()
        return self
