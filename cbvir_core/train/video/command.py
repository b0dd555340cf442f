"""The command ``python -m cbvir_core.train video``."""

from __future__ import annotations

import argparse
from pathlib import Path

from cbvir_core.train.checkpoint import TrainingCheckpoint
from cbvir_core.train.command_line import add_run_options, run_command, run_from, to_resume
from cbvir_core.train.lesson import Lesson
from cbvir_core.train.loop import TrainingRun
from cbvir_core.train.recipe_file import write_recipe
from cbvir_core.train.report import TrainingReport
from cbvir_core.train.video.export import export_students, export_video
from cbvir_core.train.video.lesson import VideoLesson
from cbvir_core.train.video.network import VideoSimilarityNetwork
from cbvir_core.train.video.recipe import VideoRecipe, read_video_recipe, video_recipe_from
from cbvir_core.train.video.regions import ClipRegions, described_clips
from cbvir_core.train.video.students_lesson import StudentsLesson
from cbvir_core.visil import VisilModel
from cbvir_core.visil.region_encoder import RegionEncoder
from cbvir_core.weights import find_profile

VIDEO_DESCRIPTION = """\
Train the similarity of videos (ViSiL) without labels, by S2VS, on any folders of videos.

  python -m cbvir_core.train video clips/ --pictures photos/ --out runs/video --minutes 60
  python -m cbvir_core.train video clips/ --pictures photos/ --out runs/video --minutes 20 --students

The second line trains the students of DnS from what the first wrote, and adds them to the file.

The first part of a run describes all clips and their views by the built-in filter and keeps that in OUT; only
the second part counts for --minutes.  A run writes OUT/visil.safetensors.  Ctrl-C saves a checkpoint, from
which --resume continues.
"""

VIDEO_WEIGHTS_FILE, STUDENTS_FOLDER = "visil.safetensors", "students"


def main(arguments: list[str]) -> int:
    """Run the command line; return 0, 1 after an error (one sentence on stderr), or 130 after Ctrl-C."""
    return run_command(_parser().parse_args(arguments), train_video)


def train_video(options: argparse.Namespace, report: TrainingReport) -> Path:
    """Train until the time budget is spent, and return the weight file.

    Raise ConfigError, NotAVideo, FileUnreadable, DiskFull, and the errors of bad weight files.
    """
    out: Path = options.out
    folder = out / STUDENTS_FOLDER if options.students else out
    saved = to_resume(options.resume, folder)
    recipe = _recipe(options, saved)
    folder.mkdir(parents=True, exist_ok=True)
    write_recipe(recipe, folder / "recipe.toml")
    weights = options.filter or find_profile("builtin", None).filter
    encoder = RegionEncoder(weights, recipe.blocks, threads=options.threads, cache=out / "networks")
    material = described_clips(out, options.folders, options.pictures, encoder, recipe, report)
    written = out / VIDEO_WEIGHTS_FILE
    model = VisilModel(written) if options.students else None
    lesson = _lesson(recipe, material, model)
    training = TrainingRun(recipe, lesson)
    run_from(training, saved, options.minutes, folder, report)
    if model is None:
        name = export_video(training.state(), material, weights, written)
    else:
        name = export_students(training.state(), model, written)
    report.say(f"{written} holds {name}")
    return written


def _recipe(options: argparse.Namespace, saved: TrainingCheckpoint | None) -> VideoRecipe:
    """Return the recipe of the file that was named, of the run to continue, or of the teacher's run."""
    if options.recipe is not None:
        return read_video_recipe(options.recipe)
    if saved is not None:
        return video_recipe_from(saved.recipe)
    taught = options.out / "recipe.toml"
    return read_video_recipe(taught if options.students and taught.exists() else None)


def _lesson(recipe: VideoRecipe, material: ClipRegions, model: VisilModel | None) -> Lesson:
    if model is None:
        return VideoLesson(recipe, material)
    return StudentsLesson(recipe, material, VideoSimilarityNetwork.of(model))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m cbvir_core.train video",
        description=VIDEO_DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    folders = "folders of videos; a fixed third of their sources is left out, for benchmarks"
    add("folders", type=Path, nargs="+", metavar="FOLDER", help=folders)
    photographs = "folders or tar files of photographs, over which a camera moves in further clips"
    add("--pictures", type=Path, nargs="+", default=[], metavar="PATH", help=photographs)
    add("--students", action="store_true", help="train the students of DnS from OUT's weights")
    add_run_options(parser, minutes=60.0)
    return parser
