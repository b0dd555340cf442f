"""What the commands that train share: options of a run, how it begins again, and how it ends."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

import torch

from cbvir_core.errors import CbvirError
from cbvir_core.train import checkpoint
from cbvir_core.train.checkpoint import TrainingCheckpoint
from cbvir_core.train.loop import TrainingRun
from cbvir_core.train.report import TrainingReport

STOPPED_STATUS = 130
"""Exit status after Ctrl-C."""


def add_run_options(parser: argparse.ArgumentParser, minutes: float) -> None:
    """Add the options that every training over described clips has."""
    add = parser.add_argument
    add("--out", type=Path, required=True, metavar="FOLDER", help="folder of the run")
    add("--minutes", type=float, default=minutes, metavar="N", help="time budget (default: %(default)g)")
    add("--recipe", type=Path, metavar="FILE", help="TOML file of choices; missing keys keep their default")
    add("--filter", type=Path, metavar="FILE", help="weights of the filter (default: the built-in ones)")
    add("--resume", action="store_true", help="continue from the checkpoint in --out, if there is one")
    threads = torch.get_num_threads()
    add("--threads", type=int, default=threads, metavar="N", help="threads (default: %(default)s)")


def run_command(
    options: argparse.Namespace, train: Callable[[argparse.Namespace, TrainingReport], object]
) -> int:
    """Train with the options; return 0, 1 after an error (one sentence on stderr), or 130 after Ctrl-C."""
    torch.set_num_threads(options.threads)
    try:
        with TrainingReport() as report:
            train(options, report)
    except CbvirError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        saved = options.out is not None and checkpoint.exists(options.out)
        print("stopped" + (f"; --resume continues {options.out}" if saved else ""), file=sys.stderr)
        return STOPPED_STATUS
    return 0


def to_resume(is_wanted: bool, folder: Path) -> TrainingCheckpoint | None:
    """Return the checkpoint in `folder` if it is wanted and there is one."""
    return checkpoint.load(folder) if is_wanted and checkpoint.exists(folder) else None


def run_from(
    training: TrainingRun, saved: TrainingCheckpoint | None, minutes: float, out: Path, report: TrainingReport
) -> None:
    """Run a training, from a checkpoint if one is given, until its minutes are spent."""
    if saved:
        training.resume(saved)
        report.say(f"continuing at step {saved.step}, after {saved.spent_s / 60.0:.1f} minutes")
    training.run(minutes * 60.0, out, report)
