"""The commands of the command line: train, export, measure."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import torch
from rich.table import Table
from torch import Tensor

from cbvir_core.embed.networks import Network, load_network
from cbvir_core.errors import ConfigError
from cbvir_core.train import checkpoint
from cbvir_core.train.command_line import run_from, to_resume
from cbvir_core.train.export import export, file_name
from cbvir_core.train.filter_lesson import FilterLesson
from cbvir_core.train.lesson import Lesson, LessonMaterial
from cbvir_core.train.loop import TrainingRun
from cbvir_core.train.measure import compare
from cbvir_core.train.pictures import SplitPictures, gather, read_pictures
from cbvir_core.train.recipe import TrainingRecipe
from cbvir_core.train.recipe_file import read_recipe, recipe_from, write_recipe
from cbvir_core.train.report import TrainingReport
from cbvir_core.train.solar_lesson import SolarLesson
from cbvir_core.train.start import StartWeights, first_network, read_start
from cbvir_core.train.teacher import Teacher, load_teacher, taught, teacher_rows
from cbvir_core.train.tensors import describe
from cbvir_core.train.videos import video_frames
from cbvir_core.types import Image
from cbvir_core.weights import read_header

QUERIES_PER_KIND = 256
"""Queries of each kind of perturbation in `measure`."""


@dataclass(frozen=True)
class PictureSources:
    """Where pictures come from: folders or tar files of pictures, and folders of videos."""

    pictures: tuple[Path, ...]
    videos: tuple[Path, ...]

    def load(self, recipe: TrainingRecipe, report: TrainingReport) -> SplitPictures:
        """Load all pictures into memory and keep some back.

        Raise NotAPicture where there is none, and FileUnreadable.
        """
        report.say("reading pictures")
        frames = video_frames(self.videos, 2 * recipe.store_side)
        images: Iterator[tuple[str, Image]] = chain(read_pictures(self.pictures), frames)
        loaded = gather(images, recipe.store_side, recipe.held_out)
        report.say(f"{len(loaded.learnt)} pictures to train on, {len(loaded.kept)} kept back")
        return loaded

    def __bool__(self) -> bool:
        return bool(self.pictures or self.videos)


@dataclass(frozen=True)
class RunPlan:
    """What the user asks of a run.

    The run is kept in `folder` and takes `minutes` in all; `resume` continues from the checkpoint there.
    `recipe` is a file.  `network` is ``filter``, ``solar``, or None for the one that the recipe names.
    `teacher` and `start` are weight files: one to learn from, one to start from.
    """

    folder: Path
    minutes: float
    resume: bool = False
    network: str | None = None
    recipe: Path | None = None
    teacher: Path | None = None
    start: Path | None = None


def train(sources: PictureSources, plan: RunPlan, device: torch.device, report: TrainingReport) -> Path:
    """Train until the time budget is spent, and return the weight file.

    Raise ConfigError, NotAPicture, FileUnreadable, DiskFull, and the errors of bad weight files.
    """
    saved = to_resume(plan.resume, plan.folder)
    if saved and plan.recipe is None:
        recipe = recipe_from(saved.recipe, plan.network)
    else:
        recipe = read_recipe(plan.recipe, plan.network)
    start = None if plan.start is None else _start(plan.start, recipe)
    plan.folder.mkdir(parents=True, exist_ok=True)
    write_recipe(recipe, plan.folder / "recipe.toml")
    loaded = sources.load(recipe, report)
    data = (saved.data if saved else {}) | _data(sources, loaded, plan, start)
    material = _material(loaded, plan, recipe, data, device, report)
    training = TrainingRun(recipe, _lesson(recipe, material, start, device, report))
    run_from(training, saved, plan.minutes, plan.folder, report)
    weights = plan.folder / file_name(recipe)
    export(training.state(), weights, loaded, device, report)
    return weights


def _start(path: Path, recipe: TrainingRecipe) -> StartWeights:
    if recipe.network != "solar":
        raise ConfigError("--start is for --network solar")
    return read_start(path, recipe.solar.backbone)


def _material(
    loaded: SplitPictures,
    plan: RunPlan,
    recipe: TrainingRecipe,
    data: dict[str, object],
    device: torch.device,
    report: TrainingReport,
) -> LessonMaterial:
    lessons: Teacher | None = None
    if plan.teacher is not None:
        network = load_teacher(plan.teacher).to(device)
        rows = teacher_rows(plan.teacher, network, loaded.learnt, recipe, plan.folder, report)
        lessons = taught(rows, recipe.whiten, recipe.teacher_whiten, network)
    return LessonMaterial(loaded.learnt.pixels, lessons, data, loaded.learnt.names)


def _lesson(
    recipe: TrainingRecipe,
    material: LessonMaterial,
    start: StartWeights | None,
    device: torch.device,
    report: TrainingReport,
) -> Lesson:
    if recipe.network == "filter":
        return FilterLesson(recipe, material, device)
    network = first_network(recipe, start, material.pixels, report)
    return SolarLesson(recipe, material, network, device, pretrained=start is not None)


def export_checkpoint(
    folder: Path, path: Path, sources: PictureSources, device: torch.device, report: TrainingReport
) -> None:
    """Write the checkpoint of a run, finished or not, as a weight file.

    Where pictures are given, the input side and the whitening are chosen by measurement.  Raise
    WeightsMissing.
    """
    saved = checkpoint.load(folder)
    loaded = sources.load(recipe_from(saved.recipe), report) if sources else None
    export(saved, path, loaded, device, report)


def measure(
    weights: Path, sources: PictureSources, teacher: Path | None, device: torch.device, report: TrainingReport
) -> Table:
    """Return a table of the recall of a weight file, and of its teacher, on perturbed pictures.

    The pictures were kept back from training: the recipe in the file determines which they are, so that
    a picture that the file was trained with is never a query.  Raise ConfigError where there is none.
    """
    header = read_header(weights)
    recipe = recipe_from(dict(header.details["recipe"])) if "recipe" in header.details else TrainingRecipe()
    if header.preprocess.height is None:
        raise ConfigError(f"{weights} does not read pictures at one fixed size, as trained weights do")
    kept = sources.load(recipe, report).kept
    if not kept:
        raise ConfigError("at least five pictures are needed to keep some back")
    own = _describer(load_network(weights), header.preprocess.height, recipe, device, report)
    networks = {weights.name: own}
    if teacher is not None:
        networks["teacher"] = _describer(load_teacher(teacher), recipe.teacher_side, recipe, device, report)
    results = compare(networks, kept.pixels, QUERIES_PER_KIND)
    table = Table("edit", *(f"{name}: {what}" for name in networks for what in ("recall@1", "at 1 % false")))
    for kind, by_name in results.items():
        cells = (value for name in networks for value in (by_name[name].first, by_name[name].sure))
        table.add_row(kind, *(f"{value:.3f}" for value in cells))
    return table


def _describer(
    network: Network, side: int, recipe: TrainingRecipe, device: torch.device, report: TrainingReport
) -> functools.partial[Tensor]:
    return functools.partial(describe, network.to(device), side=side, bf16=recipe.bf16, report=report)


def _data(
    sources: PictureSources, loaded: SplitPictures, plan: RunPlan, start: StartWeights | None
) -> dict[str, object]:
    names = [path.name for path in (*sources.pictures, *sources.videos)]
    data: dict[str, object] = {"pictures": len(loaded.learnt), "sources": names}
    data["teacher"] = plan.teacher.name if plan.teacher else None
    return data if start is None else data | {"start": start.origin}
