"""Similarity of videos: chamfer, whitening, attention, comparator and the file that holds them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from cbvir_core.align import frame_similarities
from cbvir_core.errors import WeightsDamaged, WeightsMismatch, WeightsMissing
from cbvir_core.train.video.network import (
    ComparatorNetwork,
    VideoSimilarityNetwork,
    chamfer_of,
    frame_matrices,
)
from cbvir_core.types import Floats
from cbvir_core.visil import (
    VISIL_ARCHITECTURE,
    Comparator,
    RegionWhitening,
    VisilModel,
    attended,
    attention_weights,
    chamfer,
    one_way_chamfer,
)
from cbvir_core.visil.model import visil_tensors
from cbvir_core.weights import Preprocess, WeightsHeader, write_weights

COMPARATOR_NUMBERS = 92_801
"""Of the published comparator."""

DIMS, RAW_DIMS = 8, 20

matrices = st.tuples(st.integers(1, 9), st.integers(1, 9)).flatmap(
    lambda shape: arrays(np.float32, shape, elements=st.floats(-1, 1, width=32))
)


def random_regions(seed: int, frames: int, dims: int = DIMS) -> Floats:
    rows = np.random.default_rng(seed).normal(size=(frames, 9, dims)).astype(np.float32)
    unit: Floats = rows / np.linalg.norm(rows, axis=-1, keepdims=True)
    return unit


def wild_network(seed: int = 0) -> ComparatorNetwork:
    """A comparator whose numbers are all random, so that every one of them matters."""
    torch.manual_seed(seed)
    network = ComparatorNetwork()
    for value in network.parameters():
        torch.nn.init.normal_(value, std=0.15)
    return network


@given(matrices)
def test_chamfer_is_the_same_both_ways_and_lies_between_the_values(matrix: Floats) -> None:
    assert chamfer(matrix) == pytest.approx(chamfer(matrix.T), abs=1e-6)
    assert matrix.min() - 1e-6 <= chamfer(matrix) <= matrix.max() + 1e-6
    slow = sum(max(map(float, row)) for row in matrix) / len(matrix)
    assert one_way_chamfer(matrix) == pytest.approx(slow, abs=1e-5)


def test_an_empty_matrix_has_no_similarity() -> None:
    for compare in (chamfer, one_way_chamfer, Comparator(wild_network().tensors())):
        with pytest.raises(ValueError, match="frames on both sides"):
            compare(np.zeros((0, 3), np.float32))


def test_the_whitening_leaves_its_input_as_it_is() -> None:
    draws = np.random.default_rng(0)
    whitening = RegionWhitening(
        draws.normal(size=(DIMS, RAW_DIMS)).astype(np.float32), draws.normal(size=DIMS).astype(np.float32)
    )
    raw = draws.normal(size=(3, 9, RAW_DIMS)).astype(np.float32)
    before = raw.copy()
    rows = whitening(raw)
    assert np.array_equal(raw, before)
    assert rows.shape == (3, 9, whitening.dim)
    np.testing.assert_allclose(np.linalg.norm(rows, axis=-1), 1, atol=1e-5)


def test_attention_weights_are_between_none_and_all() -> None:
    rows, context = random_regions(0, 5), 3.0 * random_regions(1, 1)[0, 0]
    weights = attention_weights(rows, context)
    assert weights.min() >= 0
    assert weights.max() <= 1
    unit = context / np.linalg.norm(context)
    assert attention_weights(unit, context) == pytest.approx(1, abs=1e-6)
    assert attention_weights(-unit, context) == pytest.approx(0, abs=1e-6)
    np.testing.assert_allclose(np.linalg.norm(attended(rows, context), axis=-1), weights, atol=1e-6)


def test_the_comparator_is_as_large_as_the_published_one() -> None:
    assert sum(value.size for value in ComparatorNetwork().tensors().values()) == COMPARATOR_NUMBERS


@given(
    st.integers(1, 17),
    st.integers(1, 17),
    st.integers(0, 10),
)
@settings(max_examples=40)
def test_the_comparator_in_numpy_is_the_one_in_torch(rows: int, columns: int, seed: int) -> None:
    network = wild_network()
    matrix = np.random.default_rng(seed).uniform(-1, 1, (rows, columns)).astype(np.float32)
    with torch.no_grad():
        truth = network(torch.from_numpy(matrix)[None])[0].clamp(-1, 1).numpy()
    found = Comparator(network.tensors())(matrix)
    assert found.shape == (-(-rows // 4), -(-columns // 4))
    np.testing.assert_allclose(found, truth, atol=2e-5)
    np.testing.assert_allclose(found.T, Comparator(network.tensors())(matrix.T), atol=2e-5)
    assert np.abs(found).max() <= 1


def test_edges_are_mirrored_and_not_filled_with_zeros() -> None:
    """To a matrix of one value every place looks the same, also those at the edge."""
    found = Comparator(wild_network().tensors())(np.full((24, 20), 0.7, np.float32))
    assert np.ptp(found) < 1e-6


def test_a_fresh_comparator_hands_the_matrix_on() -> None:
    """Equal frames, whose regions attention has halved, are about three quarters alike; others are not."""
    torch.manual_seed(0)
    compare = Comparator(ComparatorNetwork().tensors())
    assert chamfer(compare(np.full((16, 16), 0.25, np.float32))) > 0.5
    assert chamfer(compare(np.zeros((16, 16), np.float32))) < -0.2


def test_matrices_of_a_batch_are_those_of_each_pair() -> None:
    rows = [attended(random_regions(seed, 6), random_regions(9, 1)[0, 0]) for seed in range(4)]
    found = frame_matrices(torch.from_numpy(np.stack(rows)))
    first, second = torch.triu_indices(4, 4)
    for number, (one, other) in enumerate(zip(first.tolist(), second.tolist(), strict=True)):
        truth = frame_similarities(rows[one], rows[other])
        np.testing.assert_allclose(found[number].numpy(), truth, atol=1e-5)
        assert float(chamfer_of(found)[number]) == pytest.approx(chamfer(truth), abs=1e-5)


def written_model(folder: Path, network: VideoSimilarityNetwork) -> Path:
    draws = np.random.default_rng(1)
    whitening = RegionWhitening(
        draws.normal(size=(DIMS, RAW_DIMS)).astype(np.float32), np.zeros(DIMS, np.float32)
    )
    details = {"blocks": [3, 5], "filter": "0" * 32}
    header = WeightsHeader(VISIL_ARCHITECTURE, "a test's", Preprocess(32, 32), details)
    tensors = visil_tensors(whitening, network.context.detach().numpy(), network.comparator.tensors())
    write_weights(folder / "visil.safetensors", tensors, header)
    return folder / "visil.safetensors"


def test_search_says_what_training_said(tmp_path: Path) -> None:
    torch.manual_seed(2)
    network = VideoSimilarityNetwork(DIMS)
    network.comparator = wild_network(3)
    model = VisilModel(written_model(tmp_path, network))
    assert model.blocks == (3, 5)
    raw = [np.random.default_rng(seed).normal(size=(7, 9, RAW_DIMS)).astype(np.float32) for seed in range(3)]
    with torch.no_grad():
        truth, _ = network(torch.from_numpy(np.stack([model.whitening(one) for one in raw])))
    described = [model.describe(one) for one in raw]
    for one in range(3):
        for other in range(3):
            found = model.similarity(described[one], described[other])
            assert found == pytest.approx(float(truth[one, other]), abs=5e-3)  # float16 in the file
            assert found == pytest.approx(model.similarity(described[other], described[one]), abs=1e-5)


@pytest.mark.parametrize("frames", [1, 2, 3])
def test_a_video_of_fewer_than_four_frames_is_compared(tmp_path: Path, frames: int) -> None:
    torch.manual_seed(0)
    model = VisilModel(written_model(tmp_path, VideoSimilarityNetwork(DIMS)))
    short, long = (attended(random_regions(5, count), model.context) for count in (frames, 20))
    assert model.compare(short, long).shape == (1, 5)
    assert model.similarity(short, short) > model.similarity(short, long)


def test_files_of_other_kinds_are_refused(tmp_path: Path) -> None:
    with pytest.raises(WeightsMissing):
        VisilModel(tmp_path / "nothing")
    header = WeightsHeader("mobilenet_v2", "a filter", Preprocess(32, 32))
    write_weights(tmp_path / "filter", {"a": np.zeros(1, np.float32)}, header)
    with pytest.raises(WeightsMismatch, match="not of visil"):
        VisilModel(tmp_path / "filter")
    header = WeightsHeader(VISIL_ARCHITECTURE, "empty", Preprocess(32, 32), {"blocks": [1], "filter": ""})
    write_weights(tmp_path / "empty", {"a": np.zeros(1, np.float32)}, header)
    with pytest.raises(WeightsDamaged, match="lacks a part"):
        VisilModel(tmp_path / "empty")
