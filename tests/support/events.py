"""Server-sent events of a service, read as a browser reads them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx


@dataclass(frozen=True)
class Told:
    """One event: its kind, its id, and the document in its data."""

    kind: str
    id: str
    data: dict[str, Any]


def told_by(response: httpx.Response) -> Iterator[Told]:
    """The events of a stream, without comments."""
    fields: dict[str, str] = {}
    for line in response.iter_lines():
        if line:
            name, _, value = line.partition(": ")
            fields[name] = value
        elif "data" in fields:
            yield Told(fields.get("event", "message"), fields.get("id", ""), json.loads(fields["data"]))
            fields = {}
        else:
            fields = {}
