"""``python -m cbvir_core.train``: pictures in, a weight file out.

Examples::

    python -m cbvir_core.train --pictures photos/ --videos clips/ --out runs/mine --minutes 120
    python -m cbvir_core.train --out runs/mine --pictures photos/ --export filter.safetensors
    python -m cbvir_core.train --pictures photos/ --measure filter.safetensors
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import torch
from rich.console import Console

from cbvir_core.errors import CbvirError, ConfigError
from cbvir_core.train import commands
from cbvir_core.train.report import Report


def main(arguments: list[str] | None = None) -> int:
    """Runs the command line; the exit status: 0, or 1 with a sentence on stderr."""
    options = _parser().parse_args(arguments)
    torch.set_num_threads(options.threads)
    try:
        with Report() as report:
            _run(options, report)
    except CbvirError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("stopped; go on with --resume", file=sys.stderr)
        return 130
    return 0


def _run(options: argparse.Namespace, report: Report) -> None:
    sources = commands.Sources(tuple(options.pictures), tuple(options.videos))
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
    budget = commands.Budget(options.minutes, options.resume)
    commands.train(sources, options.out, budget, options.recipe, options.teacher, device, report)


def _device(name: str) -> torch.device:
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    if name == "cuda" and not torch.cuda.is_available():
        raise ConfigError("no CUDA device is here; leave --device out to train on the processor")
    return torch.device(name)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m cbvir_core.train",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--pictures", type=Path, nargs="+", default=[], help="folders or tars of pictures")
    add("--videos", type=Path, nargs="+", default=[], help="folders of videos; a fixed third is left out")
    add("--out", type=Path, help="folder of the run: checkpoint, recipe, weight file")
    add("--minutes", type=float, default=60.0, help="time budget of the training (60)")
    add("--recipe", type=Path, help="TOML file; what it leaves out keeps its default")
    add("--teacher", type=Path, help="safetensors of a torchvision mobilenet_v2 to learn from")
    add("--resume", action="store_true", help="go on from the checkpoint in --out, if there is one")
    add("--device", choices=["auto", "cpu", "cuda"], default="auto")
    add("--threads", type=int, default=torch.get_num_threads(), help="threads of the processor")
    add("--export", type=Path, metavar="FILE", help="write the checkpoint in --out as a weight file")
    add("--measure", type=Path, metavar="FILE", help="print the recall of a weight file by kind of edit")
    return parser


if __name__ == "__main__":
    sys.exit(main())
