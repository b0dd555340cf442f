"""Hard negatives: the fast way against a slow reference, and pictures that may never be negatives."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor
from torch.nn.functional import normalize

from cbvir_core.train import mining
from cbvir_core.train.mining import MinedNegatives, hard_order, mine
from cbvir_core.train.origins import PictureOrigins
from cbvir_core.train.random_draws import RandomDraws

LIMIT = 0.8
seeds = st.integers(0, 100_000)
sizes = st.integers(1, 24)


def world(seed: int, pictures: int) -> tuple[Tensor, Tensor, PictureOrigins]:
    """Rows of a network and of a judge, and origins: some pictures are frames of a few clips."""
    generator = torch.Generator().manual_seed(seed)
    rows, judge = (normalize(torch.randn(pictures, 3, generator=generator)) for _ in range(2))
    source = torch.arange(pictures)
    frames = torch.rand(pictures, generator=generator) < 0.5
    source[frames] = pictures + torch.randint(0, 3, (int(frames.sum()),), generator=generator)
    return rows, judge, PictureOrigins(source, source.clone())


def forbidden(one: int, other: int, judge: Tensor, origins: PictureOrigins) -> bool:
    """Return whether two pictures may not be negatives of each other."""
    near = float(judge[one] @ judge[other]) > LIMIT
    return one == other or near or bool(origins.source[one] == origins.source[other])


@given(seeds, sizes, st.integers(1, 30))
def test_the_nearest_are_those_that_are_found_one_by_one(seed: int, pictures: int, count: int) -> None:
    rows, judge, origins = world(seed, pictures)
    nearest = mine(rows, judge, origins, LIMIT, count).nearest
    assert nearest.shape == (pictures, min(count, pictures))
    for one in range(pictures):
        allowed = [other for other in range(pictures) if not forbidden(one, other, judge, origins)]
        wanted = sorted(allowed, key=lambda other: -float(rows[one] @ rows[other]))[:count]
        found = [other for other in nearest[one].tolist() if other >= 0]
        assert len(found) == len(wanted)
        scores = [float(rows[one] @ rows[other]) for other in wanted]
        assert [float(rows[one] @ rows[other]) for other in found] == pytest.approx(scores, abs=1e-6)
        assert not any(forbidden(one, other, judge, origins) for other in found)


def test_chunks_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    rows, judge, origins = world(7, 50)
    whole = mine(rows, judge, origins, LIMIT, 9)
    monkeypatch.setattr(mining, "_SIMILARITY_ROWS", 8)
    parts = mine(rows, judge, origins, LIMIT, 9)
    assert torch.equal(whole.nearest, parts.nearest)
    assert torch.equal(whole.duplicates, parts.duplicates)


@given(seeds, sizes)
def test_strangers_are_all_but_positives_neighbours_and_near_duplicates(seed: int, pictures: int) -> None:
    rows, judge, origins = world(seed, pictures)
    mined = mine(rows, judge, origins, LIMIT, 4)
    batch = RandomDraws(seed, 0).order(pictures)
    strangers = mined.strangers(batch, batch, origins)
    for i, one in enumerate(batch.tolist()):
        for j, other in enumerate(batch.tolist()):
            assert bool(strangers[i, j]) != forbidden(one, other, judge, origins)


def test_what_one_view_is_near_to_the_other_view_may_not_be_held_against() -> None:
    """Frames 0 and 1 are one scene's; picture 2 is a near-duplicate of frame 1 alone."""
    judge = torch.tensor([[1.0, 0, 0], [0, 1.0, 0], [0, 1.0, 0], [0, 0, 1.0]])
    origins = PictureOrigins(torch.tensor([0, 0, 1, 2]), torch.tensor([0, 0, 1, 2]))
    mined = mine(judge, judge, origins, LIMIT, 3)
    assert mined.duplicates.tolist() == [1 * 4 + 2, 2 * 4 + 1]
    strangers = mined.strangers(torch.tensor([0, 2, 3]), torch.tensor([1, 2, 3]), origins)
    assert strangers.tolist() == [[False, False, True], [False, False, True], [True, True, False]]


def test_a_judge_that_knows_nothing_leaves_most_their_negatives() -> None:
    rows, _, _ = world(3, 60)
    alike = torch.ones(60, 1)
    mined = mine(rows, alike, PictureOrigins(torch.arange(60), torch.arange(60)), LIMIT, 5)
    assert float((mined.nearest >= 0).all(dim=1).float().mean()) > 0.5
    assert len(mined.duplicates) <= 2 * 60 * mining.MAX_NEAR_DUPLICATES


@given(seeds, sizes, st.integers(1, 5))
def test_an_order_has_every_picture_once_and_no_false_negative_in_a_group(
    seed: int, pictures: int, size: int
) -> None:
    rows, judge, origins = world(seed, pictures)
    mined = mine(rows, judge, origins, LIMIT, 6)
    groups = mining.hard_groups(mined, origins, size, RandomDraws(seed, 1))
    assert sorted(picture for group in groups for picture in group) == list(range(pictures))
    for group in groups:
        assert len(group) <= size
        assert all(other in mined.nearest[group[0]] for other in group[1:])
        pairs = [(one, other) for one in group for other in group if one != other]
        assert not any(forbidden(one, other, judge, origins) for one, other in pairs)
    order = hard_order(mined, origins, size, RandomDraws(seed, 1))
    assert sorted(order.tolist()) == list(range(pictures))


def test_pictures_that_are_taken_for_each_other_come_together() -> None:
    """Twelve directions with two pictures near each: groups of two unite these."""
    middle = torch.eye(12).repeat_interleave(2, dim=0)
    rows = normalize(middle + 0.05 * torch.randn(24, 12, generator=torch.Generator().manual_seed(0)))
    origins = PictureOrigins(torch.arange(24), torch.arange(24))
    mined = mine(rows, torch.eye(24), origins, LIMIT, 3)
    order = hard_order(mined, origins, 2, RandomDraws(0, 0)).reshape(-1, 2)
    assert torch.equal(order[:, 0] // 2, order[:, 1] // 2)


def test_before_anything_is_mined_the_order_is_chance() -> None:
    origins = PictureOrigins(torch.arange(9), torch.arange(9))
    order = hard_order(MinedNegatives.nothing(9), origins, 4, RandomDraws(2, 3))
    assert sorted(order.tolist()) == list(range(9))
    assert not torch.equal(order, hard_order(MinedNegatives.nothing(9), origins, 4, RandomDraws(2, 4)))
