"""Recipes as TOML files, read strictly and written completely."""

from __future__ import annotations

import dataclasses
import difflib
import json
import tomllib
from pathlib import Path
from typing import Any, TypeVar

from cbvir_core.errors import ConfigError
from cbvir_core.train.recipe import (
    FILTER_RECIPE,
    SOLAR_RECIPE,
    Augmentation,
    HintOptions,
    LossWeights,
    SizeStage,
    SolarOptions,
    TrainingRecipe,
)

T = TypeVar("T")

_RECIPE_TABLES = {"losses": LossWeights, "hints": HintOptions, "solar": SolarOptions, "augment": Augmentation}


def read_recipe(path: Path | None, network: str | None = None) -> TrainingRecipe:
    """Read the recipe of a TOML file; missing keys have the defaults of its network.

    Where `network` is given, the file must name no other network.  Raise ConfigError for a file that
    cannot be read, an unknown key, or a value of another type.
    """
    return recipe_from(read_tables(path), network)


def read_tables(path: Path | None) -> dict[str, Any]:
    """Return what a TOML file of choices holds, nothing for None; raise ConfigError if it is unreadable."""
    if path is None:
        return {}
    try:
        return tomllib.loads(path.read_text())
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: {error}") from error


def recipe_from(table: dict[str, Any], network: str | None = None) -> TrainingRecipe:
    """Make a recipe of nested tables, as `tomllib` and `recipe_table` return them; raise as `read_recipe`."""
    default = recipe_table(_default(table, network))
    values = default | table
    for key, kind in _RECIPE_TABLES.items():
        given = _expect(values[key], dict, key, "a table")
        values[key] = build_table(kind, default[key] | given, f"{key}.")
    stages = _expect(values["stages"], list, "stages", "a list of tables")
    tables = (_expect(stage, dict, "stages", "a list of tables") for stage in stages)
    values["stages"] = tuple(build_table(SizeStage, stage, "stages.") for stage in tables)
    values["infer_sides"] = tuple(_expect(values["infer_sides"], list, "infer_sides", "a list"))
    return build_table(TrainingRecipe, values, "")


def _default(table: dict[str, Any], network: str | None) -> TrainingRecipe:
    named = table.get("network", network or FILTER_RECIPE.network)
    if network is not None and named != network:
        raise ConfigError(f"the recipe is for network = {named!r}, not for {network!r}")
    return SOLAR_RECIPE if named == SOLAR_RECIPE.network else FILTER_RECIPE


def recipe_table(recipe: Any) -> dict[str, Any]:
    """Return the dataclass of a recipe as plain tables, lists and numbers; the inverse of `recipe_from`."""
    table = dataclasses.asdict(recipe)
    return {key: list(value) if isinstance(value, tuple) else value for key, value in table.items()}


def write_recipe(recipe: Any, path: Path) -> None:
    """Write every choice as TOML; the inverse of `read_recipe`."""
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
    return json.dumps(value)  # TOML writes numbers, booleans and basic strings as JSON does


def _expect(value: Any, kind: type, key: str, kind_name: str) -> Any:
    if not isinstance(value, kind):
        raise ConfigError(f"{key} must be {kind_name}, not {value!r}")
    return value


def build_table(kind: type[T], values: dict[str, Any], where: str) -> T:
    """Make a dataclass of a table, checking keys and types; `where` precedes its keys in messages.

    Raise ConfigError.
    """
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
