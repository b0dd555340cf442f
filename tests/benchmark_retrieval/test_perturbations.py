"""Perturbations: the same seed gives the same picture, and each does what its name says."""

from __future__ import annotations

import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import cv2
import numpy as np
import pytest

from bench.retrieval.frames import ClipFrame
from bench.retrieval.perturbations import PERTURBATIONS, UNEDITED, perturbed, quality
from bench.retrieval.sheet import SHEET_COLUMNS, TILE_SIZE, contact_sheet
from cbvir_core.types import Image

TESTS = Path(__file__).resolve().parents[1]


def drawn(seed: int = 3, size: tuple[int, int] = (640, 360)) -> Image:
    """Draw a landscape of soft colours with some shapes in it."""
    rng = np.random.default_rng(seed)
    image = cv2.resize(rng.integers(40, 215, (4, 6, 3), np.uint8), size, interpolation=cv2.INTER_CUBIC)
    for _ in range(12):
        x, y, radius = (int(value) for value in rng.integers(10, [size[0], size[1], 60]))
        cv2.circle(image, (x, y), radius, [int(value) for value in rng.integers(0, 256, 3)], -1)
    return np.asarray(image, np.uint8)


@pytest.fixture(scope="module")
def picture() -> Image:
    return drawn()


@pytest.mark.parametrize("kind", PERTURBATIONS)
def test_the_same_seed_gives_the_same_picture(picture: Image, kind: str) -> None:
    before = picture.copy()
    first, second = perturbed(picture, kind, "clip@1.0", 5), perturbed(picture, kind, "clip@1.0", 5)
    assert first.dtype == np.uint8
    assert first.ndim == 3
    assert first.shape[2] == 3
    assert np.array_equal(first, second)
    assert np.array_equal(picture, before), "the frame itself must not change"


@pytest.mark.parametrize("kind", [kind for kind in PERTURBATIONS if kind != UNEDITED])
def test_every_kind_changes_the_picture(picture: Image, kind: str) -> None:
    changed = perturbed(picture, kind, "clip@1.0", 5)
    assert changed.shape != picture.shape or not np.array_equal(changed, picture)


@pytest.mark.parametrize("kind", ["crop", "page", "player", "screen photo", "caption", "repost"])
def test_another_frame_or_seed_is_perturbed_otherwise(picture: Image, kind: str) -> None:
    one = perturbed(picture, kind, "clip@1.0", 5)
    for other in (perturbed(picture, kind, "clip@2.0", 5), perturbed(picture, kind, "clip@1.0", 6)):
        assert other.shape != one.shape or not np.array_equal(other, one)


def test_pictures_are_the_same_in_another_process(picture: Image) -> None:
    """Nothing depends on the process: neither the order of sets nor the pictures made before."""
    program = (
        "from hashlib import sha256; from bench.retrieval.perturbations import perturbed\n"
        "import numpy as np, sys\n"
        "image = np.frombuffer(sys.stdin.buffer.read(), np.uint8).reshape(360, 640, 3)\n"
        "for kind in ('screen photo', 'page', 'noise'):\n"
        "    print(sha256(perturbed(image, kind, 'a', 1).tobytes()).hexdigest())\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", program], input=picture.tobytes(), capture_output=True, cwd=TESTS, check=True
    )
    here = [sha256(perturbed(picture, kind, "a", 1).tobytes()).hexdigest() for kind in PERTURBATIONS]
    names = list(PERTURBATIONS)
    expected = [here[names.index(kind)] for kind in ("screen photo", "page", "noise")]
    assert run.stdout.decode().split() == expected


def test_there_are_the_kinds_that_people_make() -> None:
    assert len(PERTURBATIONS) - 1 >= 12  # unedited is not an edit


def test_unedited_is_the_frame(picture: Image) -> None:
    assert np.array_equal(perturbed(picture, UNEDITED, "a", 0), picture)


def test_a_small_picture_is_enlarged_first() -> None:
    assert perturbed(drawn(size=(160, 112)), UNEDITED, "a", 0).shape == (336, 480, 3)


def test_mirror_twice_is_the_frame(picture: Image) -> None:
    assert np.array_equal(perturbed(perturbed(picture, "mirror", "a", 0), "mirror", "b", 0), picture)


@pytest.mark.parametrize(("kind", "axis"), [("letterbox", 0), ("pillarbox", 1)])
def test_bars_are_added_and_the_frame_is_whole_between_them(picture: Image, kind: str, axis: int) -> None:
    boxed = perturbed(picture, kind, "a", 0)
    bar = (boxed.shape[axis] - picture.shape[axis]) // 2
    assert 0.09 < bar / boxed.shape[axis] < 0.27
    middle = boxed.take(range(bar, bar + picture.shape[axis]), axis=axis)
    assert np.array_equal(middle, picture)
    assert np.ptp(boxed.take(range(bar), axis=axis)) == 0


def test_crop_keeps_the_stated_share(picture: Image) -> None:
    for number in range(20):
        part = perturbed(picture, "crop", str(number), 0)
        share = part.shape[0] * part.shape[1] / (picture.shape[0] * picture.shape[1])
        assert 0.3 < share < 0.71


def test_grey_has_no_colour(picture: Image) -> None:
    assert np.ptp(perturbed(picture, "grey", "a", 0), axis=2).max() == 0


def test_thumbnails_are_small(picture: Image) -> None:
    assert 72 <= max(perturbed(picture, "downscale", "a", 0).shape) <= 140


def test_heavy_jpeg_is_near_the_frame(picture: Image) -> None:
    difference = quality.saved(picture, 30).astype(int) - picture
    assert np.abs(difference).mean() < 8


def test_contact_sheet_has_a_tile_for_every_kind(picture: Image) -> None:
    sheet = contact_sheet([ClipFrame("clip.mp4", 1.0, picture)], 0)
    assert sheet.width == SHEET_COLUMNS * TILE_SIZE[0]
    assert SHEET_COLUMNS * (sheet.height // TILE_SIZE[1]) >= len(PERTURBATIONS)


def test_perturbations_share_no_code_with_training() -> None:
    sources = list((TESTS / "bench" / "retrieval" / "perturbations").glob("*.py"))
    assert sources
    for path in sources:
        assert "cbvir_core.train" not in path.read_text()
