"""What videos share, for people at a terminal."""

from __future__ import annotations

from typing import Any

from cbvirctl.listing import ListedRow, show_listing
from cbvirctl.render import clock, console, counted, plain, remarks_console, span
from cbvirctl.shown_paths import ShowPath

KIND_TITLES = {
    "copy": "Copies",
    "excerpt": "Excerpts",
    "title": "Title sequences",
    "compilation": "Compilations",
    "reuse": "Other reuse",
}
"""Headings of the kinds, in the order of the report."""

KIND_NOTES = {
    "copy": "nearly all of each video is the others",
    "excerpt": "nearly all of the first video lies in the others",
    "title": "three or more videos share something short at their beginning or end",
    "compilation": "most of the first video comes from parts of the others",
    "reuse": "other parts that two videos share",
}
"""What a kind means."""

MAX_GROUPS_SHOWN, MAX_VIDEOS_SHOWN = 40, 8
"""Groups of a kind, and videos of a group, that are printed; files have all of them."""


def show(document: dict[str, Any], shown: ShowPath = str) -> None:
    """Print the groups by kind."""
    out, left_out = console(), 0
    for kind, title in KIND_TITLES.items():
        groups = [group for group in document["groups"] if group["kind"] == kind]
        if not groups:
            continue
        out.print(plain(f"{title}: {KIND_NOTES[kind]}"), style="bold")
        _show_groups(groups[:MAX_GROUPS_SHOWN], shown)
        left_out += max(0, len(groups) - MAX_GROUPS_SHOWN)
    if not document["groups"]:
        out.print("No two videos share anything.")
    err = remarks_console()
    counts = [f"{name} {count}" for name, count in document["kinds"].items() if count]
    err.print(f"{counted(document['total'], 'group')}: {', '.join(counts) or 'none'}", style="dim")
    if left_out:
        err.print(f"{counted(left_out, 'group')} more; --html, --csv and --json have them", style="dim")


def _show_groups(groups: list[dict[str, Any]], shown: ShowPath) -> None:
    columns, rows = ("shared", "from", "to", "of"), []
    for group in groups:
        for number, place in enumerate(group["places"][:MAX_VIDEOS_SHOWN]):
            shared = "" if number else span(group["shared_s"])
            times = (clock(place[key]) for key in ("start_s", "end_s", "duration_s"))
            rows.append(ListedRow((shared, *times), [shown(place["path"] or place["video_id"])]))
        more = len(group["places"]) - MAX_VIDEOS_SHOWN
        if more > 0:
            rows.append(ListedRow(("",) * len(columns), remarks=[f"and {counted(more, 'other video')}"]))
    show_listing(columns, rows, numbers=columns)
