"""The state of the service, for people at a terminal."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from cbvir_shared.path_text import printable
from cbvirctl.render import WithoutEnds, coloured, counted, plain, span

SLOW_TIMES_REAL_TIME = 10.0
"""Speeds below it are shown with a digit after the point."""


def status(document: dict[str, Any]) -> WithoutEnds:
    """Return the state of the service, with a bar for each file at work."""
    grid = Table.grid(padding=(0, 2))
    service, index = document["service"], document["index"]
    grid.add_row(
        "service", f"cbvird {service['version']}, pid {service['pid']}, up {span(service['uptime_s'])}"
    )
    if missing := (service.get("sandbox") or {}).get("missing"):
        grid.add_row("sandbox", Text(f"not wholly in force: {'; '.join(missing)}"))
    alone = "" if document["refining"] else ", the filter alone: it has no SOLAR weights"
    grid.add_row("profile", document["profile"] + alone)
    for root in document["roots"]:
        grid.add_row("folder", _folder(root))
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
    grid.add_row("speed", _speed(document["times_real_time"]))
    grid.add_row("time left", span(document.get("eta_s")))
    if tested := document.get("self_test"):
        grid.add_row("self-test", _self_test(tested))
    for file in document.get("working", ()):
        grid.add_row("", _bar(file))
    for remark in document.get("notes", ()):
        grid.add_row("note", Text(remark))
    return WithoutEnds(grid)


def _folder(root: dict[str, Any]) -> Text:
    within = root.get("within")
    around = plain(f", lies in {within}" if within else "")
    how = plain(root["reason"] or root["watch"])
    return Text.assemble(plain(root["path"]), "  ", coloured(root["state"]), "  ", how, around)


def _self_test(tested: dict[str, Any]) -> str:
    """Return what the last self-test found, with when it was made."""
    at = datetime.fromtimestamp(tested["at"]).strftime("%Y-%m-%d %H:%M")
    if not tested["asked"]:
        return f"{at}, nothing could be asked"
    right, false = 100 * tested["right"], 100 * tested["false_matches"]
    return f"{at}, {right:.0f} % right, {false:.0f} % false matches, half within {tested['p50_ms']:.0f} ms"


def _speed(times_real_time: float | None) -> str:
    if times_real_time is None:
        return "not measured yet"
    digits = 1 if times_real_time < SLOW_TIMES_REAL_TIME else 0
    return f"{times_real_time:.{digits}f} times real time"


def _bar(file: dict[str, Any]) -> Table:
    line = Table.grid(padding=(0, 1))
    per_cent = file.get("per_cent")
    line.add_row(
        ProgressBar(total=100, completed=per_cent or 0, width=30, pulse=per_cent is None),
        f"{per_cent:3.0f} %" if per_cent is not None else "  ? %",
        f"{span(file.get('eta_s'))} left",
        Text(printable(file["path"].rpartition("/")[2]), no_wrap=True, overflow="ellipsis"),
    )
    return line
