"""LMDB -> ANNOY: nearest neighbours of filter descriptors, derived from the store."""

from cbvir_core.index.exact import Neighbours
from cbvir_core.index.index import Index, IndexStatus
from cbvir_core.index.options import IndexOptions

__all__ = ["Index", "IndexOptions", "IndexStatus", "Neighbours"]
