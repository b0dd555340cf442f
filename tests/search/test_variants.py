"""The variants of a query picture."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cbvir_core.decode import STILL_SIDE, fit_within
from cbvir_core.decode.blank import is_blank
from cbvir_core.errors import InputError
from cbvir_core.search.variants import crop, parts_of, variants_of
from cbvir_core.types import Image
from cbvir_core.verify import QUERY_FEATURES, describe


def noise(width: int, height: int, seed: int = 0) -> Image:
    """Noise with something to see in it: the left half is darker."""
    picture = np.random.default_rng(seed).integers(90, 256, (height, width, 3))
    picture[:, : width // 2] -= 30
    return picture.astype(np.uint8)


def test_plain_picture_and_its_mirror_image() -> None:
    picture = noise(100, 60)
    plain, mirrored = variants_of(picture)
    assert (plain.name, mirrored.name) == ("plain", "mirrored")
    np.testing.assert_array_equal(plain.image, picture)
    np.testing.assert_array_equal(mirrored.image, picture[:, ::-1])


def test_letterbox_gives_four_variants() -> None:
    picture = np.zeros((400, 480, 3), np.uint8)
    picture[80:320] = noise(480, 240)
    variants = {variant.name: variant.image for variant in variants_of(picture)}
    assert list(variants) == ["plain", "borders_removed", "mirrored", "borders_removed+mirrored"]
    np.testing.assert_array_equal(variants["borders_removed"], picture[80:320])
    np.testing.assert_array_equal(variants["borders_removed+mirrored"], picture[80:320, ::-1])


def test_box_is_cut_from_the_full_picture() -> None:
    """A small film in a large page keeps its detail: it is cut first and shrunk then."""
    page = np.full((2000, 2000, 3), 255, np.uint8)
    page[600:1200, 400:1600] = noise(1200, 600) // 2
    inner = variants_of(page)[1].image
    assert max(inner.shape) == STILL_SIDE
    assert abs(inner.shape[1] / inner.shape[0] - 2) < 0.05
    assert inner.mean() < 140  # no white of the page is left


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 1500), st.integers(1, 900))
def test_variants_are_shrunk_as_keyframes_are(width: int, height: int) -> None:
    picture = noise(width, height)
    plain = variants_of(picture)[0].image
    np.testing.assert_array_equal(plain, fit_within(picture, STILL_SIDE))


def test_region_is_in_pixels_of_the_picture() -> None:
    picture = noise(1600, 900)
    np.testing.assert_array_equal(
        variants_of(picture, (100, 200, 300, 150))[0].image, picture[200:350, 100:400]
    )


@pytest.mark.parametrize("region", [(0, 0, 0, 5), (-1, 0, 5, 5), (95, 0, 6, 5), (0, 56, 5, 5)])
def test_region_outside_is_an_error(region: tuple[int, int, int, int]) -> None:
    with pytest.raises(InputError, match="100 x 60"):
        crop(noise(100, 60), region)


def test_what_shows_nothing_is_not_looked_for() -> None:
    page = np.full((400, 600, 3), 255, np.uint8)
    page[80:320, 100:500] = 0
    assert [variant.name for variant in variants_of(page)] == ["plain", "mirrored"]
    assert not any(is_blank(part.image) for part in parts_of(page, describe(page, QUERY_FEATURES)))
    page[80:320, 100:500] = noise(400, 240)
    assert len(variants_of(page)) == 4
