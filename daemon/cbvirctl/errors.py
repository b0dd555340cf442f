"""The errors of the client, and their exit codes.

::

    ClientError
    ├── Usage           2    the command line cannot be right
    ├── Unreachable     3    no service answers on the socket
    ├── BadInput        4    the input is no readable picture or video
    ├── Refused         5    the service refused or failed
    └── TimedOut        6    it took longer than allowed
"""

from __future__ import annotations

from typing import ClassVar, Self

from cbvir_shared.exit_codes import ExitCode


class ClientError(Exception):
    """The root: a sentence for a person, an exit code, and the error code of the service."""

    exit_code: ClassVar[ExitCode] = ExitCode.FAILED

    def __init__(self, message: str, *, code: str = "error", retry: bool = False) -> None:
        super().__init__(message)
        self.code = code
        self.retry = retry

    def about(self, what: str) -> Self:
        """Return the same error with what it is about in front of the sentence."""
        return type(self)(f"{what}: {self}", code=self.code, retry=self.retry)


class Usage(ClientError):
    """The command line cannot be right."""

    exit_code = ExitCode.USAGE


class Unreachable(ClientError):
    """No service answers on the socket."""

    exit_code = ExitCode.UNREACHABLE


class BadInput(ClientError):
    """The input is no readable picture or video."""

    exit_code = ExitCode.BAD_INPUT


class Refused(ClientError):
    """The service refused or failed."""

    exit_code = ExitCode.FAILED


class TimedOut(ClientError):
    """It took longer than allowed."""

    exit_code = ExitCode.TIMED_OUT


BAD_INPUT_CODES = frozenset({"not_a_picture", "not_a_video", "damaged_video", "too_large"})
"""Codes of `cbvir_core.errors` for input that is at fault; a test holds that each is one."""

BAD_REQUEST_CODES = frozenset({"bad_request", "bad_input", "usage"})
"""Codes for a request that cannot be right: those of `cbvir_core.errors`, and the client's own ``usage``."""


def from_service(document: object, status: int) -> ClientError:
    """Return the error that an error document of the service stands for."""
    error = document.get("error") if isinstance(document, dict) else None
    if not isinstance(error, dict):
        return Refused(f"the service answered with HTTP status {status} and no explanation")
    code = str(error.get("code", "error"))
    kind = BadInput if code in BAD_INPUT_CODES else Usage if code in BAD_REQUEST_CODES else Refused
    return kind(str(error.get("message", code)), code=code, retry=bool(error.get("retry")))
