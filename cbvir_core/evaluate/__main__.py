"""The command line ``python -m cbvir_core.evaluate``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import get_args

from rich.console import Console

from cbvir_core.decode import Mode
from cbvir_core.embed import RuntimeOptions
from cbvir_core.errors import CbvirError
from cbvir_core.evaluate import commands
from cbvir_core.evaluate.collection.arguments import REPORT_COMMAND
from cbvir_core.evaluate.extraction import COLOUR_METHODS, NETWORK_METHODS
from cbvir_core.evaluate.keyframes import DEFAULT_METHODS
from cbvir_core.evaluate.network_arguments import (
    add_distance,
    add_networks,
    add_shortlist_rule,
    chosen_networks,
    fraction,
    shortlist_rule,
)
from cbvir_core.evaluate.report import EvaluationReport, Notify
from cbvir_core.evaluate.sequence_arguments import SEQUENCE_COMMANDS
from cbvir_core.evaluate.shortlist import SHORTLIST_SHARES
from cbvir_core.evaluate.video_arguments import VIDEO_COMMANDS, VideoCommand

EVALUATE_DESCRIPTION = """\
Make the tables of the MoReSo paper with your own films and pictures, and judge videos as queries.

  Table II   python -m cbvir_core.evaluate keyframes films/ --shots shots.csv --form all
             python -m cbvir_core.evaluate keyframes clips/ --join 240 --form all
  all        python -m cbvir_core.evaluate report films/ --out report.html
  Table III  python -m cbvir_core.evaluate retrieval films/ --queries queries.csv
  Table IV   python -m cbvir_core.evaluate landmarks roxford5k/gnd_roxford5k.pkl
             python -m cbvir_core.evaluate shortlist photos/
  FIVR-200K  python -m cbvir_core.evaluate fivr annotation.json scores.json
  VCSL       python -m cbvir_core.evaluate vcsl label_file_uuid_total.json segments.json
  VCDB       python -m cbvir_core.evaluate vcdb annotation/ segments.txt

Of the paper on 2D CNN + LSTM:

  Table II   python -m cbvir_core.evaluate colour classes/
  Table III  python -m cbvir_core.evaluate complexity
  Table IV   python -m cbvir_core.evaluate actions sequence.safetensors --ucf101 UCF-101/
  one query  python -m cbvir_core.evaluate similar clip.mp4 clips/ --affinity 0.9

shots.csv has the columns video,start_s,end_s: one line for each shot.
queries.csv has the columns query,video,start_s,end_s: one line for each occurrence of a query picture.
Videos are files in the folder; query pictures are files beside queries.csv.
The tables hold speeds: run nothing else on the machine meanwhile.
"""

_VIDEO_COMMANDS: dict[str, VideoCommand] = {"report": REPORT_COMMAND} | VIDEO_COMMANDS | SEQUENCE_COMMANDS


def main(arguments: list[str] | None = None) -> int:
    """Run the command line and return its exit status.

    The status is 0, 1 after an error (one sentence on stderr), or 130 after Ctrl-C.
    """
    options = _parser().parse_args(arguments)
    notes = Console(stderr=True)
    try:
        report = _run(options, lambda line: notes.print(line, markup=False, highlight=False, soft_wrap=True))
        report.show(Console())
        if options.json:
            report.write(options.json)
    except CbvirError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        return 130
    return 0


def _run(options: argparse.Namespace, notify: Notify) -> EvaluationReport:
    if options.command in _VIDEO_COMMANDS:
        return _VIDEO_COMMANDS[options.command].run(options, notify)
    if options.command == "keyframes":
        return _keyframes(options, notify)
    load = chosen_networks(options)
    if options.command == "retrieval":
        return commands.retrieval(
            options.folder, options.queries, load, shortlist_rule(options), options.library, notify
        )
    if options.command == "shortlist":
        return commands.shortlist(options.folders, load, options.shares, options.distance, notify)
    return commands.landmarks(options.truth, options.pictures, load, shortlist_rule(options), notify)


def _keyframes(options: argparse.Namespace, notify: Notify) -> EvaluationReport:
    data = commands.KeyframeData(options.folder, options.shots, options.join, options.keep)
    named = ((name, getattr(options, name)) for name in NETWORK_METHODS)
    networks = {name: file for name, file in named if file is not None}
    forms = COLOUR_METHODS if options.form == ["all"] else options.form
    return commands.keyframes(data, forms, options.mode, networks, RuntimeOptions(), notify)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m cbvir_core.evaluate",
        description=EVALUATE_DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    subcommands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, what, own in (
        (
            "keyframes",
            "Table II: efficiency ratio, accuracy and redundancy of keyframe extraction",
            _of_keyframes,
        ),
        ("retrieval", "Table III: mAP and efficiency ratio from videos to answers", _of_retrieval),
        (
            "shortlist",
            "Table IV: efficiency of feature extraction, and what a shortlist loses",
            _of_shortlist,
        ),
        ("landmarks", "Table IV: mAP and efficiency on the Oxford and Paris pictures", _of_landmarks),
    ):
        command = subcommands.add_parser(name, help=what, description=what)
        own(command)
        _json(command)
        if name != "keyframes":
            add_networks(command)
    for name, video_command in _VIDEO_COMMANDS.items():
        command = subcommands.add_parser(name, help=video_command.what, description=video_command.what)
        video_command.options(command)
        _json(command)
    return parser


def _json(command: argparse.ArgumentParser) -> None:
    command.add_argument("--json", type=Path, metavar="FILE", help="also write the table as JSON, unrounded")


def _of_keyframes(command: argparse.ArgumentParser) -> None:
    add = command.add_argument
    add("folder", type=Path, metavar="FOLDER", help="folder of videos")
    shots = command.add_mutually_exclusive_group()
    shots.add_argument(
        "--shots", type=Path, metavar="CSV", help="true shots; without them only the efficiency is measured"
    )
    what = "join the clips of FOLDER to a film of about S seconds, whose cuts are known (0: whole clips)"
    shots.add_argument("--join", type=float, metavar="S", help=what)
    add("--keep", type=Path, metavar="OUT", help="keep the joined film and its shots.csv in this folder")
    what = f"methods to measure: all, or some of {', '.join(COLOUR_METHODS)} (default: %(default)s)"
    default = list(DEFAULT_METHODS)
    add("--form", nargs="+", choices=("all", *COLOUR_METHODS), default=default, metavar="NAME", help=what)
    for name, file in NETWORK_METHODS.items():
        add(f"--{name}", type=Path, metavar="FILE", help=f"also measure {name} with this file ({file})")
    add(
        "--mode", choices=get_args(Mode), default="auto", help="which frames to decode (default: %(default)s)"
    )


def _of_retrieval(command: argparse.ArgumentParser) -> None:
    add = command.add_argument
    add(
        "folder",
        type=Path,
        metavar="FOLDER",
        help="folder of videos; those that no query names are distractors",
    )
    add("--queries", type=Path, metavar="CSV", required=True, help="query pictures and where they occur")
    add(
        "--library",
        action="store_true",
        help="also measure cbvir itself, with a library that holds the videos",
    )
    add_shortlist_rule(command)


def _of_shortlist(command: argparse.ArgumentParser) -> None:
    add = command.add_argument
    add("folders", type=Path, nargs="+", metavar="FOLDER", help="folder of pictures")
    default = " ".join(f"{share:g}" for share in SHORTLIST_SHARES)
    add(
        "--shares",
        type=fraction,
        nargs="+",
        default=SHORTLIST_SHARES,
        metavar="N",
        help=f"of the gallery ({default})",
    )
    add_distance(command)


def _of_landmarks(command: argparse.ArgumentParser) -> None:
    add = command.add_argument
    add(
        "truth",
        type=Path,
        metavar="TRUTH",
        help="gnd_roxford5k.pkl, gnd_rparis6k.pkl, one of the older layout, gnd_instre.pkl, GLDv2's "
        "retrieval_solution_v2.1.csv, or a folder that has a folder for each instance",
    )
    add(
        "--pictures",
        type=Path,
        metavar="FOLDER",
        help="pictures of the benchmark (default: the folder jpg beside a PKL, the folder of a CSV)",
    )
    add_shortlist_rule(command)


if __name__ == "__main__":
    sys.exit(main())
