"""MoReSo's own evaluation: Tables II, III and IV, on data that the user brings.

`python -m cbvir_core.evaluate` is its command line.  Nothing else imports this room.
"""

from cbvir_core.evaluate.groundtruth import GroundTruth, Question, read_ground_truth
from cbvir_core.evaluate.keyframes import KeyframeResult, evaluate_keyframes
from cbvir_core.evaluate.landmarks import LandmarkResult, evaluate_landmarks
from cbvir_core.evaluate.networks import Encoders, open_encoders
from cbvir_core.evaluate.precision import (
    Outcome,
    average_precision,
    mean_average_precision,
    mean_precision_at,
)
from cbvir_core.evaluate.retrieval import RetrievalResult, evaluate_retrieval
from cbvir_core.evaluate.shortlist import ShortlistResult, evaluate_shortlist
from cbvir_core.evaluate.tables import Query, read_queries, read_shots

__all__ = [
    "Encoders",
    "GroundTruth",
    "KeyframeResult",
    "LandmarkResult",
    "Outcome",
    "Query",
    "Question",
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
