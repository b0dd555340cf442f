"""The answer to a picture, for people at a terminal."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from cbvirctl.listing import ListedRow, show_listing
from cbvirctl.render import (
    WithoutEnds,
    clock,
    clocks,
    coloured,
    console,
    counted,
    plain,
    probability,
    remarks_console,
    took,
)
from cbvirctl.shown_paths import ShowPath

StillOf = Callable[[dict[str, Any]], RenderableType]
"""Gives the still of a result as Rich prints it."""

MAX_GUESSES_SHOWN = 3
"""Scenes that are shown where none is at least likely."""

PLAIN_VARIANT = "plain"

VARIANT_WORDS = {
    "region": "a part",
    "borders_removed": "without its borders",
    "turned_90": "turned by 90°",
    "turned_180": "turned by 180°",
    "turned_270": "turned by 270°",
    "mirrored": "mirrored",
}
"""What was done to the picture, in words."""


def variant_words(variant: str) -> str:
    """Return what was done to the picture to find it: ``a part, mirrored``; nothing for ``plain``."""
    if variant == PLAIN_VARIANT:
        return ""
    return ", ".join(VARIANT_WORDS.get(one, one) for one in variant.split("+"))


def answer(document: dict[str, Any], shown: ShowPath = str, still_of: StillOf | None = None) -> None:
    """Print where the picture appears: the scenes that are at least likely, or else the best guesses.

    With `still_of` each has its still beside it.
    """
    results = document["results"]
    named = [hit for hit in results if hit["verdict"] != "none"]
    remarks = []
    if not results:
        console().print("Nothing was found.")
    elif not named:
        named = results[:MAX_GUESSES_SHOWN]
        console().print("No scene is even likely to show this picture.  The most similar ones:")
    if named:
        if still_of is None:
            _show_hits(named, shown)
        else:
            _show_pictured(named, shown, still_of)
    if len(named) < len(results):
        left_out = counted(len(results) - len(named), "less likely scene")
        verb = "is" if len(results) - len(named) == 1 else "are"
        remarks.append(f"{left_out} {verb} left out; --json has all")
    if results and results[0]["time_note"]:
        remarks.append(f"time of the first: {results[0]['time_note']}")
    _print_summary(document, document["verdict"], remarks)


def everywhere(document: dict[str, Any], shown: ShowPath = str) -> None:
    """Print all scenes by video: the file once, then its scenes in order of time."""
    videos, results = document["videos"], document["results"]
    names = {hit["rank"]: variant_words(hit["variant"]) for hit in results}
    out = console()
    for video in videos:
        out.print(plain(shown(video["path"]), style="bold"))
        out.print(WithoutEnds(_scenes(video["scenes"], names)))
    if not videos:
        out.print("No scene is even likely to show this picture; without --all the nearest ones are named.")
    found = f"{counted(len(results), 'scene')} in {counted(len(videos), 'video')}"
    remarks = []
    if results and results[0]["time_note"]:
        remarks.append(f"time of the best, {clock(results[0]['time_s'])}: {results[0]['time_note']}")
    if any(hit["until_s"] is None for hit in results):
        remarks.append("times of scenes that were not decoded are those of their keyframes")
    _print_summary(document, f"{document['verdict']}, {found}", remarks)


def _print_summary(document: dict[str, Any], found: str, remarks: list[str]) -> None:
    """Print what was done for an answer, and remarks about it, to stderr."""
    err = remarks_console()
    searched = counted(document["keyframes_searched"], "keyframe")
    took_s = took(document["took_ms"])
    err.print(f"{found}: {searched} searched in {took_s}, profile {document['profile']}", style="dim")
    for remark in [*remarks, *(f"note: {note}" for note in document.get("notes", ()))]:
        err.print(plain(remark), style="dim")


def _scenes(scenes: list[dict[str, Any]], names: dict[int, str]) -> Table:
    """Return the scenes of one video; the columns are as wide as those of the other videos."""
    rows = Table.grid(padding=(0, 2))
    for width in (1, 7, 4, 10, 22):
        rows.add_column(min_width=width, no_wrap=True)
    for scene in scenes:
        rows.add_row(
            "",
            coloured(scene["verdict"]),
            probability(scene["score"]),
            clock(scene["time_s"]),
            clocks(scene["scene_start_s"], scene["scene_end_s"]),
            names[scene["rank"]],
        )
    return rows


def _show_hits(hits: list[dict[str, Any]], shown: ShowPath) -> None:
    how = [variant_words(hit["variant"]) for hit in hits]
    columns = ["", "verdict", "score", "time", "scene", *(["found as"] if any(how) else [])]
    rows = []
    for hit, words in zip(hits, how, strict=True):
        cells: list[str | Text] = [
            str(hit["rank"]),
            coloured(hit["verdict"]),
            probability(hit["score"]),
            clock(hit["time_s"]),
            clocks(hit["scene_start_s"], hit["scene_end_s"]),
            words,
        ]
        rows.append(ListedRow(cells[: len(columns)], [shown(hit["path"])], _occurrences(hit)))
    show_listing(columns, rows, numbers=("score", "time"))


def _show_pictured(hits: list[dict[str, Any]], shown: ShowPath, still_of: StillOf) -> None:
    """Print results one below the other, each with its still to the left."""
    rows = Table.grid(padding=(0, 2, 1, 0))
    rows.add_column(no_wrap=True)
    rows.add_column(overflow="fold")
    for hit in hits:
        words = variant_words(hit["variant"])
        told = Text.assemble(
            f"{hit['rank']}  ",
            coloured(hit["verdict"]),
            f" {probability(hit['score'])} at ",
            (clock(hit["time_s"]), "bold"),
            f"\nscene {clocks(hit['scene_start_s'], hit['scene_end_s'])}",
            f"\nfound {words}" if words else "",
            f"\n{shown(hit['path'])}",
            *(f"\n{remark}" for remark in _occurrences(hit)),
        )
        rows.add_row(still_of(hit), told)
    Console(highlight=False).print(WithoutEnds(rows))


def _occurrences(hit: dict[str, Any]) -> list[str]:
    others = counted(len(hit["occurrences"]), "other video")
    return [f"and in {others}, which --json lists"] if hit["occurrences"] else []
