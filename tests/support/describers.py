"""A describer of frames that needs no network."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from cbvir_core.types import Image


class MeanDescriber:
    """Codes of mean colours: of the whole picture and of its quarters, N x 5 x 3.

    `calls` counts the pictures of each call.
    """

    def __init__(self, fingerprint: str = "mean-1") -> None:
        self.fingerprint = fingerprint
        self.calls: list[int] = []

    def encode(self, pictures: Sequence[Image]) -> npt.NDArray[np.uint8]:
        """Return the codes of pictures."""
        self.calls.append(len(pictures))
        views = [[self._mean(part) for part in self._parts(picture)] for picture in pictures]
        return np.array(views, np.uint8)

    @staticmethod
    def _parts(picture: Image) -> list[Image]:
        middle, centre = picture.shape[0] // 2, picture.shape[1] // 2
        halves = picture[:middle], picture[middle:]
        return [picture, *(part for half in halves for part in (half[:, :centre], half[:, centre:]))]

    @staticmethod
    def _mean(part: Image) -> list[int]:
        return [round(float(value)) for value in part.reshape(-1, 3).mean(axis=0)]
