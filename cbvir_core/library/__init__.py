"""The library as one object: add videos, search with a picture, keep what is known up to date."""

from cbvir_core.library.frame_rows import FrameDescriber
from cbvir_core.library.ingest import AddProgress
from cbvir_core.library.library import Library
from cbvir_core.library.query_picture import QueryPicture

__all__ = ["AddProgress", "FrameDescriber", "Library", "QueryPicture"]
