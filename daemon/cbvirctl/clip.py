"""Asking with a clip: which part of it is which part of which video?"""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

from cbvirctl.errors import BadInput
from cbvirctl.listing import ListedRow, show_listing
from cbvirctl.question import QueryOptions, searching
from cbvirctl.render import clocks, coloured, console, counted, probability, remarks_console, took
from cbvirctl.session import emit, session
from cbvirctl.shown_paths import ShowPath, shown_paths


def query_clip(clip: Path, options: QueryOptions) -> dict[str, Any]:
    """Ask with a video file, print the answer, and return its document.

    Each segment that is named has a picture of its evidence: the first is written to the file of the
    options, the others beside it, with their rank in the name.
    """
    with session(options.socket, options.as_json) as client:
        drawn = options.evidence is not None or None
        wanted = {"top": options.top, "in": options.places, "evidence": drawn}
        try:
            with searching(options.as_json):
                document = client.post_file("/v1/query/clip", clip, **wanted)
        except BadInput as error:  # the service got bytes and does not know the name of the file
            raise error.about(str(clip)) from None
        if options.evidence is not None:
            _write_evidence(options.evidence, document["results"])
        if options.as_json:
            emit(document)
        else:
            show(document, shown_paths(client, options.relative))
    return document


def _write_evidence(file: Path, results: list[dict[str, Any]]) -> None:
    from cbvirctl.pictures import write_picture

    for hit in results:
        if drawn := hit["evidence_png"]:
            own = file if hit["rank"] == 1 else file.with_stem(f"{file.stem}-{hit['rank']}")
            write_picture(own, base64.b64decode(drawn))


def show(document: dict[str, Any], shown: ShowPath) -> None:
    """Print the segments that are at least likely, or else the best guess."""
    results = document["results"]
    named = [hit for hit in results if hit["verdict"] != "none"] or results[:1]
    if not named:
        console().print("Nothing in the library resembles this clip.")
    else:
        if named[0]["verdict"] == "none":
            console().print("No part of a video is even likely to be in this clip.  The most similar one:")
        columns = ("", "verdict", "score", "in the clip", "in the video", "how")
        show_listing(columns, [_row(hit, shown) for hit in named], numbers=("score",))
    frames = f"{counted(document['frames'], 'frame')} of {document['duration_s']:.1f} s"
    summary = f"{document['verdict']}: {frames} compared in {took(document['took_ms'])}"
    remarks_console().print(summary, style="dim")


def _row(hit: dict[str, Any], shown: ShowPath) -> ListedRow:
    cells = (
        str(hit["rank"]),
        coloured(hit["verdict"]),
        probability(hit["score"]),
        clocks(hit["clip_start_s"], hit["clip_end_s"]),
        clocks(hit["start_s"], hit["end_s"]),
        _how(hit),
    )
    return ListedRow(cells, [shown(hit["path"])])


def _how(hit: dict[str, Any]) -> str:
    words = [f"speed {hit['speed']:.2f}"]
    words += [word for word in ("reversed", "mirrored") if hit[word]]
    return ", ".join(words)
