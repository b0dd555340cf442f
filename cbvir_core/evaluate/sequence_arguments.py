"""The options of the commands about 2D CNN + LSTM, and what each command runs."""

from __future__ import annotations

import argparse
from pathlib import Path

from cbvir_core.errors import InputError
from cbvir_core.evaluate import sequence_commands
from cbvir_core.evaluate.colour import COLOUR_RESULTS_AT
from cbvir_core.evaluate.report import EvaluationReport, Notify
from cbvir_core.evaluate.video_arguments import VideoCommand
from cbvir_core.sequences import ACTION_LAYOUTS


def _of_colour(command: argparse.ArgumentParser) -> None:
    add = command.add_argument
    add("folder", type=Path, metavar="FOLDER", help="pictures, in a folder for each class")
    what = "results that count (default: %(default)s, as in the paper)"
    add("--at", type=int, default=COLOUR_RESULTS_AT, metavar="N", help=what)
    _of_filter(command)


def _of_complexity(command: argparse.ArgumentParser) -> None:
    what = "threads of both models (default: %(default)s)"
    command.add_argument("--threads", type=int, default=1, metavar="N", help=what)
    _of_filter(command)


def _of_actions(command: argparse.ArgumentParser) -> None:
    add = command.add_argument
    trained = "weights of python -m cbvir_core.train sequence --actions"
    add("sequence", type=Path, metavar="WEIGHTS", help=trained)
    for layout in ACTION_LAYOUTS:
        what = f"folder of clips in the layout {layout}"
        add(f"--{layout}", type=Path, nargs="+", default=[], metavar="FOLDER", help=what)
    what = (
        "further classes that count as learnt: those of another data set that show the same by another name"
    )
    add("--seen", nargs="+", default=[], metavar="CLASS", help=what)
    _of_filter(command)


def _of_similar(command: argparse.ArgumentParser) -> None:
    add = command.add_argument
    add("query", type=Path, metavar="FILE", help="picture or video; of a longer video the first ten seconds")
    add("folders", type=Path, nargs="+", metavar="FOLDER", help="folder of pictures or videos")
    trained = "one vector a clip by these weights of 2D CNN + LSTM (default: the mean of its features)"
    add("--sequence", type=Path, metavar="WEIGHTS", help=trained)
    add("--top", type=int, default=10, metavar="K", help="nearest by distance (default: %(default)s)")
    ranked = "re-rank by proximal affinity: keep of these what has a higher cosine (default: keep all)"
    add("--affinity", type=float, metavar="COSINE", help=ranked)
    _of_filter(command)


def _of_filter(command: argparse.ArgumentParser) -> None:
    what = "weights of the filter (default: the built-in ones)"
    command.add_argument("--filter", type=Path, metavar="FILE", help=what)


def _actions(options: argparse.Namespace, notify: Notify) -> EvaluationReport:
    folders = [(layout, folder) for layout in ACTION_LAYOUTS for folder in getattr(options, layout)]
    if not folders:
        raise InputError(f"name folders of clips with {', '.join(f'--{name}' for name in ACTION_LAYOUTS)}")
    return sequence_commands.actions(folders, options.sequence, options.seen, options.filter, notify)


SEQUENCE_COMMANDS: dict[str, VideoCommand] = {
    "colour": VideoCommand(
        "Table II of 2D CNN + LSTM: retrieval accuracy of the colour and the grey-scale network",
        _of_colour,
        lambda options, notify: sequence_commands.colour(options.folder, options.filter, options.at, notify),
    ),
    "complexity": VideoCommand(
        "Table III of 2D CNN + LSTM: parameters, size and time, beside a 3D CNN",
        _of_complexity,
        lambda options, _: sequence_commands.complexity(options.filter, options.threads),
    ),
    "similar": VideoCommand(
        "The nearest pictures of a picture or clips of a clip, by distance or by proximal affinity",
        _of_similar,
        lambda options, notify: sequence_commands.similar(
            options.query,
            options.folders,
            options.sequence,
            options.filter,
            options.top,
            options.affinity,
            notify,
        ),
    ),
    "actions": VideoCommand(
        "Table IV of 2D CNN + LSTM: accuracy, precision, recall and F1 of the first five results",
        _of_actions,
        _actions,
    ),
}
"""The commands by name."""
