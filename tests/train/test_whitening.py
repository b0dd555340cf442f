"""The properties of PCA whitening."""

import pytest
import torch
from torch import Tensor

from cbvir_core.train.teacher import taught
from cbvir_core.train.whitening import fit_whitening


@pytest.fixture
def rows() -> Tensor:
    torch.manual_seed(0)
    spread = torch.randn(500, 6) * torch.tensor([5.0, 3.0, 2.0, 1.0, 0.5, 0.1])
    rotation: Tensor = torch.linalg.qr(torch.randn(6, 6))[0]
    return spread @ rotation + 3.0


def test_whitened_rows_have_no_mean_unit_variance_and_no_correlation(rows: Tensor) -> None:
    weight, bias = fit_whitening(rows, 4)
    white = rows @ weight.T + bias
    assert torch.allclose(white.mean(dim=0), torch.zeros(4), atol=1e-4)
    assert torch.allclose(torch.cov(white.T), torch.eye(4), atol=1e-3)


def test_power_zero_only_turns(rows: Tensor) -> None:
    weight, bias = fit_whitening(rows, 6, power=0.0)
    assert torch.allclose(weight @ weight.T, torch.eye(6), atol=1e-5)
    assert torch.allclose(torch.pdist(rows @ weight.T + bias), torch.pdist(rows), rtol=1e-3)


def test_fewer_dimensions_than_asked_for_leave_rows_of_zeros(rows: Tensor) -> None:
    weight, bias = fit_whitening(rows, 9)
    assert weight.shape == (9, 6)
    assert not weight[6:].any()
    assert not bias[6:].any()


def test_an_axis_without_variance_is_not_blown_up() -> None:
    flat = torch.cat([torch.randn(50, 2), torch.ones(50, 1)], dim=1)
    weight, bias = fit_whitening(flat, 3, floor=1e-4)
    assert float((flat @ weight.T + bias).abs().max()) < 10.0


def test_a_teachers_rows_are_unit_rows(rows: Tensor) -> None:
    assert torch.allclose(taught(rows, 3, 0.5).rows.norm(dim=1), torch.ones(500))
