"""Export of a run as the weight file of a `SequenceModel`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cbvir_core.sequences import SEQUENCE_ARCHITECTURE, sequence_tensors
from cbvir_core.sequences.feature_encoder import FeatureEncoder
from cbvir_core.train.checkpoint import TrainingCheckpoint
from cbvir_core.train.sequence.material import SequenceMaterial
from cbvir_core.train.sequence.network import exported_lstm
from cbvir_core.train.sequence.recipe import sequence_recipe_from
from cbvir_core.weights import WeightsHeader, write_weights


def export_sequence(
    saved: TrainingCheckpoint,
    material: SequenceMaterial,
    encoder: FeatureEncoder,
    path: Path,
    accuracy: float | None,
) -> str:
    """Write the averaged weights and return their fingerprint.  Raise DiskFull."""
    recipe = sequence_recipe_from(saved.recipe)
    details: dict[str, Any] = {
        "filter": encoder.fingerprint,
        "steps": recipe.steps,
        "actions": list(material.actions),
        "held_out_one_in": recipe.held_out_one_in if material.actions else 0,
        "layout": material.layout,
        "recipe": saved.recipe,
        "data": material.data,
        "training_steps": saved.step,
        "minutes": round(saved.spent_s / 60.0, 1),
    }
    if accuracy is not None:
        details["accuracy_of_kept_clips"] = accuracy
    tensors = sequence_tensors(material.mean.numpy(), material.std.numpy(), exported_lstm(saved.averaged))
    header = WeightsHeader(SEQUENCE_ARCHITECTURE, recipe.label, encoder.preprocess, details)
    return write_weights(path, tensors, header)
