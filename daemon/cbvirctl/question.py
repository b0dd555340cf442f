"""What a query asks with, and how its answer is wanted."""

from __future__ import annotations

import re
import shlex
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cbvir_shared.exit_codes import ExitCode
from cbvirctl.errors import BadInput, Usage
from cbvirctl.session import expanded, reference

STDIN = "-"
"""Names the picture that comes in on stdin."""

_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)


@dataclass(frozen=True)
class QueryOptions:
    """The options of ``query`` that do not say with what it asks."""

    top: int | None
    everywhere: bool
    region: str | None
    within: Sequence[str]
    evidence: Path | None
    open_player: bool
    relative: bool
    thumbnails: bool | None
    as_json: bool
    socket: Path | None

    @property
    def places(self) -> list[str] | None:
        """The folders and videos to search, as the service knows them; None for the whole library."""
        return [reference(text) for text in self.within] or None

    @property
    def parameters(self) -> dict[str, Any]:
        """The parameters of a request with a picture."""
        return {
            "top": self.top,
            "region": self.region,
            "in": self.places,
            "all": self.everywhere or None,
        }

    def check(self) -> None:
        """Refuse what the service would refuse, before anything is sent.  Raises Usage."""
        if self.everywhere and self.top is not None:
            raise Usage("--all names every scene, and --top some; leave out one of them.", code="bad_request")
        numbers = [] if self.region is None else self.region.split(",")
        if self.region is not None and (
            len(numbers) != 4 or not all(number.strip().isdecimal() for number in numbers)
        ):
            wanted = "four whole numbers X,Y,W,H in pixels"
            raise Usage(f"--region wants {wanted}, not {self.region!r}.", code="usage")
        if self.evidence is not None:
            from cbvirctl.pictures import check_suffix

            check_suffix(self.evidence)


def refuse_addresses(questions: Sequence[str]) -> None:
    """Refuse what is no file but the address of one.  Raises BadInput."""
    for question in questions:
        if _ADDRESS.match(question) and not Path(question).exists():
            raise BadInput(
                f"{question} is an address, and cbvirctl fetches nothing. "
                f"Save the picture first, or pipe it: curl -sL {shlex.quote(question)} | cbvirctl query -",
                code="file_unreadable",
            )


def read_picture_file(question: str) -> bytes:
    """Return the bytes of a file, or of stdin.  Raises BadInput."""
    if question == STDIN:
        return sys.stdin.buffer.read()
    path = expanded(question)
    try:
        return path.read_bytes()
    except OSError as error:
        raise unreadable(path, error) from None


def names_video(question: str) -> bool:
    """Return whether a file is a video, by its first bytes.  Raises BadInput."""
    from cbvirctl.video_files import HEAD_BYTES, is_video

    path = expanded(question)
    try:
        with path.open("rb") as file:
            return is_video(file.read(HEAD_BYTES))
    except OSError as error:
        raise unreadable(path, error) from None


def unreadable(path: Path, error: OSError) -> BadInput:
    """Return the error of a file that cannot be read."""
    return BadInput(f"cannot read {path}: {error.strerror}.", code="file_unreadable")


def exit_code_of(document: dict[str, Any]) -> ExitCode:
    """Return the exit code of an answer."""
    return ExitCode.MATCH if document["verdict"] == "match" else ExitCode.NO_MATCH


@contextmanager
def searching(as_json: bool) -> Iterator[None]:
    """Show on stderr that the service is at work, where that is a terminal."""
    if as_json or not sys.stderr.isatty():
        yield
        return
    from cbvirctl.render import remarks_console

    with remarks_console().status("searching …"):
        yield
