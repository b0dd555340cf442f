"""The command line ``python -m cbvir_core.train``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import torch
from rich.console import Console

from cbvir_core.errors import CbvirError, ConfigError
from cbvir_core.train import checkpoint, commands
from cbvir_core.train.recipe import TRAINED_NETWORKS
from cbvir_core.train.report import TrainingReport

TRAIN_DESCRIPTION = """\
Trains the networks of cbvir on pictures of your own, without anybody's weights, or measures one.

  train    python -m cbvir_core.train --pictures photos/ --videos clips/ --out runs/mine --minutes 120
  refine   python -m cbvir_core.train --network solar --start runs/mine/filter.safetensors \\
                  --pictures photos/ --videos clips/ --out runs/refine --minutes 120
  go on    python -m cbvir_core.train --pictures photos/ --out runs/mine --minutes 240 --resume
  export   python -m cbvir_core.train --pictures photos/ --out runs/mine --export filter.safetensors
  measure  python -m cbvir_core.train --pictures photos/ --measure filter.safetensors

A run ends with OUT/filter.safetensors or OUT/refine.safetensors, which `cbvirctl models import NAME
FILE...` takes.  Ctrl-C keeps what was learnt.  On a busy processor set OMP_WAIT_POLICY=passive.
"""


def main(arguments: list[str] | None = None) -> int:
    """Runs the command line; the exit status: 0, 1 with a sentence on stderr, 130 after Ctrl-C."""
    options = _parser().parse_args(arguments)
    torch.set_num_threads(options.threads)
    try:
        with TrainingReport() as report:
            _run(options, report)
    except CbvirError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        kept = options.out is not None and checkpoint.there(options.out)
        print("stopped" + (f"; {options.out} goes on with --resume" if kept else ""), file=sys.stderr)
        return 130
    return 0


def _run(options: argparse.Namespace, report: TrainingReport) -> None:
    sources = commands.PictureSources(tuple(options.pictures), tuple(options.videos))
    device = _device(options.device)
    if options.measure:
        table = commands.measure(options.measure, sources, options.teacher, device, report)
        Console().print(table)
        return
    if options.out is None:
        raise ConfigError("--out says where the run is kept")
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
        raise ConfigError("no CUDA device is here; leave --device out to train on the processor")
    return torch.device(name)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m cbvir_core.train",
        description=TRAIN_DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    for option, what in (
        ("--pictures", "folders or tars of pictures"),
        ("--videos", "folders of videos; a fixed third of them stays out, for benchmarks"),
    ):
        add(option, type=Path, nargs="+", default=[], metavar="PATH", help=what)
    add(
        "--network",
        choices=TRAINED_NETWORKS,
        help="what to train: filter, or solar for the refinement (filter)",
    )
    add("--out", type=Path, metavar="FOLDER", help="the run: checkpoint, recipe, weight file")
    add("--minutes", type=float, default=60.0, metavar="N", help="time budget, in all (%(default)g)")
    add("--recipe", type=Path, metavar="FILE", help="TOML; what it leaves out keeps its default")
    add("--teacher", type=Path, metavar="FILE", help="safetensors of torchvision's MobileNetV2 to learn from")
    add("--start", type=Path, metavar="FILE", help="weights of an earlier training that SOLAR begins with")
    add("--resume", action="store_true", help="go on from the checkpoint in --out, if there is one")
    add("--device", choices=["auto", "cpu", "cuda"], default="auto", help="auto takes CUDA where it is")
    threads = torch.get_num_threads()
    add("--threads", type=int, default=threads, metavar="N", help="of the processor (%(default)s)")
    add("--export", type=Path, metavar="FILE", help="write the checkpoint in --out as a weight file")
    add("--measure", type=Path, metavar="FILE", help="print the recall of a weight file by kind of edit")
    return parser


if __name__ == "__main__":
    sys.exit(main())
