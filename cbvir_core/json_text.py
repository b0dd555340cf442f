"""Reading of JSON that others may have written."""

from __future__ import annotations

import json
from typing import Any


def parse_json(text: str | bytes) -> Any:
    """Return what a JSON text holds.  Raises ValueError for anything else.

    `json.loads` lets RecursionError out for brackets that are nested by the thousand.
    """
    try:
        return json.loads(text)
    except RecursionError as error:
        raise ValueError("is nested too deeply") from error
