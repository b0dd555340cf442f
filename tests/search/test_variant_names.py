"""What an answer calls its match: how the picture lies on the frame, whatever variant found it."""

from __future__ import annotations

import numpy as np
import pytest

from cbvir_core.search.variant_names import name_of_match
from cbvir_core.search.variants import Variant
from cbvir_core.search.variants import turned as turned_variants
from cbvir_core.types import Image
from cbvir_core.verify import QUERY_FEATURES, Verification, describe, verify
from support.small_search import colour_picture

FRAME = colour_picture(60, seed=3)


def agreement(picture: Image) -> Verification:
    """What the picture has in common with the frame, mirrored where it is not otherwise."""
    features, frame = describe(picture, QUERY_FEATURES), describe(FRAME)
    found = verify(features, frame) or verify(features, frame, mirror=True)
    assert found is not None
    return found


def turned(picture: Image, clockwise_quarters: int) -> Image:
    return np.ascontiguousarray(np.rot90(picture, -clockwise_quarters))


@pytest.mark.parametrize("found_by", ["plain", "mirrored", "turned_90", "turned_180+mirrored"])
def test_a_crop_is_plain_whatever_variant_found_it(found_by: str) -> None:
    assert name_of_match(found_by, agreement(FRAME[20:150, 60:290])) == "plain"


def test_a_mirrored_picture_is_mirrored_though_the_plain_one_found_it() -> None:
    verification = agreement(np.ascontiguousarray(FRAME[:, ::-1]))
    assert name_of_match("plain", verification) == "mirrored"
    assert name_of_match("borders_removed", verification) == "borders_removed+mirrored"


@pytest.mark.parametrize("quarters", [1, 2, 3])
def test_the_degrees_are_those_by_which_the_picture_was_turned(quarters: int) -> None:
    right = turned(FRAME, quarters)
    assert name_of_match("plain", agreement(right)) == f"turned_{90 * quarters}"
    both = np.ascontiguousarray(right[:, ::-1])
    assert name_of_match("plain", agreement(both)) == f"turned_{90 * quarters}+mirrored"


def test_the_variant_of_that_name_is_upright() -> None:
    for quarters in (1, 2, 3):
        upright = {one.name: one.image for one in turned_variants(Variant("plain", turned(FRAME, quarters)))}
        np.testing.assert_array_equal(upright[f"turned_{90 * quarters}"], FRAME)


@pytest.mark.parametrize(
    ("found_by", "region", "name"),
    [
        ("plain", False, "plain"),
        ("borders_removed+mirrored", False, "borders_removed+mirrored"),
        ("turned_270", False, "turned_270"),
        ("region", False, "region"),
        ("plain", True, "region"),
        ("mirrored", True, "region+mirrored"),
    ],
)
def test_without_local_features_it_is_the_variant_that_found_it(
    found_by: str, region: bool, name: str
) -> None:
    assert name_of_match(found_by, None, region=region) == name


def test_a_part_that_was_asked_for_is_a_region_whichever_way_round_it_lies() -> None:
    part = agreement(np.ascontiguousarray(FRAME[20:150, 290:60:-1]))
    assert name_of_match("plain", part, region=True) == "region+mirrored"
    assert name_of_match("region+mirrored", agreement(FRAME)) == "region"
