"""What videos share as a table of comma-separated values: one line for each shared segment."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

COLUMNS = (
    "group",
    "kind",
    "first_path",
    "first_start_s",
    "first_end_s",
    "second_path",
    "second_start_s",
    "second_end_s",
    "speed",
    "reversed",
    "similarity",
    "score",
    "first_video_id",
    "second_video_id",
)
"""The first line of the file."""


def write_csv(path: Path, document: dict[str, Any]) -> None:
    """Write a line for each shared segment; lines of one group have one number.  Raises OSError."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for number, group in enumerate(document["groups"], start=1):
            paths = {place["video_id"]: place["path"] for place in group["places"]}
            for one in group["segments"]:
                values = one | {
                    "group": number,
                    "kind": group["kind"],
                    "first_path": paths.get(one["first_video_id"], ""),
                    "second_path": paths.get(one["second_video_id"], ""),
                }
                writer.writerow([values[column] for column in COLUMNS])
