"""Rows about files: in columns where the terminal is wide enough, else each under its whole path."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from rich.console import Console
from rich.text import Text

from cbvirctl.render import console, plain

_GAP = "  "
"""Between two columns, and before what stands under a path."""


@dataclass(frozen=True)
class ListedRow:
    """What is known of a file: its cells, its paths, and sentences about it."""

    cells: Sequence[str | Text]
    paths: Sequence[str] = ()
    remarks: Sequence[str] = ()


def show_listing(
    columns: Sequence[str],
    rows: Sequence[ListedRow],
    *,
    numbers: Sequence[str] = (),
    path_column: str = "file",
) -> None:
    """Print rows under the names of their columns; those in `numbers` are aligned to the right.

    No path is ever broken into pieces: one that is longer than a line is wrapped by the terminal, and so it
    can be copied.
    """
    header = [Text(name, style="bold") for name in columns]
    cells = [header, *([_text(cell) for cell in row.cells] for row in rows)]
    lines = _aligned(cells, [name in numbers for name in columns])
    out = console()
    indent = lines[0].cell_len + len(_GAP)
    beside = [plain(path) for row in rows for path in row.paths]
    beside += [Text(_GAP + remark) for row in rows for remark in row.remarks]
    if all(indent + line.cell_len <= out.width for line in beside):
        _print_beside(out, lines, rows, path_column)
    else:
        _print_under(out, lines, rows)


def _text(cell: str | Text) -> Text:
    return cell.copy() if isinstance(cell, Text) else Text(cell)


def _aligned(cells: list[list[Text]], right: list[bool]) -> list[Text]:
    """Return one text a row; the columns begin at the same place in each."""
    widths = [max(cell.cell_len for cell in column) for column in zip(*cells, strict=True)]
    for row in cells:
        for cell, width, to_the_right in zip(row, widths, right, strict=True):
            cell.align("right" if to_the_right else "left", width)
    return [Text(_GAP).join(row) for row in cells]


def _without_end(line: Text) -> Text:
    line.rstrip()
    return line


def _print_beside(out: Console, lines: list[Text], rows: Sequence[ListedRow], path_column: str) -> None:
    indent = " " * lines[0].cell_len
    heading = path_column if any(row.paths for row in rows) else ""
    out.print(_without_end(Text.assemble(lines[0], _GAP, (heading, "bold"))))
    for line, row in zip(lines[1:], rows, strict=True):
        texts = [plain(path) for path in row.paths]
        texts += [Text(_GAP + remark, style="dim") for remark in row.remarks]
        for number, text in enumerate(texts or [Text()]):
            out.print(_without_end(Text.assemble(indent if number else line, _GAP, text)))


def _print_under(out: Console, lines: list[Text], rows: Sequence[ListedRow]) -> None:
    """Print the path once for all rows in sequence that are about it."""
    out.print(_without_end(Text.assemble(_GAP, lines[0])))
    for paths, group in groupby(zip(lines[1:], rows, strict=True), lambda pair: tuple(pair[1].paths)):
        for path in paths:
            out.print(plain(path, style="bold"))
        for line, row in group:
            if line.plain.strip():
                out.print(_without_end(Text.assemble(_GAP, line)))
            for remark in row.remarks:
                for part in Text(remark, style="dim").wrap(out, out.width - len(_GAP)):
                    out.print(_without_end(Text.assemble(_GAP, part)))
