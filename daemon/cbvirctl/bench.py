"""``cbvirctl bench``: what cbvir costs on this machine, measured with this library."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cbvirctl.errors import Usage
from cbvirctl.options import JsonOption, SocketOption
from cbvirctl.progress import progress_bar
from cbvirctl.session import emit, note, reporting, session
from cbvirctl.tasks import finished_task

if TYPE_CHECKING:
    from cbvirctl.listing import ListedRow

NO_FILE_READ = "no file of the library is there to be read"
NO_SCENE_ASKED = "the library has no scene to ask about"
TOO_FEW_KEYFRAMES = "the library has too few keyframes for a look-up to be measured: it wants more than 100"

STAGE_NAMES = {
    "decode": "decoding every frame, to compare with",
    "borders": "finding borders, once a file",
    "extract": "keyframes, decoding included",
    "filter": "descriptors of keyframes",
    "frames": "codes of frames",
    "solar": "SOLAR descriptors, later",
    "features": "local features, later",
}


def bench(
    questions: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="Number of pictures to ask with.")
    ] = None,
    film_s: Annotated[
        float | None, typer.Option("--film", metavar="SECONDS", help="Seconds of film to read.")
    ] = None,
    seed: Annotated[
        int | None, typer.Option(metavar="N", min=0, help="Another seed takes other videos and frames.")
    ] = None,
    as_json: JsonOption = False,
    socket: SocketOption = None,
) -> None:
    """Measure this machine with this library.

    Reads the beginning of a few videos, asks with frames of the library and looks up neighbours in its index.
    The library stays as it is, and queries go on.  Beside each figure stands another one of the same run, for
    machines differ: reading is compared with decoding every frame, the index with exact search.
    """
    with reporting(as_json):
        if film_s is not None and not film_s > 0:
            raise Usage(f"--film wants more than 0 seconds, not {film_s:g}.", code="bad_request")
    with session(socket, as_json) as client, progress_bar("steps") as show:
        document = finished_task(client, "/v1/bench", show, questions=questions, film_s=film_s, seed=seed)
    if as_json:
        emit(document)
        return
    hours, keyframes = document["film_hours"], document["keyframes"]
    typer.echo(f"{hours:,.1f} hours of film, {keyframes:,} keyframes")
    _show("reading, one thread", ("seconds an hour",), _reading(document["reading"]), NO_FILE_READ)
    _show("a query", ("ms",), _queries(document["queries"]), NO_SCENE_ASKED)
    _show("a look-up of 100 neighbours", ("ms",), _shortlist(document["shortlist"]), TOO_FEW_KEYFRAMES)
    _show("on the disk", ("MB an hour",), document["mb_per_hour"].items(), NO_FILE_READ)


def _reading(found: dict[str, Any] | None) -> Iterator[tuple[str, str | float]]:
    """Yield the rows about taking videos in."""
    if found is None:
        return
    for stage, spent in found["stages_s_per_hour"].items():
        yield STAGE_NAMES.get(stage, stage), spent
    yield "all that is done, against decoding every frame", f"{found['against_decoding']:.2f} times"
    yield "against the length of the films", f"{found['times_real_time']:.0f} times as fast"


def _queries(found: dict[str, Any] | None) -> Iterator[tuple[str, str | float]]:
    """Yield the rows about queries."""
    if found is None:
        return
    yield f"half of {found['asked']} queries within", found["p50_ms"]
    yield "19 of 20 within", found["p95_ms"]
    yield "half of those by descriptors alone within", found["descriptors_p50_ms"]
    yield "19 of 20 of these within", found["descriptors_p95_ms"]
    for stage, spent in found["stages_ms"].items():
        yield f"mean of stage {stage}", spent
    yield "the right scene first", f"{100 * found['right']:.0f} %"
    yield "that and called a match", f"{100 * found['matches']:.0f} %"
    yield "a match though the video is left out", f"{100 * found['false_matches']:.0f} %"


def _shortlist(found: dict[str, Any] | None) -> Iterator[tuple[str, str | float]]:
    """Yield the rows about the index."""
    if found is None:
        return
    yield "half within", found["p50_ms"]
    yield "19 of 20 within", found["p95_ms"]
    yield "exact search, in memory", found["exact_ms"]
    yield "of the 100 nearest are found", f"{100 * found['recall']:.1f} %"


def _show(title: str, unit: tuple[str], rows: Any, otherwise: str) -> None:
    """Print a table of figures, or why there is none."""
    from cbvirctl.listing import ListedRow, show_listing

    listed: list[ListedRow] = [
        ListedRow((name, figure if isinstance(figure, str) else f"{figure:,.1f}")) for name, figure in rows
    ]
    typer.echo()
    if listed:
        show_listing((title, *unit), listed, numbers=unit)
    else:
        note(f"{title}: {otherwise}")
