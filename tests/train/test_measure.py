"""The figures on rows made by hand."""

import pytest
import torch
from torch import Tensor

from cbvir_core.train.measure import PERTURBATION_KINDS, compare, figures, perturbed


def test_first_counts_the_right_picture_at_the_top() -> None:
    corpus = torch.eye(3)
    queries = torch.tensor([[1.0, 0.0, 0.0], [0.6, 0.8, 0.0], [0.8, 0.0, 0.6]])
    # Right, right, and nearer to picture 0 than to its own.
    result = figures(corpus, queries, torch.arange(3))
    assert result.first == pytest.approx(2 / 3)


def test_sure_wants_more_than_what_strangers_reach() -> None:
    corpus = torch.eye(2)
    queries = torch.tensor([[1.0, 0.0], [0.8, 0.6]])
    # Strangers come as near as 0.8 (a mistake) and 0: only the first query is right and above.
    assert figures(corpus, queries, torch.arange(2)).sure == pytest.approx(1 / 2)


def test_queries_are_always_the_same(pixels: Tensor) -> None:
    assert torch.equal(
        perturbed(pixels, PERTURBATION_KINDS["everything"]),
        perturbed(pixels, PERTURBATION_KINDS["everything"]),
    )


def test_every_kind_is_asked_of_every_network(pixels: Tensor) -> None:
    def mean_colour(pictures: Tensor) -> Tensor:
        return torch.nn.functional.normalize(pictures.float().mean(dim=(2, 3)) - 100.0)

    table = compare({"colour": mean_colour}, pixels, 6)
    assert table.keys() == PERTURBATION_KINDS.keys()
    assert table["mirror"]["colour"].first == 1.0
    assert table["everything"]["colour"].first < 1.0
