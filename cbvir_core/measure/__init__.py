"""What a library costs on the machine it is on, and how well it answers, measured with its own videos.

No video, keyframe or file changes; queries keep descriptors and features that were missing, as they always
do.  Every measure has something fixed beside it, measured in the same run, for machines
differ and are shared: reading is compared with decoding every frame, the index with exact search.
"""

from cbvir_core.measure.queries import QueryFigures, QueryMeasure, QuestionsAsked, measure_queries
from cbvir_core.measure.reading import ReadingMeasure, measure_reading
from cbvir_core.measure.run import Measurement, MeasureOptions, MeasureProgress, measure
from cbvir_core.measure.shortlist import ShortlistMeasure, measure_shortlist

__all__ = [
    "MeasureOptions",
    "MeasureProgress",
    "Measurement",
    "QueryFigures",
    "QueryMeasure",
    "QuestionsAsked",
    "ReadingMeasure",
    "ShortlistMeasure",
    "measure",
    "measure_queries",
    "measure_reading",
    "measure_shortlist",
]
