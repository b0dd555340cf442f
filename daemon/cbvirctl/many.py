"""Asking with many pictures, one by one: a table of comma-separated values on stdout."""

from __future__ import annotations

import csv
import os
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cbvir_shared.exit_codes import ExitCode
from cbvirctl.errors import BadInput, ClientError, TimedOut, Usage
from cbvirctl.picture import answer_to
from cbvirctl.question import STDIN, QueryOptions, names_video, read_picture_file
from cbvirctl.session import expanded, note, session
from cbvirctl.shown_paths import ShowPath, shown_paths

if TYPE_CHECKING:
    from rich.progress import Progress

    from cbvirctl.client import Client

ERROR_ROW = "unreadable"
"""What a file that could not be asked with is counted as."""

ROW_COLUMNS = (
    "picture",
    "verdict",
    "rank",
    "score",
    "path",
    "time_s",
    "scene_start_s",
    "scene_end_s",
    "variant",
    "video_id",
    "keyframe_id",
    "error",
)
"""The first line of the table."""

ASKED_SUFFIXES = frozenset(
    {".avif", ".bmp", ".gif", ".heic", ".heif", ".j2k", ".jfif", ".jp2", ".jpe", ".jpeg", ".jpg"}
    | {".pgm", ".png", ".ppm", ".tif", ".tiff", ".webp"}
)
"""Files of a folder that are asked with; a file that is named itself may be called anything."""


def query_many(questions: Sequence[str], options: QueryOptions) -> ExitCode:
    """Ask with files and with the pictures of folders, write a row for each result, return the exit code.

    A picture without a likely result has one row, and so has a file that cannot be asked with: its `error`
    says why.  The exit code is 4 where there is such a file, else 0 where a picture has a match, else 1.
    """
    with session(options.socket, options.as_json) as client:
        pictures = list(pictures_of(questions))
        shown = shown_paths(client, options.relative)
        table = csv.DictWriter(sys.stdout, ROW_COLUMNS, extrasaction="ignore", lineterminator="\n")
        table.writeheader()
        found: Counter[str] = Counter()
        with _bar() as progress:
            for picture in progress.track(pictures, description="pictures"):
                rows = _rows(client, picture, options, shown)
                table.writerows({key: _written(value) for key, value in row.items()} for row in rows)
                sys.stdout.flush()  # whoever interrupts keeps what is known
                found[rows[0].get("verdict", ERROR_ROW)] += 1
    told = ", ".join(f"{count} {kind}" for kind, count in found.items())
    note(f"{len(pictures)} {'picture' if len(pictures) == 1 else 'pictures'}: {told}")
    if found[ERROR_ROW]:
        return ExitCode.BAD_INPUT
    return ExitCode.MATCH if found["match"] else ExitCode.NO_MATCH


def pictures_of(questions: Sequence[str]) -> Iterator[str]:
    """Yield files, and in the place of a folder the pictures in it and in its folders, by name.

    Hidden files and folders are left out.  Raises Usage for stdin, and for a folder without pictures.
    """
    for question in questions:
        folder = expanded(question)
        if question == STDIN:
            raise Usage("--csv asks with files; leave it out to ask with a picture from stdin.", code="usage")
        if not folder.is_dir():
            yield question
            continue
        found = sorted(_pictures_in(folder))
        if not found:
            raise Usage(f"no pictures are in {question}; name a folder of pictures, or files.", code="usage")
        yield from map(str, found)


def _pictures_in(folder: Path) -> Iterator[Path]:
    for place, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in names:
            if not name.startswith(".") and Path(name).suffix.lower() in ASKED_SUFFIXES:
                yield Path(place, name)


def _rows(client: Client, picture: str, options: QueryOptions, shown: ShowPath) -> list[dict[str, Any]]:
    """Return the rows of one picture.  Raises ClientError for what is not about this picture."""
    try:
        if names_video(picture):
            raise BadInput(f"{picture} is a video; ask with it without --csv.", code="not_a_picture")
        document = answer_to(client, picture, read_picture_file(picture), options)
    except ClientError as error:
        if not _is_about_the_picture(error):
            raise
        return [{"picture": picture, "error": str(error)}]
    named = [hit for hit in document["results"] if hit["verdict"] != "none"]
    if not named:
        return [{"picture": picture, "verdict": document["verdict"]}]
    return [{**hit, "picture": picture, "path": shown(hit["path"])} for hit in named]


def _is_about_the_picture(error: ClientError) -> bool:
    """Return whether the next picture may be answered; a region may lie outside of this one alone."""
    return isinstance(error, BadInput | TimedOut) or error.code == "bad_input"


def _written(value: object) -> object:
    """Return a value for a table in UTF-8: bytes of a name that are not UTF-8 become ``?``.

    Numbers have four digits after the point, as scores do in JSON.
    """
    if isinstance(value, float):
        return round(value, 4)
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else value


@contextmanager
def _bar() -> Iterator[Progress]:
    """Show a bar on stderr: pictures that were asked with; none where the rows are on the terminal too."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from cbvirctl.render import remarks_console

    left = TimeRemainingColumn(elapsed_when_finished=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), left)
    # Rich would send what is written to stdout meanwhile to stderr.
    with Progress(
        *columns, console=remarks_console(), redirect_stdout=False, disable=sys.stdout.isatty()
    ) as progress:
        yield progress
