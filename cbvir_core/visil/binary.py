"""Regions as bits: the fine student of DnS (Kordopatis-Zilos et al., IJCV 2022, section 3.2).

A region is the signs of a learnt projection, packed eight to a byte.  The similarity of two regions is the
mean product of their signs, ``1 - 2 h / B`` with the Hamming distance h of B bits.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from cbvir_core.align import region_chamfer
from cbvir_core.types import Floats

PackedBits = npt.NDArray[np.uint8]
"""Bits of regions, eight to a byte, N x 9 x B/8."""

WORD_BYTES = 8
"""Bits are counted in words of so many bytes; a row of bits is a multiple of them."""

_BITS_OF = np.array([number.bit_count() for number in range(1 << 16)], np.uint8)


@dataclass(frozen=True, slots=True, eq=False)
class BinaryRegions:
    """Bits of the nine regions of N frames.

    - `bits`: N x 9 x B/8.
    - `present`: N x 9; false where all projections of a region are zero.  The sign of zero is zero, so such
      a region resembles nothing; one bit could not say that.  A single zero among others counts as -1, which
      float descriptors do not meet.
    """

    bits: PackedBits = field(repr=False)
    present: npt.NDArray[np.bool_] = field(repr=False)

    @property
    def width(self) -> int:
        """How many bits a region has."""
        return int(self.bits.shape[-1]) * 8

    @property
    def bytes_per_frame(self) -> float:
        """What is kept of a frame, with one bit a region for whether it is present."""
        return 9 * self.width / 8 + 9 / 8


def binarised(rows: Floats, projection: Floats) -> BinaryRegions:
    """Return the signs of projected regions: rows N x 9 x D, projection B x D, B a multiple of 64.

    Raise ValueError where B is no such multiple.
    """
    if len(projection) % (8 * WORD_BYTES):
        raise ValueError(f"{len(projection)} bits are no multiple of {8 * WORD_BYTES}")
    projected = rows @ projection.T
    return BinaryRegions(np.packbits(projected > 0, axis=-1), (projected != 0).any(axis=-1))


def binary_similarities(query: BinaryRegions, video: BinaryRegions) -> Floats:
    """Return the similarity of each frame of a query and each of a video, N x M, as of their sign vectors."""
    first, second = (_words(one) for one in (query, video))
    distance = np.zeros((len(first), len(second)), np.uint16)
    for word in range(first.shape[1]):
        distance += popcount(first[:, word, None] ^ second[None, :, word])
    pairs = 1.0 - distance.astype(np.float32) * (2.0 / query.width)
    pairs *= query.present.reshape(-1, 1) & video.present.reshape(1, -1)
    return region_chamfer(pairs.reshape(*query.present.shape, *video.present.shape))


def popcount(words: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint8]:
    """Return how many bits of each word are set."""
    count = getattr(np, "bitwise_count", None)  # numpy 2
    if count is not None:
        return np.asarray(count(words), np.uint8)
    return np.asarray(_BITS_OF[words[..., None].view(np.uint16)].sum(axis=-1), np.uint8)


def _words(regions: BinaryRegions) -> npt.NDArray[np.uint64]:
    """Return the bits as (9 N) x words."""
    return np.ascontiguousarray(regions.bits).view(np.uint64).reshape(regions.present.size, -1)
