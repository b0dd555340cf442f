"""The students of DnS: bits of regions, one vector a video, and the selector; numpy against torch."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from cbvir_core.align import frame_similarities
from cbvir_core.train.video.recipe import StudentSizes
from cbvir_core.train.video.students import BinaryStudent, StudentsNetwork
from cbvir_core.train.video.students_lesson import self_similarities
from cbvir_core.types import Floats
from cbvir_core.visil import (
    CoarseStudent,
    Comparator,
    Selector,
    binarised,
    binary_similarities,
    chamfer,
    selected,
)
from cbvir_core.visil.binary import popcount
from cbvir_core.visil.selector import self_similarity_of

DIMS = 16


def unit_regions(seed: int, frames: int) -> Floats:
    rows = np.random.default_rng(seed).normal(size=(frames, 9, DIMS)).astype(np.float32)
    unit: Floats = rows / np.linalg.norm(rows, axis=-1, keepdims=True)
    return unit


@pytest.fixture(scope="module")
def network() -> StudentsNetwork:
    torch.manual_seed(0)
    made = StudentsNetwork(DIMS, StudentSizes(bits=64, centres=4, hidden=24, reduced=8)).eval()
    for value in made.parameters():  # also the biases and centres, which start at nearly nothing
        torch.nn.init.normal_(value, std=0.3)
    return made


def part_of(network: StudentsNetwork, prefix: str) -> dict[str, Floats]:
    own = network.tensors().items()
    return {name.removeprefix(prefix): value for name, value in own if name.startswith(prefix)}


@given(st.integers(1, 6), st.integers(1, 6), st.integers(0, 20), st.sampled_from([64, 128]))
@settings(max_examples=25)
def test_counted_bits_say_what_products_of_signs_say(frames: int, others: int, seed: int, bits: int) -> None:
    projection = np.random.default_rng(seed).normal(size=(bits, DIMS)).astype(np.float32)
    query, video = unit_regions(seed, frames), unit_regions(seed + 1, others)
    query[0, 4] = 0.0  # a region without content
    slow = frame_similarities(np.sign(query @ projection.T) / bits, np.sign(video @ projection.T))
    first, second = binarised(query, projection), binarised(video, projection)
    assert first.width == bits
    assert first.bits.shape == (frames, 9, bits // 8)
    np.testing.assert_allclose(binary_similarities(first, second), slow, atol=1e-5)
    np.testing.assert_allclose(binary_similarities(second, first), slow.T, atol=1e-5)


def test_a_region_without_content_resembles_nothing() -> None:
    projection = np.ones((64, DIMS), np.float32)
    blank = binarised(np.zeros((2, 9, DIMS), np.float32), projection)
    assert not blank.present.any()
    assert np.array_equal(binary_similarities(blank, blank), np.zeros((2, 2)))


def test_bits_fill_whole_words() -> None:
    with pytest.raises(ValueError, match="multiple of 64"):
        binarised(unit_regions(0, 1), np.ones((96, DIMS), np.float32))


def test_bits_are_counted_with_and_without_numpy_2(monkeypatch: pytest.MonkeyPatch) -> None:
    words = np.random.default_rng(0).integers(0, 1 << 63, (5, 7), np.uint64)
    slow = np.array([[int(word).bit_count() for word in row] for row in words])
    assert np.array_equal(popcount(words), slow)
    monkeypatch.delattr(np, "bitwise_count", raising=False)
    assert np.array_equal(popcount(words), slow)


def test_the_fine_student_compares_as_it_was_trained(network: StudentsNetwork) -> None:
    rows = [unit_regions(seed, 7) for seed in range(3)]
    with torch.no_grad():
        truth = network.fine(torch.from_numpy(np.stack(rows)))
    comparator = Comparator(part_of(network, "fine.comparator."))
    kept = [binarised(one, part_of(network, "fine.")["projection"]) for one in rows]
    for number, (one, other) in enumerate(torch.triu_indices(3, 3).T.tolist()):
        found = chamfer(comparator(binary_similarities(kept[one], kept[other])))
        assert found == pytest.approx(float(truth[number]), abs=1e-4)


def test_signs_hand_a_gradient_on() -> None:
    torch.manual_seed(0)
    student = BinaryStudent(DIMS, 64)
    student(torch.from_numpy(np.stack([unit_regions(0, 4), unit_regions(1, 4)]))).sum().backward()
    assert student.projection.grad is not None
    assert float(student.projection.grad.abs().max()) > 0


@pytest.mark.parametrize("frames", [1, 5, 30])
def test_the_coarse_student_describes_as_it_was_trained(network: StudentsNetwork, frames: int) -> None:
    rows = np.stack([unit_regions(seed, frames) for seed in range(3)])
    with torch.no_grad():
        truth = network.coarse(torch.from_numpy(rows)).numpy()
    student = CoarseStudent(part_of(network, "coarse."))
    found = np.stack([student(one) for one in rows])
    assert student.dim == 8
    np.testing.assert_allclose(found, truth, atol=1e-4)
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1, atol=1e-5)


def test_the_selector_chooses_as_it_was_trained(network: StudentsNetwork) -> None:
    first, second, coarse = np.random.default_rng(0).uniform(0, 1, (3, 20)).astype(np.float32)
    with torch.no_grad():
        logits = network.selector(*(torch.from_numpy(one) for one in (first, second, coarse)))
    selector = Selector(part_of(network, "selector."))
    np.testing.assert_allclose(selector(first, second, coarse), torch.sigmoid(logits).numpy(), atol=1e-5)
    np.testing.assert_allclose(selector(second, first, coarse), selector(first, second, coarse), atol=1e-6)
    with torch.no_grad():
        expected = network.selector.as_fine(torch.from_numpy(coarse - 0.5)).numpy()
    np.testing.assert_allclose(selector.as_fine(coarse - 0.5), expected, atol=1e-6)


def test_self_similarity_is_that_of_the_training() -> None:
    rows = np.stack([0.5 * unit_regions(seed, 6) for seed in range(2)])
    truth = self_similarities(torch.from_numpy(rows))
    for number in range(2):
        assert self_similarity_of(rows[number]) == pytest.approx(float(truth[number]), abs=1e-5)
    still = np.repeat(unit_regions(3, 1), 8, axis=0)
    assert self_similarity_of(still) > self_similarity_of(unit_regions(3, 8))


@given(st.lists(st.floats(0, 1, width=32), min_size=1, max_size=40), st.floats(0, 1))
def test_the_most_probable_share_is_selected(probabilities: list[float], share: float) -> None:
    values = np.array(probabilities, np.float32)
    chosen = selected(values, share)
    assert chosen.sum() == round(share * len(values))
    if chosen.any() and not chosen.all():
        assert values[chosen].min() >= values[~chosen].max()
