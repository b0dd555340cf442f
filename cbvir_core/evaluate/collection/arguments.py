"""The options of the command ``report``."""

from __future__ import annotations

import argparse
from pathlib import Path

from cbvir_core.evaluate.collection.program import CollectionPlan, write_report
from cbvir_core.evaluate.extraction import COLOUR_METHODS
from cbvir_core.evaluate.network_arguments import (
    add_networks,
    add_shortlist_rule,
    chosen_networks,
    shortlist_rule,
)
from cbvir_core.evaluate.report import EvaluationReport, Notify
from cbvir_core.evaluate.video_arguments import VideoCommand

REPORT_METHODS = [
    "online",
    "batch",
    "published-code",
    "published-mended",
    "vsumm",
    "vsumm-share",
    "raw-colour",
]


def _of_report(command: argparse.ArgumentParser) -> None:
    add = command.add_argument
    add("folder", type=Path, metavar="FOLDER", help="videos, and shots.csv where their shots are known")
    add("--out", type=Path, default=Path("report.html"), metavar="FILE", help="the page (%(default)s)")
    what = "join clips to a film of about S seconds where there is no shots.csv (default: %(default)g)"
    add("--join", type=float, default=240.0, metavar="S", help=what)
    what = f"methods of Table II, of {', '.join(COLOUR_METHODS)}"
    add("--form", nargs="+", choices=COLOUR_METHODS, default=REPORT_METHODS, metavar="NAME", help=what)
    what = "ground truth of Table IV, as landmarks takes it (default: frames of the shots)"
    add("--instances", type=Path, metavar="TRUTH", help=what)
    add_shortlist_rule(command)
    add_networks(command)


def _report(options: argparse.Namespace, notify: Notify) -> EvaluationReport:
    rule = shortlist_rule(options)
    plan = CollectionPlan(options.folder, options.out, options.form, options.join, rule, options.instances)
    report = write_report(plan, chosen_networks(options))
    notify(f"wrote {options.out}")
    return report


REPORT_COMMAND = VideoCommand("All tables and plots of one collection in one HTML file", _of_report, _report)
