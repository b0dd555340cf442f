"""The tables of config.toml: every key with its type, bounds, default and one line of explanation.

The line is the comment above the key in the repository's config.toml; a test holds the two together.
A table whose keys are options of a package of `cbvir_core` (`KeyframeOptions`, `RuntimeOptions`,
`IndexOptions`, `SearchOptions`) takes its defaults from the option class.  Its method `options` makes the
object that the library takes.
"""

from __future__ import annotations

import datetime
import json
import os
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator
from pydantic_settings import NoDecode

from cbvir_core.decode import Mode
from cbvir_core.embed import RuntimeOptions
from cbvir_core.index import IndexOptions
from cbvir_core.keyframes import KeyframeOptions
from cbvir_core.search import SearchOptions
from cbvir_shared import default_paths

MAX_DEFAULT_WORKERS = 4
"""All workers share one embedding thread; more than a few only fill the queue in front of it.

There are as many as processors up to that: decoding is most of the work, and one worker would leave a part of
two processors idle.  All of it is of lower priority than queries."""

# fmt: off
VIDEO_SUFFIXES = (
    "3g2", "3gp", "asf", "avi", "divx", "f4v", "flv", "m2ts", "m2v", "m4v", "mkv", "mov", "mp4", "mpeg",
    "mpg", "mts", "mxf", "ogm", "ogv", "rm", "rmvb", "ts", "vob", "webm", "wmv",
)
# fmt: on
"""Names that are taken in by default.  `cbvir_core.decode.probe` finds out whether such a file is a video."""

_KEYFRAMES = KeyframeOptions()
_RUNTIME = RuntimeOptions()
_INDEX = IndexOptions()
_SEARCH = SearchOptions()


def _listed(value: Any) -> Any:
    """Return the list that an environment variable holds: JSON, or separated by colons as ``PATH`` is."""
    if not isinstance(value, str):
        return value
    if value.lstrip().startswith("["):
        try:
            return json.loads(value)
        except ValueError as error:
            raise ValueError(f"is no list in JSON: {error}") from None
    return [part for part in value.split(os.pathsep) if part]


DataDir = Annotated[Path, BeforeValidator(lambda value: default_paths.data_dir() if value == "" else value)]
SocketPath = Annotated[Path, BeforeValidator(lambda value: default_paths.socket() if value == "" else value)]
Paths = Annotated[tuple[Path, ...], NoDecode, BeforeValidator(_listed)]
OptionalTime = Annotated[datetime.time | None, BeforeValidator(lambda value: None if value == "" else value)]
Globs = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_listed)]
Bins = Annotated[tuple[int, int, int], NoDecode, BeforeValidator(_listed)]


class Section(BaseModel):
    """One table: frozen, without unknown keys and NaN."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, validate_default=True)


class OptionsSection(Section):
    """A table whose keys are options of a package of `cbvir_core`, which also checks them together."""

    def options(self) -> object:
        """Return the options as the library takes them.  Raises ValueError where they do not fit together."""
        raise NotImplementedError

    @model_validator(mode="after")
    def _check_together(self) -> Self:
        self.options()
        return self


class ServiceSettings(Section):
    """[service]: where the service keeps its data and its socket, and how it logs."""

    data_dir: DataDir = Field(
        default_factory=default_paths.data_dir,
        description="data folder; empty: the state folder of systemd, else the data folder of XDG",
    )
    socket: SocketPath = Field(
        default_factory=default_paths.socket,
        description="unix socket; empty: in the runtime folder of systemd, else of XDG",
    )
    administrators: str = Field(
        default="",
        description="group whose members may also forget, retry, calibrate, back up and bring in weights; "
        "empty: only the user of the service and root",
    )
    self_test: OptionalTime = Field(
        default_factory=lambda: None,
        description="time of day at which the library is asked with frames of its own videos, "
        'like "03:30"; empty: never',
    )
    log_format: Literal["auto", "console", "json"] = Field(
        default="auto",
        description='"console" (lines of text), "json", or "auto": text on a terminal, else JSON',
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description='"debug", "info", "warning" or "error"'
    )


class WatchSettings(Section):
    """[watch]: which files are taken in, and when a file counts as finished."""

    folders: Paths = Field(default=(Path("~/Videos"),), description="folders to watch")
    recursive: bool = Field(default=True, description="watch the folders inside them too")
    include: Globs = Field(
        default=tuple(f"*.{suffix}" for suffix in VIDEO_SUFFIXES),
        description="names to take, ignoring case; a pattern with / is matched with the path in the folder",
    )
    exclude: Globs = Field(
        default=(), description="names of files and folders to leave out, matched in the same way"
    )
    growing: Globs = Field(
        default=(),
        description="names of recordings that are taken in while they grow, matched in the same way",
    )
    settle_s: float = Field(
        default=5.0, gt=0, description="seconds without change until a file counts as finished"
    )
    rescan_s: float = Field(default=900.0, ge=1, description="seconds between full rescans")
    polling: Literal["auto"] | bool = Field(
        default="auto",
        description='poll instead of inotify: true, false, or "auto": where inotify cannot work',
    )
    poll_s: float = Field(default=10.0, gt=0, description="seconds between two polls of a folder")


class DecodeSettings(Section):
    """[decode]: the processes that decode videos."""

    workers: int = Field(
        default=0, ge=0, le=64, description="files decoded at once; 0: chosen by the number of processors"
    )
    mode: Mode = Field(
        default="auto", description='which frames are decoded: "auto", "every", "reference" or "keyframes"'
    )
    timeout_s: float = Field(
        default=120.0, gt=0, description="seconds without progress after which a decoder is ended"
    )
    memory_mb: int = Field(default=2048, ge=256, description="megabytes of memory that one decoder may use")

    @field_validator("workers")
    @classmethod
    def _by_processors(cls, value: int) -> int:
        return value or min(MAX_DEFAULT_WORKERS, len(os.sched_getaffinity(0)))


class KeyframeSettings(OptionsSection):
    """[keyframes]: see `cbvir_core.keyframes.KeyframeOptions`."""

    sample_s: float = Field(
        default=_KEYFRAMES.sample_s,
        gt=0,
        description="seconds between two samples, the frames that are looked at",
    )
    bins: Bins = Field(default=_KEYFRAMES.bins, description="histogram bins for hue, saturation and value")
    rank: int = Field(default=_KEYFRAMES.rank, ge=1, description="rank of the sub-matrix SVD")
    similarity: float = Field(
        default=_KEYFRAMES.similarity,
        description="cosine to the mean of a scene below which a sample belongs to another scene",
    )
    min_scene_s: float = Field(default=_KEYFRAMES.min_scene_s, ge=0, description="shortest scene in seconds")
    max_gap_s: float = Field(
        default=_KEYFRAMES.max_gap_s, gt=0, description="longest time between two keyframes in seconds"
    )
    layout_similarity: float = Field(
        default=_KEYFRAMES.layout_similarity,
        description="similarity of the layout below which a scene of the same colours is divided; 0: never",
    )

    def options(self) -> KeyframeOptions:
        """Return how keyframes are chosen."""
        return KeyframeOptions(**self.model_dump())


class ModelSettings(Section):
    """[models]: the networks and what runs them; see `cbvir_core.embed.RuntimeOptions`."""

    profile: str = Field(
        default="auto",
        min_length=1,
        description='"moreso", "builtin", or "auto": moreso where its files are present',
    )
    device: str = Field(default=_RUNTIME.device, min_length=1, description='"cpu", "cuda", or "auto"')
    runtime: Literal["auto", "torch", "openvino"] = Field(
        default="auto", description='"torch", "openvino", or "auto": OpenVINO on a CPU'
    )
    threads: int = Field(
        default=_RUNTIME.threads,
        ge=1,
        le=64,
        description="threads per network; 1 gives the steadiest times under load",
    )
    mirror: str = Field(
        default="",
        description="address of a folder with the files of moreso; empty: the addresses of their authors",
    )

    def options(self) -> RuntimeOptions:
        """Return what runs the networks."""
        return RuntimeOptions(device=self.device, runtime=self.runtime, threads=self.threads)


class IndexSettings(OptionsSection):
    """[index]: see `cbvir_core.index.IndexOptions`."""

    trees: int = Field(default=_INDEX.trees, ge=1, le=1000, description="ANNOY trees per segment")
    seal_at: int = Field(
        default=_INDEX.seal_at,
        ge=256,
        description="number of fresh rows that make a segment; until then they are searched exactly",
    )
    projection: float = Field(
        default=_INDEX.variance,
        gt=0,
        le=1,
        description="share of the variance that the projection of a segment keeps",
    )

    def options(self) -> IndexOptions:
        """Return how the index is built."""
        return IndexOptions(trees=self.trees, seal_at=self.seal_at, variance=self.projection)


class SearchSettings(OptionsSection):
    """[search]: see `cbvir_core.search.SearchOptions`."""

    top: int = Field(default=_SEARCH.top, ge=1, le=1000, description="largest number of scenes in an answer")
    shortlist: int = Field(
        default=_SEARCH.shortlist, ge=1, description="largest number of keyframes that SOLAR compares"
    )
    match_score: float = Field(
        default=_SEARCH.match_score, description="score from which a scene is called a match"
    )
    likely_score: float = Field(
        default=_SEARCH.likely_score, description="score from which a scene is called likely"
    )
    verify: Literal["auto", "always", "never"] = Field(
        default=_SEARCH.verify,
        description='local features of the best scenes are compared: "always", "never", or "auto": as needed',
    )
    regions: bool = Field(
        default=_SEARCH.regions,
        description="search for parts of a picture too if the whole gives no certain answer",
    )
    exact_time_s: float = Field(
        default=_SEARCH.exact_time_s,
        ge=0,
        description="seconds after which the exact frame is given up, a last resort; 0: it is not looked for",
    )

    def options(self) -> SearchOptions:
        """Return the defaults of a query."""
        return SearchOptions(**self.model_dump())
