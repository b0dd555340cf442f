"""Documents of the service for people: tables, bars, one line for an answer."""

from __future__ import annotations

import sys
from typing import Any

from rich.console import Console
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

WORD_COLOURS = {
    "match": "green",
    "likely": "yellow",
    "none": "dim",
    "indexed": "green",
    "partial": "yellow",
    "working": "cyan",
    "failed": "red",
    "offline": "magenta",
}
"""The colour of a verdict or of a state."""

MAX_GUESSES_SHOWN = 3
"""Scenes that are shown where none is at least likely."""


def console() -> Console:
    """Return where tables are printed; wide enough for whole paths where the output is no terminal."""
    return Console(highlight=False, width=None if sys.stdout.isatty() else 200, soft_wrap=True)


def clock(seconds: float | None) -> str:
    """Return ``1:02:03.45`` or ``2:03.45``; a dash for an unknown time."""
    if seconds is None:
        return "–"
    hundredths = round(seconds * 100)
    minutes, rest = divmod(hundredths, 6000)
    hours, minutes = divmod(minutes, 60)
    tail = f"{rest // 100:02d}.{rest % 100:02d}"
    return f"{hours}:{minutes:02d}:{tail}" if hours else f"{minutes}:{tail}"


def span(seconds: float | None) -> str:
    """Return a rounded duration: ``3 h 20 min``, ``12 min``, ``40 s``; a dash for an unknown one."""
    if seconds is None:
        return "–"
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes // 60} h {minutes % 60:02d} min" if minutes >= 60 else f"{minutes} min"


def counted(number: int, noun: str) -> str:
    """Return ``1 segment``, ``1,200 segments``."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def coloured(word: str) -> Text:
    """Return a verdict or state in its colour."""
    return Text(word, style=WORD_COLOURS.get(word, ""))


def plain(text: str) -> Text:
    """Return a path or message as it is: square brackets in it are no markup."""
    return Text(text)


def table(*columns: str, numbers: tuple[str, ...] = ()) -> Table:
    """Return a table without lines; columns named in `numbers` are aligned to the right, paths fold."""
    made = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        made.add_column(
            column,
            justify="right" if column in numbers else "left",
            overflow="fold",
            no_wrap=column in numbers,
        )
    return made


def answer(document: dict[str, Any]) -> None:
    """Print where the picture appears: the scenes that are at least likely, or else the best guesses."""
    results = document["results"]
    named = [hit for hit in results if hit["verdict"] != "none"] or results[:MAX_GUESSES_SHOWN]
    console().print(_hits(named) if named else "Nothing in the library resembles this picture.")
    remarks = []
    if len(named) < len(results):
        remarks.append(f"{len(results) - len(named)} less likely scenes are left out; --json has them")
    if results and results[0]["time_note"]:
        remarks.append(f"time of the first: {results[0]['time_note']}")
    _print_summary(document, document["verdict"], remarks)


def everywhere(document: dict[str, Any]) -> None:
    """Print all scenes by video: the file once, then its scenes in order of time."""
    videos, results = document["videos"], document["results"]
    names = {hit["rank"]: hit["variant"] for hit in results}
    out = console()
    for video in videos:
        out.print(Text(video["path"], style="bold"))
        out.print(_scenes(video["scenes"], names))
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
    err = Console(stderr=True, highlight=False)
    err.print(
        f"{found}: {counted(document['keyframes_searched'], 'keyframe')} searched, "
        f"{document['shortlisted']} shortlisted, {document['took_ms']:.0f} ms, "
        f"profile {document['profile']}",
        style="dim",
    )
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
            f"{scene['score']:.2f}",
            clock(scene["time_s"]),
            f"{clock(scene['scene_start_s'])} to {clock(scene['scene_end_s'])}",
            names[scene["rank"]],
        )
    return rows


def _hits(hits: list[dict[str, Any]]) -> Table:
    rows = table("", "verdict", "score", "time", "scene", "file", "found as", numbers=("score", "time"))
    for hit in hits:
        rows.add_row(
            str(hit["rank"]),
            coloured(hit["verdict"]),
            f"{hit['score']:.2f}",
            clock(hit["time_s"]),
            f"{clock(hit['scene_start_s'])} to {clock(hit['scene_end_s'])}",
            Text(hit["path"]),
            hit["variant"],
        )
        if hit["occurrences"]:
            others = counted(len(hit["occurrences"]), "other video")
            rows.add_row("", "", "", "", "", Text(f"  and in {others}, which --json lists", style="dim"), "")
    return rows


def status(document: dict[str, Any]) -> Table:
    """Return the state of the service, with a bar for each file at work."""
    grid = Table.grid(padding=(0, 2))
    service, index = document["service"], document["index"]
    grid.add_row(
        "service", f"cbvird {service['version']}, pid {service['pid']}, up {span(service['uptime_s'])}"
    )
    alone = "" if document["refining"] else ", the filter alone: it has no SOLAR weights"
    grid.add_row("profile", document["profile"] + alone)
    for root in document["roots"]:
        how = root["reason"] or root["watch"]
        grid.add_row("folder", Text.assemble(root["path"], "  ", coloured(root["state"]), f"  {how}"))
    states = [
        Text.assemble(coloured(state), f" {count}  ") for state, count in document["videos"].items() if count
    ]
    grid.add_row("videos", Text.assemble(*states) if states else "none yet")
    grid.add_row("keyframes", f"{document['keyframes']:,}, {document['refined']:,} of them refined")
    grid.add_row(
        "index",
        f"generation {index['generation']}, {counted(index['segments'], 'segment')}, "
        f"{index['tail']:,} in the tail",
    )
    speed = document["times_real_time"]
    grid.add_row("speed", "not measured yet" if speed is None else f"{speed:.0f} times real time")
    grid.add_row("time left", span(document.get("eta_s")))
    for file in document.get("working", ()):
        grid.add_row("", _bar(file))
    for remark in document.get("notes", ()):
        grid.add_row("note", Text(remark))
    return grid


def _bar(file: dict[str, Any]) -> Table:
    line = Table.grid(padding=(0, 1))
    per_cent = file.get("per_cent")
    line.add_row(
        ProgressBar(total=100, completed=per_cent or 0, width=30, pulse=per_cent is None),
        f"{per_cent:3.0f} %" if per_cent is not None else "  ? %",
        f"{span(file.get('eta_s'))} left",
        Text(file["path"].rpartition("/")[2], no_wrap=True, overflow="ellipsis"),
    )
    return line
