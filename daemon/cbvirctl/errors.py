"""What can go wrong on the client's side, and the exit code that says so.

::

    ClientError
    ├── Usage           2    the command line cannot be right
    ├── Unreachable     3    nobody answers on the socket
    ├── BadInput        4    the input is no readable picture or video
    ├── Refused         5    the service refused or failed
    └── TimedOut        6    it took longer than allowed
"""

from __future__ import annotations

from typing import ClassVar, Self

MATCH = 0
NO_MATCH = 1


class ClientError(Exception):
    """A sentence for a person, an exit code, and the service's error code."""

    exit_code: ClassVar[int] = 5

    def __init__(self, message: str, *, code: str = "error", retry: bool = False) -> None:
        super().__init__(message)
        self.code = code
        self.retry = retry

    def about(self, what: str) -> Self:
        """The same error with what it is about in front of the sentence."""
        return type(self)(f"{what}: {self}", code=self.code, retry=self.retry)


class Usage(ClientError):
    """The command line cannot be right."""

    exit_code = 2


class Unreachable(ClientError):
    """Nobody answers on the socket."""

    exit_code = 3


class BadInput(ClientError):
    """The input is no readable picture or video."""

    exit_code = 4


class Refused(ClientError):
    """The service refused or failed."""

    exit_code = 5


class TimedOut(ClientError):
    """It took longer than allowed."""

    exit_code = 6


_INPUT_CODES = {"not_a_picture", "not_a_video", "damaged_video", "too_large"}
_USAGE_CODES = {"usage", "bad_request", "bad_input"}


def from_service(document: object, status: int) -> ClientError:
    """The error that the service's own error document stands for."""
    error = document.get("error") if isinstance(document, dict) else None
    if not isinstance(error, dict):
        return Refused(f"the service answered with HTTP status {status} and no explanation")
    code = str(error.get("code", "error"))
    kind = BadInput if code in _INPUT_CODES else Usage if code in _USAGE_CODES else Refused
    return kind(str(error.get("message", code)), code=code, retry=bool(error.get("retry")))
