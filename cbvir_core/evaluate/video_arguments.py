"""The options of the commands about videos as queries, and what each command runs."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from cbvir_core.evaluate import video_commands
from cbvir_core.evaluate.fivr_files import FIVR_VERSIONS
from cbvir_core.evaluate.report import EvaluationReport, Notify


class VideoCommand(NamedTuple):
    """A command: what it prints, its options, and what it runs."""

    what: str
    options: Callable[[argparse.ArgumentParser], None]
    run: Callable[[argparse.Namespace, Notify], EvaluationReport]


def _of_fivr(command: argparse.ArgumentParser) -> None:
    add = command.add_argument
    add("annotation", type=Path, metavar="ANNOTATION", help="annotation.json or fivr.pickle")
    add("scores", type=Path, metavar="SCORES", help="JSON: {query: {video: score}}")
    add(
        "--version",
        choices=FIVR_VERSIONS,
        default=FIVR_VERSIONS[-1],
        help="queries and videos of fivr.pickle (default: %(default)s)",
    )
    add(
        "--videos",
        type=Path,
        metavar="FILE",
        help="videos at hand, one a line, as youtube_ids.txt (default: all of fivr.pickle, else all scored)",
    )


def _of_vcsl(command: argparse.ArgumentParser) -> None:
    add = command.add_argument
    add("labels", type=Path, metavar="LABELS", help="label_file_uuid_total.json")
    add("segments", type=Path, metavar="SEGMENTS", help="found segments, in the layout of the labels")
    add("--pairs", type=Path, metavar="CSV", help="pair_file_test.csv (default: all pairs of the labels)")
    add(
        "--query-sets",
        type=Path,
        metavar="FILE",
        help="split_meta_pairs.json (default: one set for each query)",
    )
    add("--split", default="test", metavar="NAME", help="split of --query-sets (default: %(default)s)")


def _of_vcdb(command: argparse.ArgumentParser) -> None:
    add = command.add_argument
    add("annotation", type=Path, metavar="ANNOTATION", help="folder of text files, or one of them")
    add("segments", type=Path, metavar="SEGMENTS", help="found segments, in the layout of the annotation")


VIDEO_COMMANDS: dict[str, VideoCommand] = {
    "fivr": VideoCommand(
        "FIVR-200K: mAP and micro-AP of scores of videos, for three tasks",
        _of_fivr,
        lambda options, _: video_commands.fivr(
            options.annotation, options.scores, options.version, options.videos
        ),
    ),
    "vcsl": VideoCommand(
        "VCSL: precision, recall and F1 of copied segments, by how much they overlap",
        _of_vcsl,
        lambda options, _: video_commands.vcsl(
            options.labels, options.segments, options.pairs, options.query_sets, options.split
        ),
    ),
    "vcdb": VideoCommand(
        "VCDB: precision, recall and F1 of copied segments, where any overlap counts",
        _of_vcdb,
        lambda options, _: video_commands.vcdb(options.annotation, options.segments),
    ),
}
"""The commands by name."""
