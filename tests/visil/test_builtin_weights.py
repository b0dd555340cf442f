"""The weights that come with cbvir, on real clips that no training has seen."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from cbvir_core.decode import read_frames
from cbvir_core.train.recipe_file import recipe_table
from cbvir_core.train.video.recipe import read_video_recipe, video_recipe_from
from cbvir_core.types import Floats, Image
from cbvir_core.visil import BUILTIN_VISIL, VideoStudents, VisilModel
from cbvir_core.visil.region_encoder import RegionEncoder
from cbvir_core.weights import find_profile, fingerprint
from support.conversions import encoder_cache

CLIPS = ("learning-area--frog.mp4", "interactive-examples--stream-of-water.mp4", "learning-area--pig.mp4")
MAX_BYTES = 10_000_000


@pytest.fixture(scope="module")
def model() -> VisilModel:
    return VisilModel()


@pytest.fixture(scope="module")
def encoder(model: VisilModel) -> RegionEncoder:
    return RegionEncoder(find_profile("builtin", None).filter, model.blocks, cache=encoder_cache())


def edited(frame: Image) -> Image:
    """A frame as a copy has it: mirrored, its edges cut off, paler, scaled down."""
    height, width = frame.shape[:2]
    part = frame[height // 10 : -height // 12, width // 8 : -width // 12][:, ::-1]
    small = cv2.resize(part, (width // 2, height // 2), interpolation=cv2.INTER_AREA)
    return np.asarray(np.clip(small * 0.8 + 30, 0, 255), np.uint8)


@pytest.fixture(scope="module")
def described(shared: Path, encoder: RegionEncoder) -> dict[str, tuple[Floats, Floats]]:
    """Raw regions of each clip, and of an edited piece of it."""
    found = {}
    for name in CLIPS:
        with read_frames(shared / "videos" / name, max_side=256) as reader:
            frames = [frame.image for frame in reader]
        piece = frames[1 : 1 + max(5, len(frames) // 2)]
        found[name] = encoder.encode(frames), encoder.encode([edited(frame) for frame in piece])
    return found


def test_they_are_small_and_made_for_the_built_in_filter(model: VisilModel) -> None:
    assert BUILTIN_VISIL.stat().st_size < MAX_BYTES
    assert model.filter_fingerprint == fingerprint(find_profile("builtin", None).filter)


def test_they_were_made_by_the_recipe_beside_them(model: VisilModel) -> None:
    recipe = read_video_recipe(BUILTIN_VISIL.with_suffix(".toml"))
    assert video_recipe_from(dict(model.header.details["recipe"])) == recipe
    assert recipe_table(recipe)["leave_out"]


def test_an_edited_piece_is_most_like_its_clip(
    model: VisilModel, described: dict[str, tuple[Floats, Floats]]
) -> None:
    clips = {name: model.describe(whole) for name, (whole, _) in described.items()}
    for name, (_, piece) in described.items():
        found = {other: model.similarity(model.describe(piece), clip) for other, clip in clips.items()}
        assert max(found, key=lambda other: found[other]) == name


@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
def test_the_students_agree_with_their_teacher(
    model: VisilModel, described: dict[str, tuple[Floats, Floats]], share: float
) -> None:
    students = VideoStudents(model)
    kept = [students.describe(whole) for whole, _ in described.values()]
    for number, (_, piece) in enumerate(described.values()):
        found = students.similarities(students.describe(piece), kept, share)
        assert int(np.argmax(found)) == number
        assert found[number] > 0.4
