"""What videos share as one HTML file that needs nothing else: its pictures are in it."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from functools import lru_cache
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cbvirctl.duplicates_table import KIND_NOTES, KIND_TITLES
from cbvirctl.errors import ClientError
from cbvirctl.render import clock, counted, probability, span
from cbvirctl.session import segment

if TYPE_CHECKING:
    from cbvirctl.client import Client

STILL_PIXELS = 200
"""Longest side of a picture: about 6 kB each."""

MAX_PICTURED_GROUPS = 400
"""Groups of a kind that have pictures, so that the file stays one that a browser opens."""

CACHED_STILLS = 256

_STYLE = """
body { font: 15px/1.45 system-ui, sans-serif; margin: 2em auto; max-width: 70em; padding: 0 1em; color: #222 }
h2 { margin-top: 2em; border-bottom: 1px solid #ccc }
section.group { margin: 1em 0 1.6em }
table { border-collapse: collapse } td, th { padding: .15em .8em .15em 0; text-align: left }
td.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap }
figure { display: inline-block; margin: .4em 1.2em .2em 0 } figure img { height: 7em; margin-right: 3px }
figcaption, .note { color: #666; font-size: .9em } .path { word-break: break-all }
@media (prefers-color-scheme: dark) { body { background: #181818; color: #ddd } h2 { border-color: #444 } }
"""


def write_html(path: Path, document: dict[str, Any], client: Client) -> None:
    """Write the report; the stills are fetched from the service.  Raises OSError, ClientError."""
    with path.open("w", encoding="utf-8") as file:
        for part in _report(document, client):
            file.write(part)


def _report(document: dict[str, Any], client: Client) -> Iterator[str]:
    yield "<!DOCTYPE html>\n<html lang=en><head><meta charset=utf-8>"
    yield "<meta name=viewport content='width=device-width'><title>What videos share</title>"
    yield f"<style>{_STYLE}</style></head><body>\n<h1>What videos share</h1>\n"
    kinds = document["kinds"]
    listed = [f"<a href=#{kind}>{KIND_TITLES[kind]}</a> {kinds[kind]}" for kind in KIND_TITLES if kinds[kind]]
    yield f"<p>{counted(document['total'], 'group')}: {', '.join(listed) or 'nothing is shared'}.</p>\n"
    still = lru_cache(CACHED_STILLS)(lambda keyframe: _still(client, keyframe))
    for kind, title in KIND_TITLES.items():
        groups = [group for group in document["groups"] if group["kind"] == kind]
        if not groups:
            continue
        yield f"<h2 id={kind}>{title}</h2>\n<p class=note>{KIND_NOTES[kind]}</p>\n"
        if len(groups) > MAX_PICTURED_GROUPS:
            yield f"<p class=note>The first {MAX_PICTURED_GROUPS} have pictures.</p>\n"
        for number, group in enumerate(groups):
            yield "<section class=group>\n"
            yield _places(group)
            if number < MAX_PICTURED_GROUPS:
                for one in group["segments"]:
                    yield _figure(one, still)
            yield "</section>\n"
    yield "</body></html>\n"


def _places(group: dict[str, Any]) -> str:
    rows = "".join(
        f"<tr><td class=number>{clock(place['start_s'])}</td><td class=number>{clock(place['end_s'])}</td>"
        f"<td class=number>{clock(place['duration_s'])}</td>"
        f"<td class=path>{escape(place['path'] or place['video_id'])}</td></tr>\n"
        for place in group["places"]
    )
    head = "<tr><th>from</th><th>to</th><th>of</th><th>file</th></tr>"
    count = counted(len(group["segments"]), "segment")
    return f"<p>{span(group['shared_s'])} shared, {count}</p>\n<table>{head}\n{rows}</table>\n"


def _figure(one: dict[str, Any], still: Any) -> str:
    """Return the pictures of both sides of a segment, with their times; nothing where it has none."""
    if not one["first_keyframe_id"] or not one["second_keyframe_id"]:
        return ""
    pictures = "".join(still(one[f"{side}_keyframe_id"]) for side in ("first", "second"))
    how = [] if abs(one["speed"] - 1.0) < 0.03 else [f"speed {one['speed']:.2f}"]
    how += ["reversed"] if one["reversed"] else []
    times = (
        f"{clock(one['first_start_s'])} to {clock(one['first_end_s'])} is "
        f"{clock(one['second_start_s'])} to {clock(one['second_end_s'])}"
    )
    caption = escape(", ".join([times, *how, f"score {probability(one['score'])}"]))
    return f"<figure>{pictures}<figcaption>{caption}</figcaption></figure>\n"


def _still(client: Client, keyframe: str) -> str:
    """Return a picture as HTML; nothing where the keyframe was forgotten meanwhile."""
    try:
        data = client.get_bytes(f"/v1/keyframes/{segment(keyframe)}.jpg", side=STILL_PIXELS)
    except ClientError:
        return ""
    return f"<img alt='' src='data:image/jpeg;base64,{base64.b64encode(data).decode()}'>"
