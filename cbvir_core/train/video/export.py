"""The weight file of a training of video similarity."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from cbvir_core.train.checkpoint import TrainingCheckpoint
from cbvir_core.train.video.network import VideoSimilarityNetwork
from cbvir_core.train.video.recipe import video_recipe_from
from cbvir_core.train.video.regions import ClipRegions
from cbvir_core.train.video.students import STUDENT_PARTS, StudentsNetwork
from cbvir_core.visil import VISIL_ARCHITECTURE, VisilModel
from cbvir_core.visil.model import visil_tensors
from cbvir_core.weights import WeightsHeader, fingerprint, read_header, write_weights


def export_video(saved: TrainingCheckpoint, material: ClipRegions, weights: Path, path: Path) -> str:
    """Write the averaged network as float16 with the whitening, and return the file's fingerprint.

    `weights` is the filter's file that the regions were described by.  Raise DiskFull.
    """
    recipe = video_recipe_from(saved.recipe)
    network = VideoSimilarityNetwork(recipe.dims)
    network.load_state_dict(saved.averaged)
    details = {
        "blocks": list(recipe.blocks),
        "filter": fingerprint(weights),
        "recipe": saved.recipe,
        "data": saved.data,
        "steps": saved.step,
        "clips_seen": saved.seen,
        "minutes": round(saved.spent_s / 60.0, 1),
    }
    header = WeightsHeader(VISIL_ARCHITECTURE, recipe.label, read_header(weights).preprocess, details)
    context = network.context.detach().numpy()
    return write_weights(
        path, visil_tensors(material.whitening, context, network.comparator.tensors()), header
    )


def export_students(saved: TrainingCheckpoint, model: VisilModel, path: Path) -> str:
    """Write the weights of the teacher with the averaged students beside, and return the fingerprint.

    Raise DiskFull.
    """
    recipe = video_recipe_from(saved.recipe)
    network = StudentsNetwork(model.whitening.dim, recipe.students)
    network.load_state_dict(saved.averaged)
    minutes = round(saved.spent_s / 60.0, 1)
    details = {**model.header.details, "students": {"steps": saved.step, "minutes": minutes}}
    tensors = {name: value for name, value in model.tensors.items() if not name.startswith(STUDENT_PARTS)}
    whole = {name: value.astype(np.float16) for name, value in (tensors | network.tensors()).items()}
    return write_weights(path, whole, replace(model.header, details=details))
