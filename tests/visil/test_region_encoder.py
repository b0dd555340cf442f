"""Regions of frames: nine unit rows from maps of the filter's network, the same by torch and by OpenVINO."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from cbvir_core.embed.networks import load_network
from cbvir_core.embed.preprocess import prepare
from cbvir_core.errors import WeightsMismatch
from cbvir_core.types import Image
from cbvir_core.visil.region_encoder import RegionEncoder, region_fingerprint
from cbvir_core.visil.region_network import RegionNetwork
from cbvir_core.weights import find_profile, read_header
from support.conversions import encoder_cache
from support.networks import painted

WEIGHTS = find_profile("builtin", None).filter
BLOCKS, CHANNELS = (6, 13), (32, 96)


@pytest.fixture(scope="module")
def pictures() -> list[Image]:
    return painted(3, 12, 256, 144)


@pytest.fixture(scope="module")
def kept() -> Path:
    return encoder_cache()


@pytest.fixture(scope="module")
def encoder(kept: Path) -> RegionEncoder:
    return RegionEncoder(WEIGHTS, BLOCKS, cache=kept)


def test_both_runtimes_agree(encoder: RegionEncoder, pictures: list[Image]) -> None:
    rows = encoder.encode(pictures)
    assert rows.shape == (12, 9, sum(CHANNELS))
    np.testing.assert_allclose(np.linalg.norm(rows, axis=-1), 1, atol=1e-3)
    preprocess = read_header(WEIGHTS).preprocess
    size = (preprocess.height or 0, preprocess.width or 0)
    batch = torch.from_numpy(np.stack([prepare(picture, size, preprocess) for picture in pictures]))
    with torch.inference_mode():
        truth = RegionNetwork(load_network(WEIGHTS).features, BLOCKS)(batch).numpy()
    assert (rows * truth).sum(axis=-1).min() > 0.99


def test_maps_weigh_the_same_whatever_their_channels_are(
    encoder: RegionEncoder, pictures: list[Image]
) -> None:
    rows = encoder.encode(pictures[:2])
    first, second = np.split(rows, [CHANNELS[0]], axis=-1)
    for part in (first, second):
        np.testing.assert_allclose(np.linalg.norm(part, axis=-1), 0.5**0.5, atol=1e-2)


def test_regions_follow_the_picture_row_by_row(encoder: RegionEncoder, pictures: list[Image]) -> None:
    """What changes in the left upper corner changes the first region most."""
    picture = pictures[0]
    changed = picture.copy()
    changed[: picture.shape[0] // 4, : picture.shape[1] // 4] = 0
    before, after = encoder.encode([picture, changed])
    assert int(np.argmin((before * after).sum(axis=-1))) == 0


def test_a_converted_network_is_read_again(
    kept: Path, encoder: RegionEncoder, pictures: list[Image], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object) -> None:
        raise AssertionError("the network is in the cache")

    monkeypatch.setattr("cbvir_core.visil.region_encoder._convert", refused)
    again = RegionEncoder(WEIGHTS, BLOCKS, cache=kept)
    np.testing.assert_allclose(again.encode(pictures[:2]), encoder.encode(pictures[:2]), atol=1e-6)


def test_blocks_and_weights_have_names() -> None:
    assert region_fingerprint(WEIGHTS, (1, 2)) != region_fingerprint(WEIGHTS, (1, 3))


@pytest.mark.parametrize("blocks", [(), (-1,), (0, 3)])
def test_only_blocks_that_are_there_can_be_pooled(blocks: tuple[int, ...]) -> None:
    with pytest.raises(WeightsMismatch, match="no blocks"):
        RegionNetwork(nn.Sequential(nn.Identity(), nn.Identity(), nn.Identity()), blocks)
