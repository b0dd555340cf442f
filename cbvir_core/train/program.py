"""The command line ``python -m cbvir_core.train``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import torch
from rich.console import Console

from cbvir_core.errors import ConfigError
from cbvir_core.train import commands
from cbvir_core.train.command_line import run_command
from cbvir_core.train.recipe import TRAINED_NETWORKS
from cbvir_core.train.report import TrainingReport

TRAIN_DESCRIPTION = """\
Train the networks of cbvir on your own pictures and videos, or measure a weight file.

  train    python -m cbvir_core.train --pictures photos/ --videos clips/ --out runs/mine --minutes 120
  refine   python -m cbvir_core.train --network solar --start runs/mine/filter.safetensors \\
                  --pictures photos/ --videos clips/ --out runs/refine --minutes 120
  resume   python -m cbvir_core.train --pictures photos/ --out runs/mine --minutes 240 --resume
  export   python -m cbvir_core.train --pictures photos/ --out runs/mine --export filter.safetensors
  measure  python -m cbvir_core.train --pictures photos/ --measure filter.safetensors
  videos   python -m cbvir_core.train video --help: the similarity of whole videos
  clips    python -m cbvir_core.train sequence --help: one vector a clip

A run writes OUT/filter.safetensors or OUT/refine.safetensors; install it with `cbvirctl models import
NAME FILE...`.  Ctrl-C saves a checkpoint, from which --resume continues.
On a busy processor set OMP_WAIT_POLICY=passive.
"""


def main(arguments: list[str] | None = None) -> int:
    """Run the command line and return its exit status.

    The status is 0, 1 after an error (one sentence on stderr), or 130 after Ctrl-C.
    """
    line = sys.argv[1:] if arguments is None else arguments
    if line[:1] == ["video"]:
        from cbvir_core.train.video import command  # imports OpenVINO, which the others do without

        return command.main(line[1:])
    if line[:1] == ["sequence"]:
        from cbvir_core.train.sequence import command as sequence_command

        return sequence_command.main(line[1:])
    options = _parser().parse_args(line)
    return run_command(options, _run)


def _run(options: argparse.Namespace, report: TrainingReport) -> None:
    sources = commands.PictureSources(tuple(options.pictures), tuple(options.videos))
    device = _device(options.device)
    if options.measure:
        table = commands.measure(options.measure, sources, options.teacher, device, report)
        Console().print(table)
        return
    if options.out is None:
        raise ConfigError("name a folder for the run with --out")
    if options.export:
        commands.export_checkpoint(options.out, options.export, sources, device, report)
        return
    plan = commands.RunPlan(
        options.out,
        options.minutes,
        options.resume,
        options.network,
        options.recipe,
        options.teacher,
        options.start,
    )
    commands.train(sources, plan, device, report)


def _device(name: str) -> torch.device:
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    if name == "cuda" and not torch.cuda.is_available():
        raise ConfigError("this machine has no CUDA device; leave --device out to train on the processor")
    return torch.device(name)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m cbvir_core.train",
        description=TRAIN_DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    for option, what in (
        ("--pictures", "folders or tar files of pictures"),
        ("--videos", "folders of videos; a fixed third of them is left out, for benchmarks"),
    ):
        add(option, type=Path, nargs="+", default=[], metavar="PATH", help=what)
    add(
        "--network",
        choices=TRAINED_NETWORKS,
        help="what to train: filter, or solar for the refinement (default: filter)",
    )
    add("--out", type=Path, metavar="FOLDER", help="folder of the run: checkpoint, recipe, weight file")
    add(
        "--minutes",
        type=float,
        default=60.0,
        metavar="N",
        help="time budget of the whole run (default: %(default)g)",
    )
    add("--recipe", type=Path, metavar="FILE", help="TOML file of choices; missing keys keep their default")
    add("--teacher", type=Path, metavar="FILE", help="teacher: safetensors of torchvision's MobileNetV2")
    add("--start", type=Path, metavar="FILE", help="weights of an earlier training that SOLAR starts from")
    add("--resume", action="store_true", help="continue from the checkpoint in --out, if there is one")
    add(
        "--device",
        choices=["auto", "cpu", "cuda"],
        default="auto",
        help="auto takes CUDA where there is a device",
    )
    threads = torch.get_num_threads()
    add(
        "--threads",
        type=int,
        default=threads,
        metavar="N",
        help="threads of the processor (default: %(default)s)",
    )
    add("--export", type=Path, metavar="FILE", help="write the checkpoint in --out as a weight file")
    add(
        "--measure",
        type=Path,
        metavar="FILE",
        help="print the recall of a weight file by kind of perturbation",
    )
    return parser
