"""Local features as the release before kept them: 7 steps of an element, two of them in a byte."""

from __future__ import annotations

import struct
import zlib

import numpy as np

from cbvir_core.verify import LocalFeatures
from cbvir_core.verify.features import ROOT_SIFT_STEPS
from cbvir_core.verify.packing import FORMER_STEPS, PACKED_HEADER, PAIRS_LAYOUT


def packed_as_before(features: LocalFeatures) -> bytes:
    """Return the bytes that a store of that release has."""
    height, width = features.grey.shape
    header = PACKED_HEADER.pack(PAIRS_LAYOUT, features.width, features.height, len(features), height, width)
    extent = np.array([features.width, features.height])
    positions = np.rint((features.points + 0.5) / extent * 65535).astype("<u2")
    sizes = np.rint(np.log2(features.sizes) * 16).astype(np.uint8)
    angles = (np.rint(features.angles * 256 / 360).astype(int) % 256).astype(np.uint8)
    elements = np.rint(features.rows * (FORMER_STEPS / ROOT_SIFT_STEPS)).astype(np.uint8)
    blocks = [
        b"".join(part.tobytes() for part in (positions, sizes, angles)),
        _deflated(elements[:, ::2] * np.uint8(FORMER_STEPS + 1) + elements[:, 1::2]),
        _deflated(np.diff(features.grey // 2, axis=1, prepend=np.uint8(0))),
    ]
    return header + b"".join(struct.pack("<I", len(block)) + block for block in blocks)


def _deflated(values: np.ndarray) -> bytes:
    coder = zlib.compressobj(9, zlib.DEFLATED, -15)
    return coder.compress(values.tobytes()) + coder.flush()
