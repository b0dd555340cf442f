"""Processor seconds of a program by its stages, measured while it runs in one thread."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from inspect import isgeneratorfunction
from typing import Any, NamedTuple
from unittest.mock import patch


class Stage(NamedTuple):
    """A function that belongs to a stage: the attribute `name` of `owner`, a module or class."""

    stage: str
    owner: Any
    name: str


class StageClock:
    """Processor seconds of this process by stage; what a stage calls of another one counts for that one.

    All threads of the process count, those of the networks for instance, so one stage may run at a time.
    """

    def __init__(self) -> None:
        self.cpu_s: dict[str, float] = {}
        self._open: list[str] = []
        self._since = time.process_time()

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Count what the block takes for the stage."""
        self._begin(name)
        try:
            yield
        finally:
            self._end()

    @contextmanager
    def watching(self, stages: Sequence[Stage]) -> Iterator[None]:
        """Count the functions, wherever they are called, for their stages while the block runs."""
        with ExitStack() as replaced:
            for stage, owner, name in stages:
                wrapped = self._wrapped(stage, getattr(owner, name))
                replaced.enter_context(patch.object(owner, name, wrapped))
            yield

    def _begin(self, name: str) -> None:
        self._charge()
        self._open.append(name)

    def _end(self) -> None:
        self._charge()
        self._open.pop()

    def _charge(self) -> None:
        now = time.process_time()
        if self._open:
            stage = self._open[-1]
            self.cpu_s[stage] = self.cpu_s.get(stage, 0.0) + now - self._since
        self._since = now

    def _wrapped(self, stage: str, function: Callable[..., Any]) -> Callable[..., Any]:
        if isgeneratorfunction(function):

            @functools.wraps(function)
            def generator(*args: Any, **options: Any) -> Iterator[Any]:
                items = function(*args, **options)
                while True:
                    with self.stage(stage):
                        try:
                            item = next(items)
                        except StopIteration:
                            return
                    yield item

            return generator

        @functools.wraps(function)
        def plain(*args: Any, **options: Any) -> Any:
            with self.stage(stage):
                return function(*args, **options)

        return plain
