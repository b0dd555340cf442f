"""What a training run does, as one small file that is kept with its weights."""

from __future__ import annotations

import dataclasses
import difflib
import json
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from cbvir_core.errors import ConfigError

T = TypeVar("T")


@dataclass(frozen=True)
class Augmentation:
    """How often a picture is edited, and how hard: the things people do to a frame.

    Names that end in ``_p`` are probabilities.  The framing is one of crop, page (zoom out into a
    page or a player window), bars (letter- or pillarbox), or else the whole picture.
    """

    crop_p: float = 0.40
    crop_min: float = 0.5
    page_p: float = 0.33
    page_max: float = 2.8
    bars_p: float = 0.12
    stretch: float = 0.12
    mirror_p: float = 0.35
    rotate_p: float = 0.35
    rotate_deg: float = 12.0
    perspective_p: float = 0.25
    perspective: float = 0.15
    tone_p: float = 0.7
    tint_p: float = 0.3
    saturation_p: float = 0.4
    grey_p: float = 0.12
    sepia_p: float = 0.05
    blur_p: float = 0.25
    downscale_p: float = 0.3
    jpeg_p: float = 0.35
    noise_p: float = 0.3
    caption_p: float = 0.2
    logo_p: float = 0.25
    screen_p: float = 0.15
    glare_p: float = 0.15


@dataclass(frozen=True)
class LossWeights:
    """How much each loss counts, and the temperature of the two that are contrasts."""

    distill: float = 4.0
    bank: float = 1.0
    contrast: float = 1.0
    temperature: float = 0.07


@dataclass(frozen=True)
class Hints:
    """How a teacher's maps are used, block by block.

    Up to the share `forced` of the time budget each block learns alone, from the teacher's input, at
    `learning_rate`; then the student stands on its own maps and the hints, at first with `weight`
    beside the other losses, fade out until the share `until`.
    """

    forced: float = 0.25
    until: float = 0.7
    weight: float = 6.0
    learning_rate: float = 5e-3


@dataclass(frozen=True)
class Stage:
    """From this share of the time budget on, pictures are `side` pixels wide and high."""

    start: float
    side: int


@dataclass(frozen=True)
class Recipe:
    """Every choice of a run except its data, its length and its device.

    `store_side` is the side that pictures are kept at in memory; `whiten` the width of the
    descriptor; `teacher_whiten` the share of whitening of the teacher's descriptors (0 none, 1 all);
    `step_limit_s` the most that one step may take off the time budget, so that a process that was
    paused does not lose its schedule; `infer_sides` the input sides to try at the end.
    """

    label: str = "cbvir built-in filter"
    seed: int = 1
    store_side: int = 160
    teacher_side: int = 192
    teacher_whiten: float = 0.5
    gem_p: float = 3.0
    whiten: int = 512
    batch: int = 96
    learning_rate: float = 1.5e-3
    weight_decay: float = 0.05
    warmup: float = 0.04
    ramp: float = 0.25
    ema: float = 0.998
    bf16: bool = True
    step_limit_s: float = 5.0
    held_out: int = 1024
    infer_sides: tuple[int, ...] = (160, 192, 224)
    stages: tuple[Stage, ...] = (Stage(0.0, 96), Stage(0.5, 112), Stage(0.85, 128))
    losses: LossWeights = field(default_factory=LossWeights)
    hints: Hints = field(default_factory=Hints)
    augment: Augmentation = field(default_factory=Augmentation)

    def __post_init__(self) -> None:
        framed = self.augment.crop_p + self.augment.page_p + self.augment.bars_p
        wrong = {
            "stages must not be empty": not self.stages,
            "the sides of stages must divide by 8": any(stage.side % 8 for stage in self.stages),
            "infer_sides must not be empty": not self.infer_sides,
            "batch must be at least 2": self.batch < 2,
            "warmup must lie between 0 and 1": not 0.0 < self.warmup < 1.0,
            "hints.forced and hints.until must rise from 0 to 1": not 0
            <= self.hints.forced
            < self.hints.until
            <= 1,
            "losses.temperature must be above 0": self.losses.temperature <= 0.0,
            "crop_p, page_p and bars_p must not add up to more than 1": framed > 1.0,
        }
        for message, holds in wrong.items():
            if holds:
                raise ConfigError(message)


def read_recipe(path: Path | None) -> Recipe:
    """The recipe of a TOML file; what it leaves out keeps its default.

    Raises ConfigError for a file that cannot be read, an unknown key or a value of another type.
    """
    if path is None:
        return Recipe()
    try:
        return recipe_from(tomllib.loads(path.read_text()))
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: {error}") from error


def recipe_from(table: dict[str, Any]) -> Recipe:
    """A recipe of nested tables, as `tomllib` or `dataclasses.asdict` give them."""
    values = dict(table)
    for key, kind in (("losses", LossWeights), ("hints", Hints), ("augment", Augmentation)):
        if key in values:
            values[key] = _build(kind, _expect(values[key], dict, key, "a table"), f"{key}.")
    if "stages" in values:
        stages = _expect(values["stages"], list, "stages", "a list of tables")
        tables = (_expect(stage, dict, "stages", "a list of tables") for stage in stages)
        values["stages"] = tuple(_build(Stage, stage, "stages.") for stage in tables)
    if "infer_sides" in values:
        values["infer_sides"] = tuple(_expect(values["infer_sides"], list, "infer_sides", "a list"))
    return _build(Recipe, values, "")


def recipe_table(recipe: Recipe) -> dict[str, Any]:
    """The inverse of `recipe_from`: plain tables, lists and numbers."""
    table = dataclasses.asdict(recipe)
    table["stages"] = list(table["stages"])
    table["infer_sides"] = list(table["infer_sides"])
    return table


def write_recipe(recipe: Recipe, path: Path) -> None:
    """Writes every choice as TOML that `read_recipe` reads back."""
    path.write_text("\n".join(_toml(recipe_table(recipe))) + "\n")


def _toml(table: dict[str, Any]) -> list[str]:
    plain = {key: value for key, value in table.items() if not isinstance(value, dict)}
    lines = [f"{key} = {_value(value)}" for key, value in plain.items()]
    for key in (key for key in table if key not in plain):
        lines += ["", f"[{key}]", *_toml(table[key])]
    return lines


def _value(value: Any) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {_value(item)}" for key, item in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(map(_value, value)) + "]"
    return json.dumps(value)  # TOML's numbers, booleans and basic strings are written as JSON's


def _expect(value: Any, kind: type, key: str, said: str) -> Any:
    if not isinstance(value, kind):
        raise ConfigError(f"{key} must be {said}, not {value!r}")
    return value


def _build(kind: type[T], values: dict[str, Any], where: str) -> T:
    """A dataclass of a table whose keys and types are checked."""
    known = {item.name: str(item.type) for item in dataclasses.fields(kind)}  # type: ignore[arg-type]
    for key, value in values.items():
        if key not in known:
            near = difflib.get_close_matches(key, known, n=1)
            hint = f"; did you mean {where}{near[0]}?" if near else ""
            raise ConfigError(f"unknown key {where}{key}{hint}")
        if not _fits(value, known[key]):
            raise ConfigError(f"{where}{key} must be of type {known[key]}, not {value!r}")
    try:
        return kind(**values)
    except TypeError as error:
        raise ConfigError(f"{where.rstrip('.') or 'recipe'}: {error}") from error


def _fits(value: object, wanted: str) -> bool:
    if isinstance(value, bool) or wanted == "bool":
        return isinstance(value, bool) and wanted == "bool"
    if wanted == "float":
        return isinstance(value, int | float)
    return not isinstance(value, int | float | str) or type(value).__name__ == wanted
