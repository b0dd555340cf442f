"""The base of all readers of frames: iterators that close their file at the end of a ``with``."""

from __future__ import annotations

from collections.abc import Generator
from types import TracebackType
from typing import Self

from cbvir_core.decode.decoder import Decoder
from cbvir_core.types import Frame


class FrameStream:
    """An iterator over what `_all` yields; a context manager.  One decoder at a time is open."""

    _decoder: Decoder | None

    def __init__(self) -> None:
        self._frames = self._all()

    @property
    def damaged(self) -> int:
        """How many packets and frames so far were broken and left out."""
        return self._decoder.damaged if self._decoder else 0

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Frame:
        return next(self._frames)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file and end the iteration."""
        self._frames.close()
        if self._decoder:
            self._decoder.close()

    def _all(self) -> Generator[Frame, None, None]:
        raise NotImplementedError
