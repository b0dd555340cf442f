"""LMDB -> ANNOY: nearest neighbours of filter descriptors, derived from the store."""

from cbvir_core.index.exact import Neighbours
from cbvir_core.index.index import Index
from cbvir_core.index.options import IndexOptions
from cbvir_core.index.view import IndexStatus

__all__ = ["Index", "IndexOptions", "IndexStatus", "Neighbours"]
