"""Losses on numbers worked by hand."""

import math

import pytest
import torch

from cbvir_core.train.losses import bank_distillation, cosine_distillation, info_nce

EAST, NORTH, WEST = [1.0, 0.0], [0.0, 1.0], [-1.0, 0.0]


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
