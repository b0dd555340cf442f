"""Nearest neighbours of filter descriptors: the `VectorIndex` seam, what implements it, and `Index`.

All of it is derived from the store.
"""

from cbvir_core.index.index import INDEX_KINDS, Index
from cbvir_core.index.neighbours import Neighbours
from cbvir_core.index.options import IndexOptions
from cbvir_core.index.vector_index import IndexStatus, VectorIndex, VectorSource

__all__ = [
    "INDEX_KINDS",
    "Index",
    "IndexOptions",
    "IndexStatus",
    "Neighbours",
    "VectorIndex",
    "VectorSource",
]
