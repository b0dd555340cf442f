"""Results as comma-separated values and as JSON."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import asdict

from cbvird.export.results import ExportedResult

RESULT_COLUMNS = ("path", "start_s", "end_s", "time_s", "label", "video_id")
"""The first line of a table."""

FORMULA_BEGINNINGS = ("=", "+", "-", "@", "\t", "\r")
"""Texts that begin like this are run as formulas by spreadsheets; an apostrophe in front keeps them texts."""


def as_csv(results: Sequence[ExportedResult]) -> bytes:
    """Return a line for each result, in UTF-8, after one with the names of the columns."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(RESULT_COLUMNS)
    for result in results:
        values = asdict(result)
        writer.writerow([_cell(values[column]) for column in RESULT_COLUMNS])
    return text.getvalue().encode("utf-8", "replace")


def as_json(results: Sequence[ExportedResult]) -> bytes:
    """Return ``{"results": [...]}``."""
    document = {"results": [asdict(result) for result in results]}
    return json.dumps(document, indent=2, ensure_ascii=False).encode("utf-8", "replace")


def _cell(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA_BEGINNINGS) else value
