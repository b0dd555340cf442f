"""Local features of stills: computed once, kept, computed again where damaged, compared both ways round."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from cbvir_core.errors import DiskFull, InputError
from cbvir_core.search.findings import Scene
from cbvir_core.search.query import DescribedPicture
from cbvir_core.search.variants import MIRRORED, PLAIN
from cbvir_core.search.verify import Verifier, make_local_features
from cbvir_core.store import Store
from cbvir_core.types import Image, Keyframe, VideoId
from cbvir_core.verify import QUERY_FEATURES, LocalFeatures, describe
from support.candidates import scene, video_info
from support.former_features import packed_as_before

SCENES = 6
A = VideoId("aa")


def texture(seed: int) -> Image:
    """Blobs: something to find points in."""
    rng = np.random.default_rng(seed)
    cells = rng.integers(0, 255, (18, 32, 3), dtype=np.uint8)
    return np.asarray(cv2.resize(cells, (320, 180), interpolation=cv2.INTER_CUBIC), np.uint8)


@pytest.fixture
def rows(store: Store, tmp_path: Path) -> list[int]:
    """Scenes that show different things."""
    generation = store.generation("filter", None)
    store.begin(video_info(A, tmp_path / "a.mp4", (320, 180)))
    keyframes = [Keyframe(n + 0.5, n, n + 1.0, texture(n)) for n in range(SCENES)]
    return store.append(A, keyframes, generation, np.eye(SCENES, dtype=np.float32))


def scenes(rows: list[int], variant: str = PLAIN) -> list[Scene]:
    return [scene(row, A, 0.5, variant) for row in rows]


def features(image: Image) -> LocalFeatures:
    return describe(image, QUERY_FEATURES)


def test_the_still_that_is_shown_agrees_and_no_other(store: Store, rows: list[int]) -> None:
    store.put_features(make_local_features(store, rows))
    picture = np.ascontiguousarray(texture(2)[20:160, 30:290])
    found = Verifier(store).compare(features(picture), scenes(rows))
    assert list(found) == rows
    agreeing = {row: one for row, one in found.items() if one is not None}
    assert list(agreeing) == [rows[2]]
    assert agreeing[rows[2]].inliers > 20
    np.testing.assert_allclose(agreeing[rows[2]].homography[:2, 2], (30, 20), atol=1.5)


@pytest.mark.parametrize("variant", [PLAIN, MIRRORED])
def test_a_mirrored_picture_agrees_whatever_variant_found_it(
    store: Store, rows: list[int], variant: str
) -> None:
    found = Verifier(store).compare(features(texture(1)[:, ::-1].copy()), scenes(rows[1:2], variant))
    verification = found[rows[1]]
    assert verification is not None
    assert verification.mirrored


def test_a_query_makes_what_is_missing_and_keeps_it(store: Store, rows: list[int]) -> None:
    store.put_features(make_local_features(store, rows[:2]))
    found = Verifier(store).compare(features(texture(0)), scenes(rows[:4]))
    assert list(found) == rows[:4]
    assert store.rows_without_features(99) == rows[4:]


def test_damaged_features_are_made_anew(store: Store, rows: list[int]) -> None:
    store.put_features({rows[0]: b"no features"})
    found = Verifier(store).compare(features(texture(0)), scenes(rows[:1]))
    assert found[rows[0]] is not None
    (packed,) = store.features(rows[:1])
    assert packed == make_local_features(store, rows[:1])[rows[0]]


def test_a_store_with_features_of_two_releases_answers(store: Store, rows: list[int]) -> None:
    older = {
        row: packed_as_before(describe(texture(number))) for number, row in enumerate(rows) if number % 2
    }
    store.put_features(make_local_features(store, rows) | older)
    for number, row in enumerate(rows):
        picture = np.ascontiguousarray(texture(number)[20:160, 30:290])
        found = Verifier(store).compare(features(picture), scenes(rows))
        agreeing = {row: one.inliers for row, one in found.items() if one is not None}
        assert list(agreeing) == [row]
        assert agreeing[row] > 20
    assert store.features(list(older)) == list(older.values())  # they were read, not made anew


def test_a_full_disk_costs_only_that_they_are_made_again(
    store: Store, rows: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: object) -> int:
        raise DiskFull("no room")

    monkeypatch.setattr(store, "put_features", full)
    found = Verifier(store).compare(features(texture(0)), scenes(rows[:1]))
    assert found[rows[0]] is not None
    assert store.features(rows[:1]) == [None]


def test_a_video_that_was_forgotten_meanwhile_is_left_out(store: Store, rows: list[int]) -> None:
    store.forget(A)
    assert Verifier(store).compare(features(texture(0)), scenes(rows)) == {}
    assert make_local_features(store, rows) == {}


def test_a_query_is_described_beside_other_work() -> None:
    described = DescribedPicture.begin(texture(3))
    assert len(described.features.result(timeout=60)) == len(features(texture(3)))
    assert described.corner == (0, 0)


def test_of_a_region_the_part_is_described() -> None:
    described = DescribedPicture.begin(texture(3), (40, 30, 200, 120))
    np.testing.assert_array_equal(described.image, texture(3)[30:150, 40:240])
    assert described.corner == (40, 30)
    with pytest.raises(InputError):
        DescribedPicture.begin(texture(3), (0, 0, 999, 5))
