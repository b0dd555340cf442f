"""The library as one object: add videos, search with a picture, keep what is known up to date."""

from cbvir_core.library.disk import DiskUse
from cbvir_core.library.duplicates import MIN_DUPLICATE_S, LibraryDuplicates
from cbvir_core.library.frame_rows import FrameDescriber
from cbvir_core.library.ingest import AddProgress
from cbvir_core.library.library import Library
from cbvir_core.library.pictures import PictureSource
from cbvir_core.library.query_picture import QueryPicture, QueryRules
from cbvir_core.measure import Measurement, MeasureOptions

__all__ = [
    "MIN_DUPLICATE_S",
    "AddProgress",
    "DiskUse",
    "FrameDescriber",
    "Library",
    "LibraryDuplicates",
    "MeasureOptions",
    "Measurement",
    "PictureSource",
    "QueryPicture",
    "QueryRules",
]
