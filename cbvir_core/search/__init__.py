"""Query -> Answer: variants of the picture, shortlist, refine, scenes with times and scores."""

from cbvir_core.search.options import SearchOptions
from cbvir_core.search.scores import Calibration
from cbvir_core.search.searcher import Searcher

__all__ = ["Calibration", "SearchOptions", "Searcher"]
