"""From the frames of a scene to the codes that are stored of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt

from cbvir_core.embed import RuntimeOptions, ViewEncoder
from cbvir_core.index import FrameCodec, FrameIndex, shipped_codec
from cbvir_core.store import Store
from cbvir_core.types import FrameCodes, Image, SampledFrames
from cbvir_core.weights import find_profile


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


class CodedViews:
    """The describer that comes with cbvir: views by the built-in filter, coded by the shipped codec.

    It does not depend on the profile, so frame rows stay where other weights are chosen.
    """

    def __init__(self, runtime: RuntimeOptions) -> None:
        self.encoder = ViewEncoder(find_profile("builtin", None).filter, runtime)
        self.codec: FrameCodec = shipped_codec()
        self.fingerprint = f"{self.encoder.fingerprint}-{self.codec.fingerprint}"

    def encode(self, pictures: Sequence[Image]) -> npt.NDArray[np.uint8]:
        """Return the codes of pictures: N x VIEWS x BYTES."""
        return self.codec.encode(self.encoder.encode(pictures))

    def open_index(self, folder: Path, store: Store, *, trust_files: bool = True) -> FrameIndex:
        """Return the index of the codes in a store, whose files are in `folder`.  Raises StoreError."""
        return FrameIndex.open(folder, store, self.fingerprint, self.codec, trust_files=trust_files)
