"""Nearest neighbours of filter descriptors: the `VectorIndex` seam, what implements it, and `Index`.

All of it is derived from the store.
"""

from cbvir_core.index.check import index_faults
from cbvir_core.index.frame_codec import FrameCodec, shipped_codec
from cbvir_core.index.frame_index import FrameIndex
from cbvir_core.index.frame_lists import FrameNeighbours
from cbvir_core.index.index import INDEX_KINDS, Index
from cbvir_core.index.neighbours import Neighbours
from cbvir_core.index.options import IndexOptions
from cbvir_core.index.vector_index import IndexStatus, VectorIndex, VectorSource

__all__ = [
    "INDEX_KINDS",
    "FrameCodec",
    "FrameIndex",
    "FrameNeighbours",
    "Index",
    "IndexOptions",
    "IndexStatus",
    "Neighbours",
    "VectorIndex",
    "VectorSource",
    "index_faults",
    "shipped_codec",
]
