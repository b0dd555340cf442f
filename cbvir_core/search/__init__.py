"""A query from picture to answer: prepare, find, verify, localise, judge, answer."""

from cbvir_core.search.answer import FRAME_NOTE, KEYFRAME_NOTE
from cbvir_core.search.answered_frame import clock, draw_answered_frame
from cbvir_core.search.confidence import ConfidenceModel, MatchEvidence, fit_weights, shipped_model
from cbvir_core.search.findings import Candidate
from cbvir_core.search.frame_agreement import FrameAgreement, frame_agreement
from cbvir_core.search.frames import FrameFinder
from cbvir_core.search.options import LIKELY_PROBABILITY, MATCH_PROBABILITY, SearchOptions
from cbvir_core.search.query import DescribedPicture
from cbvir_core.search.refine import make_refine_descriptors
from cbvir_core.search.scores import FILTER_SCALE, REFINE_SCALE, ScoreScale
from cbvir_core.search.searcher import Searcher
from cbvir_core.search.shortlist import SHORTLIST_SHARE, shortlist_length
from cbvir_core.search.stages import STAGES, QueryStage, StageListener
from cbvir_core.search.verify import make_local_features
from cbvir_core.search.video_paths import existing_path

__all__ = [
    "FILTER_SCALE",
    "FRAME_NOTE",
    "KEYFRAME_NOTE",
    "LIKELY_PROBABILITY",
    "MATCH_PROBABILITY",
    "REFINE_SCALE",
    "SHORTLIST_SHARE",
    "STAGES",
    "Candidate",
    "ConfidenceModel",
    "DescribedPicture",
    "FrameAgreement",
    "FrameFinder",
    "MatchEvidence",
    "QueryStage",
    "ScoreScale",
    "SearchOptions",
    "Searcher",
    "StageListener",
    "clock",
    "draw_answered_frame",
    "existing_path",
    "fit_weights",
    "frame_agreement",
    "make_local_features",
    "make_refine_descriptors",
    "shipped_model",
    "shortlist_length",
]
