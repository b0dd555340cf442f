"""The JSON document of work that takes minutes."""

from __future__ import annotations

from typing import Generic, Self, TypeVar

from pydantic import BaseModel

from cbvird.http.error_documents import ErrorBody
from cbvird.runtime.tasks import TaskState

Result = TypeVar("Result", bound=BaseModel)


class TaskDocument(BaseModel, Generic[Result]):
    """How work stands that takes minutes: the one that runs, or the last one.

    `number` counts such work since the start of the service.  `result` is null until it is done.
    """

    number: int
    running: bool
    done: int
    total: int
    error: ErrorBody | None
    result: Result | None

    @classmethod
    def of(cls, state: TaskState[Result]) -> Self:
        """Return the document of a state."""
        failed = state.error
        return cls(
            number=state.number,
            running=state.running,
            done=state.done,
            total=state.total,
            error=None if failed is None else ErrorBody.of(failed),
            result=state.outcome,
        )
