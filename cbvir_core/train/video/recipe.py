"""The recipe of a training of video similarity: every choice of it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from cbvir_core.errors import ConfigError
from cbvir_core.train.recipe import Augmentation
from cbvir_core.train.recipe_file import build_table, read_tables, recipe_table

REGION_BLOCKS = (18,)
"""Blocks of the filter's network whose maps the regions are of.  The last one alone did best, an earlier one
beside it lost micro-AP (`bench.measure.region_blocks`)."""

_NOTHING = Augmentation(**{name: 0.0 for name in vars(Augmentation()) if name.endswith("_p")}, stretch=0.0)

WEAK = replace(_NOTHING, crop_p=1.0, crop_min=0.8, mirror_p=0.5)
"""S2VS's weak augmentation: a crop of .8 to 1 of the sides, and mirroring."""

STRONG = Augmentation(crop_min=0.5, page_p=0.25, page_max=2.5)


@dataclass(frozen=True)
class TemporalAugmentation:
    """What is done to the time of a strong view.

    One of these, by chance, with the probabilities of S2VS: `shuffle_p` (parts are exchanged, and each is
    dropped with `drop_p`: it shows a black or grey picture), `fast_p`, `slow_p`, `reverse_p`, `pause_p`.
    Speeds go up to `speed_max` and down to its inverse.  Apart from that, with `excerpt_p`, up to
    `excerpt_max` of the view show another video, before or after.
    """

    shuffle_p: float = 0.4
    drop_p: float = 0.25
    fast_p: float = 0.12
    slow_p: float = 0.12
    reverse_p: float = 0.1
    pause_p: float = 0.1
    speed_max: float = 2.0
    excerpt_p: float = 0.3
    excerpt_max: float = 0.6

    def __post_init__(self) -> None:
        if self.shuffle_p + self.fast_p + self.slow_p + self.reverse_p + self.pause_p > 1.0 + 1e-9:
            raise ConfigError("temporal: the probabilities must not add up to more than 1")
        if self.speed_max < 1.0 or not 0.0 <= self.excerpt_max < 1.0:
            raise ConfigError("temporal.speed_max must be at least 1, excerpt_max lie in [0, 1)")


@dataclass(frozen=True)
class InsetAugmentation:
    """Video in video (S2VS): with the probability `share` a strong view and another video are mixed.

    The one is laid over the other, `smallest` to `largest` of its sides.  Either may be the small one.
    """

    share: float = 0.3
    smallest: float = 0.3
    largest: float = 0.7


@dataclass(frozen=True)
class StudentSizes:
    """Sizes of the students of DnS.

    `bits` of a region for the fine one, a multiple of 64.  For the coarse one `centres` of NetVLAD (64 are
    published), the `hidden` width of its transformer layer, and the width `reduced` of the vector of a video.
    """

    bits: int = 256
    centres: int = 16
    hidden: int = 512
    reduced: int = 256

    def __post_init__(self) -> None:
        if self.bits < 64 or self.bits % 64:
            raise ConfigError("students.bits must be a multiple of 64")


@dataclass(frozen=True)
class VideoRecipe:
    """Every choice of a run except its data, its duration and its device.

    - `leave_out`: sources (`source_of`) that are left out beside those that every training leaves out.
    - `samples_per_s`: of the videos; `clip_frames`: the most of one training clip; `window`: of a view.
    - `clips_per_video`: the most clips of one video; `slides`: clips made of photographs.
    - `donors`: clips that are only shown inside others, or before and after them.
    - `weak_views`, `strong_views`: described of each clip of a video; `slide_views`: strong ones of slides.
    - `dims`, `whiten_power`: of the whitening of the regions (`fit_whitening`).
    - `blocks`: of the filter's network.
    - `batch`: clips of a step, each with a weak and a strong view, `videos` of them of videos.
    - `temperature`: of InfoNCE; `hard` and `regularisation`: weights of the other losses.
    """

    label: str = "cbvir built-in ViSiL"
    seed: int = 1
    leave_out: tuple[str, ...] = ()
    samples_per_s: float = 3.0
    clip_frames: int = 48
    window: int = 32
    clips_per_video: int = 6
    slides: int = 320
    donors: int = 24
    weak_views: int = 2
    strong_views: int = 8
    slide_views: int = 3
    dims: int = 256
    whiten_power: float = 0.5
    blocks: tuple[int, ...] = REGION_BLOCKS
    batch: int = 8
    videos: int = 4
    learning_rate: float = 1e-3
    weight_decay: float = 0.01
    warmup: float = 0.05
    ema: float = 0.998
    step_limit_s: float = 20.0
    temperature: float = 0.03
    hard: float = 3.0
    regularisation: float = 1.0
    weak: Augmentation = field(default_factory=lambda: WEAK)
    strong: Augmentation = field(default_factory=lambda: STRONG)
    inset: InsetAugmentation = field(default_factory=InsetAugmentation)
    temporal: TemporalAugmentation = field(default_factory=TemporalAugmentation)
    students: StudentSizes = field(default_factory=StudentSizes)

    def __post_init__(self) -> None:
        wrong = {
            "batch must be at least 2": self.batch < 2,
            "window must be at least 8, and clip_frames no less": not 8 <= self.window <= self.clip_frames,
            "weak_views, strong_views and slide_views must be at least 1": min(
                self.weak_views, self.strong_views, self.slide_views
            )
            < 1,
            "temperature must be above 0": self.temperature <= 0.0,
            "donors must be at least 1": self.donors < 1,
            "blocks must not be empty": not self.blocks,
        }
        for message, holds in wrong.items():
            if holds:
                raise ConfigError(message)


_TABLES = {
    "weak": Augmentation,
    "strong": Augmentation,
    "inset": InsetAugmentation,
    "temporal": TemporalAugmentation,
    "students": StudentSizes,
}


def read_video_recipe(path: Path | None) -> VideoRecipe:
    """Read the recipe of a TOML file; missing keys have their defaults.

    Raise ConfigError for a file that cannot be read, an unknown key, or a value of another type.
    """
    return video_recipe_from(read_tables(path))


def video_recipe_from(table: dict[str, Any]) -> VideoRecipe:
    """Make a recipe of nested tables, as `recipe_table` returns them; raise as `read_video_recipe`."""
    default = recipe_table(VideoRecipe())
    values = default | table
    for key, kind in _TABLES.items():
        if not isinstance(values[key], dict):
            raise ConfigError(f"{key} must be a table, not {values[key]!r}")
        values[key] = build_table(kind, default[key] | values[key], f"{key}.")
    for key in ("blocks", "leave_out"):
        if not isinstance(values[key], list):
            raise ConfigError(f"{key} must be a list, not {values[key]!r}")
        values[key] = tuple(values[key])
    return build_table(VideoRecipe, values, "")
