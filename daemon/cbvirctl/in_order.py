"""Asking with several pictures in order: which video shows them one after the other?"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cbvirctl.errors import BadInput
from cbvirctl.listing import ListedRow, show_listing
from cbvirctl.render import clock, coloured, console, probability
from cbvirctl.session import emit, reference, session


def query_in_order(
    pictures: list[Path], top: int | None, within: list[str] | None, as_json: bool, socket: Path | None
) -> dict[str, Any]:
    """Ask with pictures, print the answer, and return its document."""
    with session(socket, as_json) as client:
        places = [reference(text) for text in within or ()] or None
        files = [(path.name, _bytes_of(path)) for path in pictures]
        document = client.post_form("/v1/query/pictures", files, **{"top": top, "in": places})
    if as_json:
        emit(document)
    else:
        _show(document, pictures)
    return document


def _bytes_of(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise BadInput(f"cannot read {path}: {error.strerror}.", code="file_unreadable") from None


def _show(document: dict[str, Any], pictures: list[Path]) -> None:
    """Print the videos that are at least likely, or else the best guess, with a time for each picture."""
    results = document["results"]
    named = [hit for hit in results if hit["verdict"] != "none"] or results[:1]
    if not named:
        console().print("No video resembles these pictures.")
        return
    if named[0]["verdict"] == "none":
        console().print("No video is even likely to show these pictures.  The most similar one:")
    rows = []
    for hit in named:
        order = ["in the opposite order"] if hit["reversed"] else []
        head = (str(hit["rank"]), coloured(hit["verdict"]), probability(hit["score"]), "", "")
        rows.append(ListedRow(head, [hit["path"]], order))
        for path, shown in zip(pictures, hit["pictures"], strict=True):
            score = "" if shown is None else probability(shown["score"])
            time = "–" if shown is None else clock(shown["time_s"])
            rows.append(ListedRow(("", "", score, path.name, time)))
    show_listing(("", "verdict", "score", "picture", "time"), rows, numbers=("score", "time"))
