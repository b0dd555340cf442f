"""From the frames of a scene to the codes that are stored of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt

from cbvir_core.types import FrameCodes, Image, SampledFrames


class FrameDescriber(Protocol):
    """What makes codes of frames.  Codes of different fingerprints are never compared."""

    @property
    def fingerprint(self) -> str:
        """The name of network and codec, in ASCII."""

    def encode(self, pictures: Sequence[Image]) -> npt.NDArray[np.uint8]:
        """Return the codes of pictures of at most 256 pixels (`FRAME_SIDE`): N x VIEWS x BYTES."""


def frame_codes_of(
    scenes: Sequence[SampledFrames | None], describer: FrameDescriber
) -> list[FrameCodes | None]:
    """Return the codes of the frames of each scene; None where a scene's frames are not known.

    All pictures are handed to the describer at once, in order.
    """
    pictures = [picture for scene in scenes if scene is not None for picture in scene.pictures]
    if not pictures:
        return [None] * len(scenes)
    codes, begun = describer.encode(pictures), 0
    made: list[FrameCodes | None] = []
    for scene in scenes:
        count = 0 if scene is None else len(scene)
        made.append(None if scene is None else FrameCodes(scene.times_s, codes[begun : begun + count]))
        begun += count
    return made
