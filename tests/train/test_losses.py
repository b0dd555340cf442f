"""Losses against numbers computed by hand."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor
from torch.nn.functional import normalize

from cbvir_core.train.losses import (
    AnchorTuples,
    bank_distillation,
    cosine_distillation,
    hardest,
    info_nce,
    second_order_similarity,
    triplet,
)

EAST, NORTH, WEST = [1.0, 0.0], [0.0, 1.0], [-1.0, 0.0]
OBLIQUE = [0.8, 0.6]
APART = ~torch.eye(2, dtype=torch.bool)


def two_pictures(negatives: int) -> AnchorTuples:
    """Squared distances: 0.4 between the views of picture 0, none between those of picture 1.

    Between pictures: EAST to NORTH 2, OBLIQUE to NORTH 2 - 2 * 0.6 = 0.8.
    """
    return hardest(torch.tensor([EAST, NORTH]), torch.tensor([OBLIQUE, NORTH]), APART, negatives)


def batch(seed: int, pictures: int, width: int = 5) -> tuple[Tensor, Tensor, Tensor]:
    """Two views of pictures, and the mask of strangers (most are)."""
    generator = torch.Generator().manual_seed(seed)
    rows = normalize(torch.randn(2 * pictures, width, generator=generator, dtype=torch.float64))
    linked = torch.rand(pictures, pictures, generator=generator) < 0.2
    strangers = ~(linked | linked.T | torch.eye(pictures, dtype=torch.bool))
    return rows[:pictures], rows[pictures:], strangers


def test_distillation_is_one_less_the_cosine() -> None:
    student = torch.tensor([EAST, EAST, EAST, [0.6, 0.8]])
    teacher = torch.tensor([EAST, NORTH, WEST, NORTH])
    # 0, 1, 2 and 1 - 0.8
    assert float(cosine_distillation(student, teacher)) == pytest.approx((0 + 1 + 2 + 0.2) / 4)


def test_contrast_of_two_orthogonal_pictures() -> None:
    views = torch.tensor([EAST, NORTH])
    # Each row scores 1 / 0.5 = 2 with its own view and 0 with the other: ln(e^2 + e^0) - 2.
    assert float(info_nce(views, views, 0.5)) == pytest.approx(math.log(math.exp(2) + 1) - 2)


def test_contrast_is_ln_n_where_rows_say_nothing() -> None:
    same = torch.tensor([EAST] * 8)
    assert float(info_nce(same, same, 0.07)) == pytest.approx(math.log(8))


def test_contrast_looks_both_ways() -> None:
    first, second = torch.tensor([EAST, EAST]), torch.tensor([EAST, NORTH])
    # From the first side, rows score (1, 0) both; from the second, (1, 1) and (0, 0).
    forward = (math.log(math.e + 1) - 1 + math.log(math.e + 1)) / 2
    assert float(info_nce(first, second, 1.0)) == pytest.approx((forward + math.log(2)) / 2)
    assert float(info_nce(first, second, 1.0)) == pytest.approx(float(info_nce(second, first, 1.0)))


def test_bank_distillation_is_the_cross_entropy_of_two_distributions() -> None:
    bank = torch.tensor([EAST, NORTH])
    student, teacher = torch.tensor([NORTH]), torch.tensor([EAST])
    # Scores at temperature 1: teacher (1, 0), student (0, 1).
    wanted = math.e / (math.e + 1)
    by_hand = -wanted * math.log(1 / (math.e + 1)) - (1 - wanted) * math.log(math.e / (math.e + 1))
    assert float(bank_distillation(student, teacher, bank, 1.0)) == pytest.approx(by_hand)


def test_bank_distillation_is_least_for_the_teachers_own_rows() -> None:
    torch.manual_seed(0)
    bank = torch.nn.functional.normalize(torch.randn(20, 8))
    own = bank_distillation(bank[:5], bank[:5], bank, 0.1)
    assert own < bank_distillation(bank[5:10], bank[:5], bank, 0.1)


def test_a_near_duplicate_in_the_bank_is_not_held_against_the_student() -> None:
    bank = torch.tensor([EAST, EAST, NORTH])
    loss = bank_distillation(torch.tensor([EAST]), torch.tensor([EAST]), bank, 0.05)
    assert float(loss) == pytest.approx(math.log(2), abs=1e-4)


def test_pictures_that_are_no_strangers_are_not_held_against_each_other() -> None:
    views = torch.tensor([EAST, NORTH, OBLIQUE])
    strangers = torch.tensor([[0, 1, 0], [1, 0, 1], [0, 1, 0]]).bool()
    # Scores at temperature 1: EAST sees 1 (own) and 0; NORTH 1, 0 and 0.6; OBLIQUE 1 and 0.6.
    by_hand = [
        math.log(math.e + 1) - 1,
        math.log(math.e + 1 + math.exp(0.6)) - 1,
        math.log(math.e + math.exp(0.6)) - 1,
    ]
    assert float(info_nce(views, views, 1.0, strangers)) == pytest.approx(sum(by_hand) / 3)


def test_among_strangers_only_the_mask_changes_nothing() -> None:
    first, second, _ = batch(1, 6)
    everybody = torch.ones(6, 6, dtype=torch.bool)
    assert torch.equal(info_nce(first, second, 0.1, everybody), info_nce(first, second, 0.1))


def test_triplet_with_the_hardest_negative() -> None:
    # EAST 0.4 - 2 + 1.25 is below nothing; NORTH twice 0 - 0.8 + 1.25; OBLIQUE 0.4 - 0.8 + 1.25.
    assert float(triplet(two_pictures(1), 1.25)) == pytest.approx((0 + 0.45 + 0.45 + 0.85) / 4)


def test_triplet_is_a_sum_over_an_anchors_negatives() -> None:
    # OBLIQUE's second negative is as near as its first; those of the others are beyond the margin.
    assert float(triplet(two_pictures(2), 1.25)) == pytest.approx((0 + 0.45 + 0.45 + 2 * 0.85) / 4)


def test_second_order_similarity_by_hand() -> None:
    # EAST and OBLIQUE are each other's positives: NORTH, twice, is at 2 from one and at 0.8 from the other.
    # The views of picture 1 are one and the same: nothing is bent.
    by_hand = math.sqrt((2 * 1.2**2 + 2 * 1.2**2 + 0 + 0) / 4 / 8)
    assert float(second_order_similarity(two_pictures(2))) == pytest.approx(by_hand)


def test_second_order_similarity_of_eight_anchors_is_the_published_form() -> None:
    first, second, strangers = batch(3, 4, width=8)
    tuples = hardest(first, second, strangers | ~torch.eye(4, dtype=torch.bool), 5)
    bent = (tuples.negative - tuples.across).square().sum()
    assert float(second_order_similarity(tuples)) == pytest.approx(float(bent.sqrt()) / 8)


def test_second_order_similarity_has_a_gradient_where_it_is_nothing() -> None:
    first = torch.tensor([EAST, NORTH], requires_grad=True)
    torch.autograd.backward(second_order_similarity(hardest(first, first, APART, 2)))
    assert first.grad is not None
    assert torch.isfinite(first.grad).all()


@given(st.integers(0, 10_000), st.integers(2, 7), st.integers(1, 12))
def test_tuples_are_those_that_are_found_one_by_one(seed: int, pictures: int, count: int) -> None:
    first, second, strangers = batch(seed, pictures)
    tuples = hardest(first, second, strangers, count)
    rows = torch.cat([first, second])
    for anchor in range(2 * pictures):
        picture, positive = anchor % pictures, (anchor + pictures) % (2 * pictures)
        foreign = [row for row in range(2 * pictures) if strangers[picture, row % pictures]]
        away = {row: float((rows[anchor] - rows[row]).square().sum()) for row in foreign}
        nearest = sorted(foreign, key=away.__getitem__)[:count]
        valid = tuples.valid[anchor]
        assert tuples.positive[anchor] == pytest.approx(float((rows[anchor] - rows[positive]).square().sum()))
        assert tuples.negative[anchor][valid].tolist() == pytest.approx([away[row] for row in nearest])
        across = [float((rows[positive] - rows[row]).square().sum()) for row in nearest]
        assert tuples.across[anchor][valid].tolist() == pytest.approx(across)


@given(st.integers(0, 10_000), st.integers(2, 7), st.floats(0.0, 2.0))
def test_bounds_of_the_two_losses(seed: int, pictures: int, margin: float) -> None:
    first, second, strangers = batch(seed, pictures)
    tuples = hardest(first, second, strangers, 3)
    assert 0.0 <= float(triplet(tuples, margin)) <= 3 * (4.0 + margin)
    assert 0.0 <= float(second_order_similarity(tuples)) <= math.sqrt(3 * 16 / 8) + 1e-6
    # Seen in a mirror nothing changes: only distances count.
    mirrored = hardest(first.flip(1), second.flip(1), strangers, 3)
    assert float(triplet(mirrored, margin)) == pytest.approx(float(triplet(tuples, margin)))


@given(st.integers(0, 10_000))
def test_views_that_coincide_bend_nothing_and_swapped_views_change_nothing(seed: int) -> None:
    first, second, strangers = batch(seed, 6)
    assert float(second_order_similarity(hardest(first, first, strangers, 5))) == pytest.approx(0.0, abs=1e-5)
    one, other = hardest(first, second, strangers, 5), hardest(second, first, strangers, 5)
    assert float(triplet(one, 1.25)) == pytest.approx(float(triplet(other, 1.25)))
    assert float(second_order_similarity(one)) == pytest.approx(float(second_order_similarity(other)))


def test_steps_against_the_two_losses_pull_views_together_and_strangers_apart() -> None:
    first, second, strangers = (
        value.float() if value.is_floating_point() else value for value in batch(5, 6)
    )
    free = torch.cat([first, second]).requires_grad_()
    optimiser = torch.optim.SGD([free], lr=0.05)
    before = hardest(first, second, strangers, 5)
    for _ in range(60):
        one, other = normalize(free).chunk(2)
        tuples = hardest(one, other, strangers, 5)
        optimiser.zero_grad()
        torch.autograd.backward(triplet(tuples, 1.25) + second_order_similarity(tuples))
        optimiser.step()
    one, other = normalize(free.detach()).chunk(2)
    after = hardest(one, other, strangers, 5)
    assert after.positive.mean() < before.positive.mean() / 2
    assert triplet(after, 1.25) < triplet(before, 1.25) / 2
    assert second_order_similarity(after) < second_order_similarity(before)
