"""What the command line can do: train, export, measure."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import torch
from rich.table import Table
from torch import Tensor

from cbvir_core.embed.mobilenet import MobileNetDescriptor, build_mobilenet
from cbvir_core.embed.weights import read_weights
from cbvir_core.errors import ConfigError
from cbvir_core.train import checkpoint
from cbvir_core.train.export import NAME, export
from cbvir_core.train.loop import Material, Training
from cbvir_core.train.measure import compare
from cbvir_core.train.pictures import Collection, gather, read_pictures
from cbvir_core.train.recipe import Recipe, read_recipe, recipe_from, write_recipe
from cbvir_core.train.report import Report
from cbvir_core.train.teacher import load_teacher, taught, teacher_rows
from cbvir_core.train.tensors import describe
from cbvir_core.train.videos import video_frames
from cbvir_core.types import Image

MEASURED_EACH = 256
"""Queries of each kind of edit in `measure`."""


@dataclass(frozen=True)
class Sources:
    """Where pictures come from: folders or tars of pictures, folders of videos."""

    pictures: tuple[Path, ...]
    videos: tuple[Path, ...]

    def load(self, recipe: Recipe, report: Report) -> Collection:
        """All of them in memory, some kept back.  Raises NotAPicture for none, FileUnreadable."""
        report.say("reading pictures")
        frames = video_frames(self.videos, 2 * recipe.store_side)
        images: Iterator[tuple[str, Image]] = chain(read_pictures(self.pictures), frames)
        loaded = gather(images, recipe.store_side, recipe.held_out)
        report.say(f"{len(loaded.learnt)} pictures to train on, {len(loaded.kept)} kept back")
        return loaded

    def __bool__(self) -> bool:
        return bool(self.pictures or self.videos)


@dataclass(frozen=True)
class Budget:
    """How long a run takes, and whether it goes on from the checkpoint in its folder."""

    minutes: float
    resume: bool


def train(
    sources: Sources,
    folder: Path,
    budget: Budget,
    recipe_path: Path | None,
    teacher: Path | None,
    device: torch.device,
    report: Report,
) -> Path:
    """Trains until the time is up, and gives the weight file.

    Raises ConfigError, NotAPicture, FileUnreadable, DiskFull and what a bad teacher file raises.
    """
    folder.mkdir(parents=True, exist_ok=True)
    saved = checkpoint.load(folder) if budget.resume and checkpoint.there(folder) else None
    recipe = recipe_from(saved.recipe) if saved and recipe_path is None else read_recipe(recipe_path)
    write_recipe(recipe, folder / "recipe.toml")
    loaded = sources.load(recipe, report)
    lessons = None
    if teacher is not None:
        network = load_teacher(teacher).to(device)
        rows = teacher_rows(teacher, network, loaded.learnt, recipe, folder, report)
        lessons = taught(rows, recipe.whiten, recipe.teacher_whiten, network)
    material = Material(loaded.learnt.pixels, lessons, _data(sources, loaded, teacher))
    training = Training(recipe, material, device)
    if saved:
        training.resume(saved)
        report.say(f"going on at step {saved.step}, after {saved.spent_s / 60.0:.1f} minutes")
    training.run(budget.minutes * 60.0, folder, report)
    export(training.state(), folder / NAME, loaded, device, report)
    return folder / NAME


def export_checkpoint(
    folder: Path, path: Path, sources: Sources, device: torch.device, report: Report
) -> None:
    """Turns the checkpoint of a run, finished or not, into a weight file.

    With pictures the input side and the whitening are chosen by measurement.  Raises WeightsMissing.
    """
    saved = checkpoint.load(folder)
    loaded = sources.load(recipe_from(saved.recipe), report) if sources else None
    export(saved, path, loaded, device, report)


def measure(
    weights: Path, sources: Sources, teacher: Path | None, device: torch.device, report: Report
) -> Table:
    """Recall of a weight file, beside its teacher's, on edited copies of pictures kept back.

    Which pictures were kept back hangs on the recipe in the file, so that those it was trained with
    are never asked about.  Raises ConfigError where there are none.
    """
    header, state = read_weights(weights)
    recipe = recipe_from(dict(header.details["recipe"])) if "recipe" in header.details else Recipe()
    if header.preprocess.height is None:
        raise ConfigError(f"{weights} is no filter: it does not read pictures at one fixed size")
    kept = sources.load(recipe, report).kept
    if not kept:
        raise ConfigError("at least five pictures are needed to keep some back")
    own = _describer(build_mobilenet(state), header.preprocess.height, recipe, device, report)
    networks = {weights.name: own}
    if teacher is not None:
        networks["teacher"] = _describer(load_teacher(teacher), recipe.teacher_side, recipe, device, report)
    results = compare(networks, kept.pixels, MEASURED_EACH)
    table = Table("edit", *(f"{name}: {what}" for name in networks for what in ("recall@1", "at 1 % false")))
    for kind, by_name in results.items():
        cells = (value for name in networks for value in (by_name[name].first, by_name[name].sure))
        table.add_row(kind, *(f"{value:.3f}" for value in cells))
    return table


def _describer(
    network: MobileNetDescriptor, side: int, recipe: Recipe, device: torch.device, report: Report
) -> functools.partial[Tensor]:
    return functools.partial(describe, network.to(device), side=side, bf16=recipe.bf16, report=report)


def _data(sources: Sources, loaded: Collection, teacher: Path | None) -> dict[str, object]:
    names = [path.name for path in (*sources.pictures, *sources.videos)]
    return {"pictures": len(loaded.learnt), "sources": names, "teacher": teacher.name if teacher else None}
