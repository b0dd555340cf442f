"""The JSON document of what went wrong."""

from __future__ import annotations

from pydantic import BaseModel

from cbvir_core.errors import CbvirError
from cbvir_shared.path_text import shown


class ErrorBody(BaseModel):
    """What went wrong: a stable code, a sentence, and whether the same call may succeed later."""

    code: str
    message: str
    retry: bool

    @classmethod
    def of(cls, error: CbvirError) -> ErrorBody:
        """Return the document of an error."""
        return cls(code=error.code, message=shown(str(error)), retry=error.retry)


class ErrorDocument(BaseModel):
    """The document of every answer that is not a success."""

    error: ErrorBody
