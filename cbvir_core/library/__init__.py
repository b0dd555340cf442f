"""The library as one object: add videos, ask with a picture."""

from cbvir_core.index import IndexOptions
from cbvir_core.library.library import Library, Progress

__all__ = ["IndexOptions", "Library", "Progress"]
