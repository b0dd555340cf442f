"""The evaluation on data that the user brings: tables of the papers, and benchmarks of videos as queries.

Its command line is ``python -m cbvir_core.evaluate``.  No other package of cbvir imports this one.
"""

from cbvir_core.evaluate.fivr import FivrResult, evaluate_fivr
from cbvir_core.evaluate.fivr_files import FivrAnnotation, read_fivr
from cbvir_core.evaluate.groundtruth import GroundTruth, LandmarkQuery, read_ground_truth
from cbvir_core.evaluate.keyframes import KeyframeResult, evaluate_keyframes
from cbvir_core.evaluate.landmarks import LandmarkResult, evaluate_landmarks
from cbvir_core.evaluate.networks import EvaluatedEncoders, open_encoders
from cbvir_core.evaluate.precision import (
    RankingOutcome,
    average_precision,
    mean_average_precision,
    mean_precision_at,
)
from cbvir_core.evaluate.retrieval import RetrievalResult, evaluate_retrieval
from cbvir_core.evaluate.scored import rectangular_average_precision
from cbvir_core.evaluate.segments import PrecisionRecall, overlap_aware
from cbvir_core.evaluate.shortlist import ShortlistResult, evaluate_shortlist
from cbvir_core.evaluate.tables import AnnotatedQuery, read_queries, read_shots
from cbvir_core.evaluate.vcdb import VcdbResult, evaluate_vcdb, read_vcdb
from cbvir_core.evaluate.vcsl import VcslResult, evaluate_vcsl, read_pair_segments

__all__ = [
    "AnnotatedQuery",
    "EvaluatedEncoders",
    "FivrAnnotation",
    "FivrResult",
    "GroundTruth",
    "KeyframeResult",
    "LandmarkQuery",
    "LandmarkResult",
    "PrecisionRecall",
    "RankingOutcome",
    "RetrievalResult",
    "ShortlistResult",
    "VcdbResult",
    "VcslResult",
    "average_precision",
    "evaluate_fivr",
    "evaluate_keyframes",
    "evaluate_landmarks",
    "evaluate_retrieval",
    "evaluate_shortlist",
    "evaluate_vcdb",
    "evaluate_vcsl",
    "mean_average_precision",
    "mean_precision_at",
    "open_encoders",
    "overlap_aware",
    "read_fivr",
    "read_ground_truth",
    "read_pair_segments",
    "read_queries",
    "read_shots",
    "read_vcdb",
    "rectangular_average_precision",
]
