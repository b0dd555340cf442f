"""The options that choose networks and the shortlist, which several commands share."""

from __future__ import annotations

import argparse
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import get_args

from cbvir_core.embed import Aggregation, ReleasedProtocol, RuntimeOptions
from cbvir_core.evaluate.commands import ShortlistRule
from cbvir_core.evaluate.methods import PUBLISHED_DISTANCE
from cbvir_core.evaluate.networks import (
    COMPARED_NETWORKS,
    LoadEncoders,
    NetworkChoice,
    choose_profile,
    open_encoders,
)
from cbvir_core.search import SHORTLIST_SHARE

OTHER_OPTIONS = {"gem": "ResNet101 + GeM", "resnet101": "ResNet101", "vgg16": "VGG16"}
"""The options that name weight files of compared networks, and their names in the table."""


def chosen_networks(options: argparse.Namespace) -> LoadEncoders:
    """Return what loads the networks that the options name."""
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


def add_shortlist_rule(command: argparse.ArgumentParser) -> None:
    """Add the options of MoReSo's shortlist."""
    what = "share of the gallery that is shortlisted (default: %(default)s, as in the paper)"
    command.add_argument("--share", type=fraction, default=SHORTLIST_SHARE, metavar="N", help=what)
    add_distance(command)


def add_distance(command: argparse.ArgumentParser) -> None:
    """Add the option of the published code's shortlist."""
    what = (
        "also shortlist what lies within a fixed distance D by the filter, as MoReSo's published code does "
        "(without D: its %(const)s, which is for rows of its own MobileNetV2)"
    )
    command.add_argument(
        "--distance", type=float, nargs="?", const=PUBLISHED_DISTANCE, metavar="D", help=what
    )


def shortlist_rule(options: argparse.Namespace) -> ShortlistRule:
    """Return the rule that the options name."""
    return ShortlistRule(options.share, options.distance)


def add_networks(command: argparse.ArgumentParser) -> None:
    """Add the options that name networks."""
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


def fraction(text: str) -> float:
    """Return a share above 0 and at most 1."""
    value = float(text)
    if not 0.0 < value <= 1.0:
        raise argparse.ArgumentTypeError(f"{text} is not a share: it must be above 0 and at most 1")
    return value
