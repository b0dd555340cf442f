"""Asking with a picture: in which video, and when, does it appear?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cbvirctl.errors import BadInput, ClientError
from cbvirctl.question import STDIN, QueryOptions, read_picture_file, searching
from cbvirctl.session import emit, note, reporting, segment, session

if TYPE_CHECKING:
    from rich.console import RenderableType

    from cbvirctl.answers import StillOf
    from cbvirctl.client import Client

_GIF_PICTURE = b"\x21\xf9\x04"
"""What stands before each picture of a GIF that moves: a graphic control extension."""


def query_picture(picture: str, options: QueryOptions) -> dict[str, Any]:
    """Ask with a file, or with stdin, print the answer, and return its document."""
    with reporting(options.as_json):
        data = read_picture_file(picture)
    if data[:4] == b"GIF8" and data.count(_GIF_PICTURE) > 1:
        note(f"{picture} is asked by the first of its pictures; --clip asks with all of them")
    with session(options.socket, options.as_json) as client:
        with searching(options.as_json):
            document = answer_to(client, picture, data, options)
        if options.evidence is not None and document["results"]:
            _write_evidence(client, data, options, document["results"][0])
        _show(client, document, options)
    return document


def answer_to(client: Client, picture: str, data: bytes, options: QueryOptions) -> dict[str, Any]:
    """Return the service's answer; an error about the picture names it."""
    try:
        return client.post("/v1/query", data, **options.parameters)
    except BadInput as error:  # the service got bytes and does not know the name of the file
        raise error.about("stdin" if picture == STDIN else picture) from None


def _write_evidence(client: Client, data: bytes, options: QueryOptions, best: dict[str, Any]) -> None:
    """Write the picture that shows a person why the best hit was found."""
    from cbvirctl.pictures import write_picture
    from cbvirctl.render import probability

    assert options.evidence is not None
    path = f"/v1/keyframes/{best['keyframe_id']}/evidence"
    verdict = f"{best['verdict']} {probability(best['score'])}, {best['variant']}"
    caption = [verdict, best["path"], *filter(None, [best["time_note"]])]
    wanted = {"time_s": best["time_s"], "region": options.region, "caption": caption}
    write_picture(options.evidence, client.post_for_bytes(path, data, **wanted))


def _show(client: Client, document: dict[str, Any], options: QueryOptions) -> None:
    if options.as_json:
        emit(document)
        return
    from cbvirctl import answers
    from cbvirctl.shown_paths import shown_paths

    paths = shown_paths(client, options.relative)
    if options.everywhere:
        answers.everywhere(document, paths)
    else:
        answers.answer(document, paths, _stills(client, options))


def _stills(client: Client, options: QueryOptions) -> StillOf | None:
    """Return what gives a result's still as Rich prints it; None where no stills are shown."""
    from cbvirctl.thumbnails import STILL_SIDE_PX, still_drawer

    draw = still_drawer(options.thumbnails)
    if draw is None:
        return None

    def still_of(hit: dict[str, Any]) -> RenderableType:
        path = f"/v1/keyframes/{segment(hit['keyframe_id'])}.jpg"
        try:
            return draw(client.get_bytes(path, side=STILL_SIDE_PX))
        except ClientError:  # forgotten meanwhile
            return ""

    return still_of
