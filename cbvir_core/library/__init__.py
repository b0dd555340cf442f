"""The library as one object: add videos, search with a picture, keep what is known up to date."""

from cbvir_core.index import IndexOptions
from cbvir_core.library.library import AddProgress, Library

__all__ = ["AddProgress", "IndexOptions", "Library"]
