"""Tables in the layout of the paper, for a terminal and as JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from cbvir_core.errors import InputError

Notify = Callable[[str], None]
"""Take a line about the progress."""


def silent(_: str) -> None:
    """Ignore the line."""


@dataclass(frozen=True, slots=True)
class TableColumn:
    """A column: its heading as in the paper, its field, the decimals, and a factor for the value."""

    heading: str
    field: str
    digits: int = 0
    times: float = 1.0

    def cell(self, row: object) -> str:
        """Return the field of a row as text; a dash where it is None."""
        value: Any = getattr(row, self.field)
        if value is None:
            return "-"
        return value if isinstance(value, str) else f"{value * self.times:.{self.digits}f}"


@dataclass(frozen=True, slots=True)
class EvaluationReport:
    """One table of the paper, or of a benchmark.

    `table` is its number, in Roman numerals, or the name of the benchmark.  `rows` are the results
    themselves.  `reading` explains figures that the paper does not define; `conditions` lists the data, the
    weights and the machine of the measurement.
    """

    table: str
    title: str
    columns: tuple[TableColumn, ...]
    rows: Sequence[Any]
    reading: tuple[str, ...] = ()
    conditions: tuple[str, ...] = ()

    def show(self, console: Console) -> None:
        """Print the table, and `reading` and `conditions` below it."""
        name = f"Table {self.table}" if set(self.table) <= set("IVX") else self.table
        table = Table(title=f"{name}: {self.title}", title_justify="left")
        for column in self.columns:
            named = any(isinstance(getattr(row, column.field), str) for row in self.rows)
            table.add_column(column.heading, justify="left" if named else "right", no_wrap=named)
        for row in self.rows:
            table.add_row(*(column.cell(row) for column in self.columns))
        console.print(table)
        for line in (*self.reading, *self.conditions):
            console.print(f"- {line}", markup=False, highlight=False, soft_wrap=True)

    def document(self) -> dict[str, object]:
        """Return what ``--json`` writes: every field of every row, unrounded; mAP and the like in [0, 1]."""
        return {
            "table": self.table,
            "title": self.title,
            "rows": [asdict(row) for row in self.rows],
            "reading": list(self.reading),
            "conditions": list(self.conditions),
        }

    def write(self, path: Path) -> None:
        """Write the document as JSON.  Raise InputError where the file cannot be written."""
        try:
            path.write_text(json.dumps(self.document(), indent=2, allow_nan=False) + "\n", encoding="utf-8")
        except OSError as error:
            raise InputError(f"{path} cannot be written: {error.strerror}") from error
