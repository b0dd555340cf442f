"""Asking with a clip: which part of it is which part of which video?"""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.text import Text

from cbvirctl.errors import BadInput
from cbvirctl.render import clock, coloured, console, table
from cbvirctl.session import emit, reference, session, write_picture


def query_clip(
    clip: Path,
    top: int | None,
    within: list[str] | None,
    as_json: bool,
    socket: Path | None,
    evidence: Path | None,
) -> dict[str, Any]:
    """Ask with a video file, print the answer, and return its document.

    Each segment that is named has a picture of its evidence: the first is written to `evidence`, the others
    beside it, with their rank in the name.
    """
    with session(socket, as_json) as client:
        places = [reference(text) for text in within or ()] or None
        try:
            wanted = {"top": top, "in": places, "evidence": evidence is not None or None}
            document = client.post_file("/v1/query/clip", clip, **wanted)
        except BadInput as error:  # the service got bytes and does not know the name of the file
            raise error.about(str(clip)) from None
        if evidence is not None:
            _write_evidence(evidence, document["results"])
    if as_json:
        emit(document)
    else:
        show(document)
    return document


def _write_evidence(file: Path, results: list[dict[str, Any]]) -> None:
    for hit in results:
        if drawn := hit["evidence_png"]:
            own = file if hit["rank"] == 1 else file.with_stem(f"{file.stem}-{hit['rank']}")
            write_picture(own, base64.b64decode(drawn))


def show(document: dict[str, Any]) -> None:
    """Print the segments that are at least likely, or else the best guess."""
    results = document["results"]
    named = [hit for hit in results if hit["verdict"] != "none"] or results[:1]
    rows = table("", "verdict", "score", "in the clip", "in the video", "file", "how", numbers=("score",))
    for hit in named:
        rows.add_row(
            str(hit["rank"]),
            coloured(hit["verdict"]),
            f"{hit['score']:.2f}",
            f"{clock(hit['clip_start_s'])} to {clock(hit['clip_end_s'])}",
            f"{clock(hit['start_s'])} to {clock(hit['end_s'])}",
            Text(hit["path"]),
            _how(hit),
        )
    console().print(rows if named else "Nothing in the library resembles this clip.")
    summary = f"{document['verdict']}: {document['frames']} frames of {document['duration_s']:.1f} s compared"
    Console(stderr=True, highlight=False).print(f"{summary}, {document['took_ms']:.0f} ms", style="dim")


def _how(hit: dict[str, Any]) -> str:
    words = [f"speed {hit['speed']:.2f}"]
    words += [word for word in ("reversed", "mirrored") if hit[word]]
    return ", ".join(words)
