"""The evaluation of the MoReSo paper: Tables II, III and IV, on data that the user brings.

Its command line is ``python -m cbvir_core.evaluate``.  No other package of cbvir imports this one.
"""

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
from cbvir_core.evaluate.shortlist import ShortlistResult, evaluate_shortlist
from cbvir_core.evaluate.tables import AnnotatedQuery, read_queries, read_shots

__all__ = [
    "AnnotatedQuery",
    "EvaluatedEncoders",
    "GroundTruth",
    "KeyframeResult",
    "LandmarkQuery",
    "LandmarkResult",
    "RankingOutcome",
    "RetrievalResult",
    "ShortlistResult",
    "average_precision",
    "evaluate_keyframes",
    "evaluate_landmarks",
    "evaluate_retrieval",
    "evaluate_shortlist",
    "mean_average_precision",
    "mean_precision_at",
    "open_encoders",
    "read_ground_truth",
    "read_queries",
    "read_shots",
]
