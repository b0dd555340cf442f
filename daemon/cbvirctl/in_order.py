"""Asking with several pictures in order: which video shows them one after the other?"""

from __future__ import annotations

from typing import Any

from cbvirctl.listing import ListedRow, show_listing
from cbvirctl.question import QueryOptions, read_picture_file, searching
from cbvirctl.render import clock, coloured, console, probability
from cbvirctl.session import emit, expanded, session
from cbvirctl.shown_paths import ShowPath, shown_paths


def query_in_order(pictures: list[str], options: QueryOptions) -> dict[str, Any]:
    """Ask with pictures, print the answer, and return its document."""
    names = [expanded(picture).name for picture in pictures]
    with session(options.socket, options.as_json) as client:
        files = [(name, read_picture_file(one)) for name, one in zip(names, pictures, strict=True)]
        wanted = {"top": options.top, "in": options.places}
        with searching(options.as_json):
            document = client.post_form("/v1/query/pictures", files, **wanted)
        if options.as_json:
            emit(document)
        else:
            _show(document, names, shown_paths(client, options.relative))
    return document


def _show(document: dict[str, Any], names: list[str], shown: ShowPath) -> None:
    """Print the videos that are at least likely, or else the best guess, with a time for each picture."""
    results = document["results"]
    named = [hit for hit in results if hit["verdict"] != "none"] or results[:1]
    if not named:
        console().print("No video resembles these pictures.")
        return
    if named[0]["verdict"] == "none":
        console().print("No video is even likely to show these pictures.  The most similar one:")
    rows = [row for hit in named for row in _rows(hit, names, shown)]
    show_listing(("", "verdict", "score", "picture", "time"), rows, numbers=("score", "time"))


def _rows(hit: dict[str, Any], names: list[str], shown: ShowPath) -> list[ListedRow]:
    head = (str(hit["rank"]), coloured(hit["verdict"]), probability(hit["score"]), "", "")
    order = ["in the opposite order"] if hit["reversed"] else []
    rows = [ListedRow(head, [shown(hit["path"])], order)]
    for name, found in zip(names, hit["pictures"], strict=True):
        score = "" if found is None else probability(found["score"])
        time = "–" if found is None else clock(found["time_s"])
        rows.append(ListedRow(("", "", score, name, time)))
    return rows
