"""Which video a text names: a path, the beginning of an id, or a name that only one video has."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, TypeVar

from cbvir_shared.path_text import as_utf8, printable
from cbvirctl.errors import Refused, Usage
from cbvirctl.session import reference

if TYPE_CHECKING:
    from cbvirctl.client import Client, Document

T = TypeVar("T")

UNKNOWN_VIDEO = "unknown_video"
"""The service's code for a text that names no video."""

VIDEOS_AT_ONCE = 1000
MAX_NAME_LENGTH = 255
"""Limits of the service's list of videos."""

MAX_NAMED_PATHS = 4
"""Paths that are named where a text fits several videos."""


def video_of(client: Client, text: str) -> Document:
    """Return the video that a path, the beginning of an id, a file's name or a part of a path names.

    Upper and lower case do not matter in names.  Raises Refused where there is none, and Usage where there
    are several.
    """
    try:
        found: list[Document] = client.get("/v1/videos", video=reference(text))["videos"]
        return found[0]
    except Refused as error:
        if error.code != UNKNOWN_VIDEO:
            raise
    text = as_utf8(text)
    for fits in (_is_name, _is_stem, _is_part):
        if named := [video for video in _with_name(client, text) if fits(video, text)]:
            return _only(named, text)
    if named := [video for video in client.get("/v1/videos")["videos"] if _is_part(video, text)]:
        return _only(named, text)
    raise _nothing(text, "a part of its path")


def by_whole_name(client: Client, text: str, call: Callable[[str], T]) -> T:
    """Call the service with what names a video, and where that is no path and no id, with its file's name.

    A part of a name is not enough: what is called may delete.  Raises Refused and Usage as `video_of` does.
    """
    try:
        return call(reference(text))
    except Refused as error:
        if error.code != UNKNOWN_VIDEO:
            raise
    text = as_utf8(text)
    named = [video for video in _with_name(client, text) if _is_name(video, text)]
    if not named:
        raise _nothing(text, "the whole name of its file")
    return call(str(_only(named, text)["paths"][0]))


def _with_name(client: Client, text: str) -> Iterator[Document]:
    """Yield the videos whose file's name has the last part of a path in it."""
    name = text.rpartition("/")[2]
    if not name or len(name) > MAX_NAME_LENGTH:
        return
    offset, total = 0, 1
    while offset < total:
        page = client.get("/v1/videos", name=name, limit=VIDEOS_AT_ONCE, offset=offset)
        yield from page["videos"]
        offset, total = offset + VIDEOS_AT_ONCE, page["total"]


def _is_name(video: Document, text: str) -> bool:
    return any(PurePath(path).name.casefold() == text.casefold() for path in video["paths"])


def _is_stem(video: Document, text: str) -> bool:
    return any(PurePath(path).stem.casefold() == text.casefold() for path in video["paths"])


def _is_part(video: Document, text: str) -> bool:
    return any(text.casefold() in path.casefold() for path in video["paths"])


def _only(videos: list[dict[str, Any]], text: str) -> Document:
    if len(videos) == 1:
        return videos[0]
    paths = [printable(video["paths"][0]) for video in videos]
    more = [f"and {len(paths) - MAX_NAMED_PATHS} more"] if len(paths) > MAX_NAMED_PATHS else []
    listed = "\n  ".join([*paths[:MAX_NAMED_PATHS], *more])
    raise Usage(
        f"{text!r} fits {len(videos)} videos; write more of the path, or an id:\n  {listed}",
        code=UNKNOWN_VIDEO,
    )


def _nothing(text: str, name: str) -> Refused:
    return Refused(
        f"no video goes by {text!r}; give its path, the beginning of its id, or {name}", code=UNKNOWN_VIDEO
    )
