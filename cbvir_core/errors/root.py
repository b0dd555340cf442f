"""The root of the tree of errors."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar, Self


class CbvirError(Exception):
    """The root.  ``str(error)`` is a sentence for a person.

    With `path`, `message` is what is said of that file, and the sentence begins with the path:
    ``NotAVideo("is empty", path=path)`` reads ``/films/a.mp4 is empty``.  Without it, `message` is the
    whole sentence.
    """

    code: ClassVar[str] = "error"
    retry: ClassVar[bool] = False

    def __init__(self, message: str = "", *, path: Path | str | None = None) -> None:
        super().__init__(message)
        self.path = path

    def __str__(self) -> str:
        said = super().__str__()
        return said if self.path is None else f"{self.path} {said}"

    @property
    def message(self) -> str:
        """The sentence."""
        return str(self)

    def about(self, name: Path | str) -> Self:
        """Return the same error about another name of the file: the one that the caller knows.

        An error that carries no path gets the name and a colon in front of its sentence.
        """
        if self.path is None:
            return type(self)(f"{name}: {self}")
        return type(self)(super().__str__(), path=name)

    def with_advice(self, advice: str) -> Self:
        """Return the same error with what to do at the end of its sentence."""
        return type(self)(f"{super().__str__()}; {advice}", path=self.path)
