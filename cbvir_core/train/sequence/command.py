"""The command ``python -m cbvir_core.train sequence``."""

from __future__ import annotations

import argparse
from pathlib import Path

from cbvir_core.errors import ConfigError
from cbvir_core.sequences import ACTION_LAYOUTS, read_actions
from cbvir_core.sequences.feature_encoder import FeatureEncoder
from cbvir_core.train.command_line import add_run_options, run_command, run_from, to_resume
from cbvir_core.train.loop import TrainingRun
from cbvir_core.train.recipe_file import write_recipe
from cbvir_core.train.report import TrainingReport
from cbvir_core.train.sequence.export import export_sequence
from cbvir_core.train.sequence.lesson import SequenceLesson
from cbvir_core.train.sequence.material import SequenceMaterial, labelled_material, unlabelled_material
from cbvir_core.train.sequence.recipe import SequenceRecipe, read_sequence_recipe, sequence_recipe_from
from cbvir_core.weights import find_profile

SEQUENCE_DESCRIPTION = """\
Train 2D CNN + LSTM, which makes one vector of a clip, on the features of the built-in filter.

  without labels   python -m cbvir_core.train sequence --videos clips/ --pictures photos/ --out runs/sequence
  with labels      python -m cbvir_core.train sequence --actions UCF50/ --layout ucf50 --out runs/actions

The first part of a run describes all clips and keeps that in OUT; only the second part counts for --minutes.
A run writes OUT/sequence.safetensors.  Ctrl-C saves a checkpoint, from which --resume continues.
"""

SEQUENCE_WEIGHTS_FILE = "sequence.safetensors"


def main(arguments: list[str]) -> int:
    """Run the command line; return 0, 1 after an error (one sentence on stderr), or 130 after Ctrl-C."""
    return run_command(_parser().parse_args(arguments), train_sequence)


def train_sequence(options: argparse.Namespace, report: TrainingReport) -> Path:
    """Train until the time budget is spent, and return the weight file.

    Raise ConfigError, NotAVideo, FileUnreadable, DiskFull, and the errors of bad weight files.
    """
    out: Path = options.out
    saved = to_resume(options.resume, out)
    if saved and options.recipe is None:
        recipe = sequence_recipe_from(saved.recipe)
    else:
        recipe = read_sequence_recipe(options.recipe)
    out.mkdir(parents=True, exist_ok=True)
    write_recipe(recipe, out / "recipe.toml")
    encoder = FeatureEncoder(options.filter or find_profile("builtin", None).filter, threads=options.threads)
    material = _material(options, encoder, recipe, report)
    report.say(f"{len(material.learnt)} clips to train on, {len(material.kept)} kept back")
    lesson = SequenceLesson(recipe, material)
    training = TrainingRun(recipe, lesson)
    run_from(training, saved, options.minutes, out, report)
    lesson.network.load_state_dict(training.averaged)
    accuracy = lesson.accuracy()
    if accuracy is not None:
        report.say(f"accuracy on clips kept back {accuracy:.3f}")
    written = out / SEQUENCE_WEIGHTS_FILE
    report.say(f"{written} holds {export_sequence(training.state(), material, encoder, written, accuracy)}")
    return written


def _material(
    options: argparse.Namespace, encoder: FeatureEncoder, recipe: SequenceRecipe, report: TrainingReport
) -> SequenceMaterial:
    if options.actions is not None:
        if options.videos or options.pictures:
            raise ConfigError("--actions has labels, --videos and --pictures have none: name one kind")
        clips = read_actions(options.actions, options.layout)
        return labelled_material(clips, options.layout, encoder, recipe, options.out, report)
    if not options.videos and not options.pictures:
        raise ConfigError("name folders of videos with --videos, or of labelled clips with --actions")
    return unlabelled_material(options.videos, options.pictures, encoder, recipe, options.out, report)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m cbvir_core.train sequence",
        description=SEQUENCE_DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    videos = "folders of videos; a fixed third of their sources is left out, for benchmarks"
    add("--videos", type=Path, nargs="+", default=[], metavar="FOLDER", help=videos)
    photographs = "folders or tar files of photographs, over which a camera moves in further clips"
    add("--pictures", type=Path, nargs="+", default=[], metavar="PATH", help=photographs)
    add(
        "--actions",
        type=Path,
        metavar="FOLDER",
        help="folder of labelled clips; one in ten groups is kept back",
    )
    add("--layout", choices=ACTION_LAYOUTS, default="folders", help="of --actions (default: %(default)s)")
    add_run_options(parser, minutes=20.0)
    return parser
