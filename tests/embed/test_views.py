"""Views: one pass gives the whole picture and its parts, the same by either runtime."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from cbvir_core.embed import NetworkEncoder, RuntimeOptions, ViewEncoder, drop_unused
from cbvir_core.embed.views import QUERY_SCALES
from cbvir_core.errors import WeightsMismatch
from cbvir_core.types import Image, Rows
from cbvir_core.weights import find_profile, fingerprint
from support.conversions import bring_conversion
from support.networks import painted

WEIGHTS = find_profile("builtin", None).filter

VIEWS = 5
"""The whole picture and its four quarters."""


@pytest.fixture(scope="module")
def pictures() -> list[Image]:
    return painted(5, 10, 256, 144)


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with both forms of the converted network."""
    cache = tmp_path_factory.mktemp("kept")
    bring_conversion(cache, WEIGHTS)
    bring_conversion(cache, WEIGHTS, views=True)
    return cache


@pytest.fixture(scope="module")
def encoder(kept: Path) -> ViewEncoder:
    return ViewEncoder(WEIGHTS, RuntimeOptions(runtime="openvino", cache=kept))


def lowest_cosine(one: Rows, other: Rows) -> float:
    return float((one * other).sum(axis=-1).min())


def test_the_first_view_is_what_the_filter_says_of_the_picture(
    encoder: ViewEncoder, pictures: list[Image], kept: Path
) -> None:
    views = encoder.encode(pictures)
    assert views.shape[:2] == (len(pictures), VIEWS)
    np.testing.assert_allclose(np.linalg.norm(views, axis=-1), 1, atol=1e-3)
    whole = NetworkEncoder(WEIGHTS, "filter", RuntimeOptions(runtime="openvino", cache=kept)).encode(pictures)
    assert lowest_cosine(views[:, 0], whole) >= 0.99


def test_both_runtimes_agree(encoder: ViewEncoder, pictures: list[Image]) -> None:
    truth = ViewEncoder(WEIGHTS, RuntimeOptions(runtime="torch", device="cpu"))
    assert truth.fingerprint == encoder.fingerprint == fingerprint(WEIGHTS)
    assert lowest_cosine(encoder.encode(pictures[:4]), truth.encode(pictures[:4])) >= 0.99


def test_a_quarter_is_most_like_the_view_of_that_quarter(encoder: ViewEncoder, pictures: list[Image]) -> None:
    """Asked at half the size, at which it has the scale that it has in the picture."""
    right = 0
    for picture in pictures:
        height, width = picture.shape[0] // 2, picture.shape[1] // 2
        quarters = encoder.encode([picture])[0, 1:]
        for number in range(4):
            row, column = divmod(number, 2)
            part = picture[row * height : (row + 1) * height, column * width : (column + 1) * width]
            query = encoder.encode_query(np.ascontiguousarray(part))[QUERY_SCALES.index(0.5)]
            right += int(np.argmax(quarters @ query)) == number
    assert right >= 0.7 * 4 * len(pictures)


def test_a_query_is_described_once_for_each_scale(encoder: ViewEncoder, pictures: list[Image]) -> None:
    rows = encoder.encode_query(pictures[0])
    assert len(rows) == len(QUERY_SCALES)
    assert lowest_cosine(rows[:1], encoder.encode(pictures[:1])[:, 0]) >= 0.999


def test_both_forms_of_a_network_are_kept_as_long_as_the_weights_are(
    encoder: ViewEncoder, pictures: list[Image], kept: Path
) -> None:
    encoder.encode(pictures[:1])
    NetworkEncoder(WEIGHTS, "filter", RuntimeOptions(runtime="openvino", cache=kept)).encode(pictures[:1])
    names = {path.name for path in kept.iterdir()}
    assert drop_unused(kept, [encoder.fingerprint]) == []
    assert {path.name for path in kept.iterdir()} == names
    assert len(names) == 2
    assert drop_unused(kept, ["0" * 32]) == sorted(names)


def test_only_a_filter_has_views() -> None:
    refine = find_profile("builtin", None).refine
    assert refine is not None
    with pytest.raises(WeightsMismatch):
        ViewEncoder(refine)
