"""Clips as one vector: 2D CNN + LSTM, and proximal affinity re-ranking (Ravi and Nandakumar, 2021).

*A multimodal deep learning framework for scalable content based visual media retrieval*, arXiv:2105.08665.
Nothing here imports torch, apart from the conversion of the features' network and the 3D CNN.
"""

from cbvir_core.sequences.actions import (
    ACTION_LAYOUTS,
    ActionClip,
    ActionLayout,
    actions_of,
    is_held_out,
    read_actions,
)
from cbvir_core.sequences.affinity import (
    AffinityRanking,
    are_unit_rows,
    best_threshold,
    proximal_affinity,
)
from cbvir_core.sequences.clips import ClipFeatures, FrameFeatures, read_clip_features
from cbvir_core.sequences.lstm import LongShortTermMemory
from cbvir_core.sequences.model import (
    LSTM_UNITS,
    SEQUENCE_ARCHITECTURE,
    SequenceModel,
    sequence_tensors,
)
from cbvir_core.sequences.sampling import CHUNK_S, CLIP_STEPS, chunk_spans, step_positions

__all__ = [
    "ACTION_LAYOUTS",
    "CHUNK_S",
    "CLIP_STEPS",
    "LSTM_UNITS",
    "SEQUENCE_ARCHITECTURE",
    "ActionClip",
    "ActionLayout",
    "AffinityRanking",
    "ClipFeatures",
    "FrameFeatures",
    "LongShortTermMemory",
    "SequenceModel",
    "actions_of",
    "are_unit_rows",
    "best_threshold",
    "chunk_spans",
    "is_held_out",
    "proximal_affinity",
    "read_actions",
    "read_clip_features",
    "sequence_tensors",
    "step_positions",
]
