"""The command line ``python -m cbvir_core.evaluate``."""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import get_args

from rich.console import Console

from cbvir_core.decode import Mode
from cbvir_core.embed import Aggregation, ReleasedProtocol, RuntimeOptions
from cbvir_core.errors import CbvirError
from cbvir_core.evaluate import commands
from cbvir_core.evaluate.collection.arguments import REPORT_COMMAND
from cbvir_core.evaluate.extraction import COLOUR_METHODS, NETWORK_METHODS
from cbvir_core.evaluate.keyframes import DEFAULT_METHODS
from cbvir_core.evaluate.networks import (
    COMPARED_NETWORKS,
    LoadEncoders,
    NetworkChoice,
    choose_profile,
    open_encoders,
)
from cbvir_core.evaluate.report import EvaluationReport, Notify
from cbvir_core.evaluate.sequence_arguments import SEQUENCE_COMMANDS
from cbvir_core.evaluate.shortlist import SHORTLIST_SHARES
from cbvir_core.evaluate.video_arguments import VIDEO_COMMANDS, VideoCommand
from cbvir_core.search import SHORTLIST_SHARE

OTHER_OPTIONS = {"gem": "ResNet101 + GeM", "resnet101": "ResNet101", "vgg16": "VGG16"}
"""The options that name weight files of compared networks, and their names in the table."""

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
    load = _networks(options)
    if options.command == "retrieval":
        return commands.retrieval(
            options.folder, options.queries, load, options.share, options.library, notify
        )
    if options.command == "shortlist":
        return commands.shortlist(options.folders, load, options.shares, notify)
    return commands.landmarks(options.truth, options.pictures, load, options.share, notify)


def _keyframes(options: argparse.Namespace, notify: Notify) -> EvaluationReport:
    data = commands.KeyframeData(options.folder, options.shots, options.join, options.keep)
    named = ((name, getattr(options, name)) for name in NETWORK_METHODS)
    networks = {name: file for name, file in named if file is not None}
    forms = COLOUR_METHODS if options.form == ["all"] else options.form
    return commands.keyframes(data, forms, options.mode, networks, RuntimeOptions(), notify)


def _networks(options: argparse.Namespace) -> LoadEncoders:
    profile = choose_profile(options.profile, options.models, options.filter, options.refine)
    protocol = None
    if options.protocol == "released":
        released = ReleasedProtocol(aggregation=options.aggregation)
        protocol = replace(
            released,
            long_side=options.long_side or released.long_side,
            scales=options.scales or released.scales,
        )
    others = {name: getattr(options, option) for option, name in OTHER_OPTIONS.items()}
    choice = NetworkChoice(
        RuntimeOptions(options.device, options.runtime, options.threads),
        protocol,
        options.long_side,
        options.scales,
        {name: file for name, file in others.items() if file is not None},
    )
    return partial(open_encoders, profile, choice)


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
            _of_networks(command)
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
    _share(command)


def _of_shortlist(command: argparse.ArgumentParser) -> None:
    add = command.add_argument
    add("folders", type=Path, nargs="+", metavar="FOLDER", help="folder of pictures")
    default = " ".join(f"{share:g}" for share in SHORTLIST_SHARES)
    add(
        "--shares",
        type=_fraction,
        nargs="+",
        default=SHORTLIST_SHARES,
        metavar="N",
        help=f"of the gallery ({default})",
    )


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
    _share(command)


def _share(command: argparse.ArgumentParser) -> None:
    what = "share of the gallery that is shortlisted (default: %(default)s, as in the paper)"
    command.add_argument("--share", type=_fraction, default=SHORTLIST_SHARE, metavar="N", help=what)


def _of_networks(command: argparse.ArgumentParser) -> None:
    add = command.add_argument
    add(
        "--profile",
        default="auto",
        metavar="NAME",
        help="weights by the name of their profile (default: %(default)s)",
    )
    add(
        "--models",
        type=Path,
        metavar="FOLDER",
        help="folder of profiles; without it only the builtin profile is known",
    )
    add("--filter", type=Path, metavar="FILE", help="weight file of the filter, instead of a profile")
    add("--refine", type=Path, metavar="FILE", help="weight file of SOLAR")
    for option, name in OTHER_OPTIONS.items():
        what = f"also compare {name}: {COMPARED_NETWORKS[name].partition(' and ')[0]}"
        add(f"--{option}", type=Path, metavar="FILE", help=what)
    add(
        "--protocol",
        choices=("cbvir", "released"),
        default="cbvir",
        help="preprocessing of SOLAR and compared networks: cbvir's, or as SOLAR's authors released it "
        "(at most 1,024 px, never enlarged, three scales) (default: %(default)s)",
    )
    add("--long-side", type=int, metavar="PX", help="longer side of their input, instead of the protocol's")
    add("--scales", type=_scales, metavar="A,B", help="scales of their input, instead of the protocol's")
    what = "how rows of several scales become one under --protocol released (default: %(default)s)"
    add("--aggregation", choices=get_args(Aggregation), default="mean", help=what)
    add("--device", default="auto", help="auto, cpu, cuda or cuda:N (default: %(default)s)")
    add("--runtime", default="auto", help="auto, openvino or torch (default: %(default)s)")
    add("--threads", type=int, default=1, metavar="N", help="threads of each network (default: %(default)s)")


def _scales(text: str) -> tuple[float, ...]:
    scales = tuple(float(part) for part in text.split(","))
    if not all(0.05 <= scale <= 8 for scale in scales):
        raise argparse.ArgumentTypeError(f"{text}: scales are from .05 to 8")
    return scales


def _fraction(text: str) -> float:
    value = float(text)
    if not 0.0 < value <= 1.0:
        raise argparse.ArgumentTypeError(f"{text} is not a share: it must be above 0 and at most 1")
    return value


if __name__ == "__main__":
    sys.exit(main())
