"""What 2D CNN + LSTM learns from: the features of clips, with their sources or their labels."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import safetensors
import safetensors.torch
from torch import Tensor

from cbvir_core.decode import read_frames
from cbvir_core.errors import ConfigError, DecodeError, InputError, NotAVideo
from cbvir_core.files import no_room, replacing
from cbvir_core.sequences import ActionClip, ActionLayout, actions_of, is_held_out, step_positions
from cbvir_core.sequences.feature_encoder import FeatureEncoder
from cbvir_core.train.pictures import read_pictures
from cbvir_core.train.report import TrainingReport
from cbvir_core.train.sequence.features import cropped_features, moments, perturbed_features, side_of
from cbvir_core.train.sequence.recipe import SequenceRecipe
from cbvir_core.train.video.clips import TrainingClip, as_pixels, read_clips, squashed
from cbvir_core.train.video.recipe import VideoRecipe
from cbvir_core.train.video.slides import slide_clips

FEATURES_FILE = "features.safetensors"
"""File in the folder of a run that keeps the features, so that a resumed run does not make them anew."""

CLIPS_TOLD = 50
"""Of so many clips without labels one is told of, for their number is not known beforehand."""

LABELLED_SAMPLES_PER_S = 10.0
"""Rate at which frames of labelled clips are read, before some of them are chosen."""


@dataclass(frozen=True, eq=False)
class LearntClip:
    """Descriptions of one clip, V x T x D float16; its `source`; its class, -1 without labels."""

    features: Tensor
    source: str
    action: int = -1


@dataclass(frozen=True, eq=False)
class SequenceMaterial:
    """Clips to learn from, and labelled ones that are kept back; mean and deviation of the features.

    `actions` are the names of the classes, () without labels; `layout` is that of their data set.  `data`
    describes all of it in the weight file.
    """

    learnt: Sequence[LearntClip]
    kept: Sequence[LearntClip]
    actions: tuple[str, ...]
    mean: Tensor
    std: Tensor
    data: dict[str, Any]
    layout: str = ""


def unlabelled_material(
    folders: Sequence[Path],
    pictures: Sequence[Path],
    encoder: FeatureEncoder,
    recipe: SequenceRecipe,
    run: Path,
    report: TrainingReport,
) -> SequenceMaterial:
    """Describe stretches of videos that are not held out for benchmarks, and slides of photographs.

    Raise NotAVideo where there are fewer than two clips.
    """
    side = side_of(encoder)
    choices = replace(
        VideoRecipe(),
        clip_frames=recipe.stretch_frames,
        clips_per_video=recipe.stretches_per_video,
        window=min(32, recipe.stretch_frames),
        seed=recipe.seed,
    )

    def clips() -> Iterator[TrainingClip]:
        yield from read_clips(folders, side, choices)
        if pictures:
            yield from slide_clips(
                read_pictures(pictures), recipe.slides, recipe.stretch_frames, side, recipe.seed
            )

    def described() -> Iterator[LearntClip]:
        for number, clip in enumerate(clips()):
            if number % CLIPS_TOLD == 0:
                report.say(f"describing clip {number + 1}, {clip.name}")
            yield LearntClip(perturbed_features(clip.pixels, encoder, recipe, number), clip.source)

    names = [*map(str, folders), *map(str, pictures)]
    learnt = _kept_features(run / FEATURES_FILE, [names, _choices(recipe), encoder.fingerprint], described)
    if len(learnt) < 2:
        raise NotAVideo("there are fewer than two clips to train on; name folders of videos")
    data = {"clips": len(learnt), "sources": [path.name for path in (*folders, *pictures)]}
    return SequenceMaterial(learnt, (), (), *moments([clip.features for clip in learnt]), data)


def labelled_material(
    clips: Sequence[ActionClip],
    layout: ActionLayout,
    encoder: FeatureEncoder,
    recipe: SequenceRecipe,
    run: Path,
    report: TrainingReport,
) -> SequenceMaterial:
    """Describe labelled clips, of whole frames and of their centres; some groups are kept back.

    Raise ConfigError where there are fewer than two classes, and NotAVideo where no clip can be read.
    """
    actions = actions_of(clips)
    if len(actions) < 2:
        raise ConfigError("labels need at least two classes: a folder for each, or another --layout")

    def described() -> Iterator[LearntClip]:
        for number, clip in enumerate(clips):
            report.progress("describing clips", number, len(clips), clip.action)
            with suppress(InputError, DecodeError):
                pixels = _frames(clip.path, side_of(encoder), recipe.frames)
                features = cropped_features(pixels, encoder, recipe.crop)
                yield LearntClip(features, clip.group, actions.index(clip.action))

    names = [str(clip.path) for clip in clips]
    found = _kept_features(run / FEATURES_FILE, [names, _choices(recipe), encoder.fingerprint], described)
    held = [is_held_out(clip.source, recipe.held_out_one_in) for clip in found]
    learnt = [clip for clip, out in zip(found, held, strict=True) if not out]
    kept = [clip for clip, out in zip(found, held, strict=True) if out]
    if not learnt:
        raise NotAVideo("none of the labelled clips can be learnt from")
    data = {"clips": len(learnt), "kept_back": len(kept), "classes": len(actions)}
    return SequenceMaterial(learnt, kept, actions, *moments([clip.features for clip in learnt]), data, layout)


def _frames(path: Path, side: int, count: int) -> Tensor:
    """Return at most `count` frames of a clip, evenly spread: uint8 T x 3 x S x S.  Raise InputError."""
    with read_frames(path, samples_per_s=LABELLED_SAMPLES_PER_S, max_side=2 * side) as reader:
        frames = [squashed(frame.image, side) for frame in reader]
    if not frames:
        raise InputError("shows no frame", path=path)
    chosen = step_positions(len(frames), min(count, len(frames)))
    return as_pixels([frames[place] for place in chosen])


def _choices(recipe: SequenceRecipe) -> dict[str, Any]:
    """Return what the features depend on."""
    keys = ("seed", "frames", "variants", "crop", "slides", "stretch_frames", "stretches_per_video")
    return {key: getattr(recipe, key) for key in keys} | {"augment": vars(recipe.augment)}


def _kept_features(
    path: Path, made_of: Any, described: Callable[[], Iterator[LearntClip]]
) -> list[LearntClip]:
    """Return the clips that the file keeps, where it was made of the same; else describe and keep them."""
    key = hashlib.sha256(json.dumps(made_of, sort_keys=True).encode()).hexdigest()
    with (
        suppress(OSError, safetensors.SafetensorError, KeyError, ValueError),
        safetensors.safe_open(str(path), "pt") as kept,
    ):
        noted = kept.metadata() or {}
        if noted["key"] == key:
            labels = json.loads(noted["clips"])
            return [LearntClip(kept.get_tensor(str(n)), *one) for n, one in enumerate(labels)]
    clips = list(described())
    _keep(path, key, clips)
    return clips


def _keep(path: Path, key: str, clips: Iterable[LearntClip]) -> None:
    listed = list(clips)
    note = {"key": key, "clips": json.dumps([(clip.source, clip.action) for clip in listed])}
    tensors = {str(number): clip.features.contiguous() for number, clip in enumerate(listed)}
    with no_room(path), replacing(path) as temporary:
        safetensors.torch.save_file(tensors, temporary, metadata=note)
