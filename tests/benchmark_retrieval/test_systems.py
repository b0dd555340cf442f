"""Descriptors and the systems that use them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from bench.retrieval.descriptors import HistogramDescriptor, NetworkDescriptor, PerceptualHash, random_weights
from bench.retrieval.evaluate import judge, plain
from bench.retrieval.questions import BenchmarkQuery, CorpusEntry, RetrievalCorpus
from bench.retrieval.systems import DescribedSystem, ExactGallery, Ranking, RetrievalSystem
from cbvir_core.search import REFINE_SCALE
from cbvir_core.search.shortlist import MIN_SHORTLISTED
from cbvir_core.search.variants import Variant
from cbvir_core.types import Image, Rows
from cbvir_core.weights import fingerprint

GREY = np.full((8, 8, 3), 128, np.uint8)


class Looked:
    """An encoder that takes the row of a picture from its first pixel."""

    dim = 2
    fingerprint = "looked"
    delay = None

    def encode(self, images: Sequence[Image]) -> Rows:
        angles = np.array([image[0, 0, 0] for image in images]) / 100
        return np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)


def unit(rows: Rows) -> Rows:
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)


def drawn(seed: int) -> Image:
    return np.random.default_rng(seed).integers(0, 256, (90, 160, 3), np.uint8)


@pytest.mark.parametrize("descriptor", [HistogramDescriptor(), PerceptualHash()])
def test_rows_are_unit_and_a_picture_is_nearest_to_itself(
    descriptor: HistogramDescriptor | PerceptualHash,
) -> None:
    rows = descriptor.describe([drawn(1), drawn(2)])
    assert rows.dtype == np.float32
    assert np.allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-6)
    assert rows[0] @ rows[1] < 0.99


def test_inner_product_of_hashes_is_their_hamming_distance() -> None:
    first, second = PerceptualHash().describe([drawn(1), drawn(2)])
    assert first.shape == (256,)
    hamming = int((np.sign(first) != np.sign(second)).sum())
    assert first @ second == pytest.approx(1 - 2 * hamming / 256)
    assert (first > 0).sum() == 128, "the median halves the bits"


def test_random_weights_are_the_same_for_the_same_seed(tmp_path: Path) -> None:
    made = []
    for name, seed in (("a", 4), ("b", 4), ("c", 5)):
        (tmp_path / name).mkdir()
        made.append(fingerprint(random_weights(tmp_path / name, seed)))
    assert made[0] == made[1] != made[2]


def test_exact_gallery_is_a_full_sort() -> None:
    rng = np.random.default_rng(0)
    corpus, queries = (unit(rng.standard_normal((count, 16), np.float32)) for count in (40, 3))
    for query, (rows, distances) in zip(queries, ExactGallery(corpus).nearest(queries, 7), strict=True):
        slow = np.linalg.norm(corpus - query, axis=1)
        assert rows.tolist() == np.argsort(slow)[:7].tolist()
        assert np.allclose(distances, np.sort(slow)[:7], atol=1e-3)


def test_a_filter_ranks_the_whole_corpus_by_its_best_variant() -> None:
    rows = np.eye(4, dtype=np.float32)
    answering = DescribedSystem(RetrievalSystem("filter", HistogramDescriptor()), [rows])
    queries = unit(np.array([[1, 0.2, 0, 0], [0, 0, 1, 0.5]], np.float32))
    ranking = answering.answer([Variant("plain", GREY), Variant("mirrored", GREY)], queries)
    assert ranking.entries.tolist() == [0, 2, 3, 1]
    assert ranking.scores[0] == pytest.approx(1 / np.sqrt(1.04))


def test_refinement_orders_the_shortlist_of_the_filter() -> None:
    count = 2 * MIN_SHORTLISTED
    angles = np.linspace(0, 1.5, count)
    by_filter = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)
    by_solar = by_filter[::-1].copy()  # what the filter finds far away, SOLAR finds near
    system = RetrievalSystem("both", HistogramDescriptor(), NetworkDescriptor("solar", Looked()))
    query = np.zeros((8, 8, 3), np.uint8)
    ranking = DescribedSystem(system, [by_filter, by_solar]).answer([Variant("plain", query)], by_filter[:1])
    assert sorted(ranking.entries.tolist()) == list(range(MIN_SHORTLISTED)), (
        "the filter's nearest, and no other"
    )
    assert ranking.entries[0] == MIN_SHORTLISTED - 1, "of those SOLAR's nearest comes first"
    best = np.array([by_solar[MIN_SHORTLISTED - 1, 0]])
    assert ranking.scores[0] == pytest.approx(REFINE_SCALE.score(best)[0])


def test_an_answer_is_judged_by_its_first_entry_and_all_right_scenes() -> None:
    corpus = RetrievalCorpus(
        [CorpusEntry("a1", GREY, "a", 0, 2), CorpusEntry("a2", GREY, "a", 4, 6), CorpusEntry("x", GREY)]
    )
    query = BenchmarkQuery("asked", "crop", "a", GREY, "a", 5.0)
    outcome = judge(query, Ranking(np.array([0, 2, 1]), np.array([0.9, 0.8, 0.7])), corpus)
    assert (outcome.score, outcome.video, outcome.scene) == (0.9, True, False)
    assert outcome.precision == pytest.approx(1 / 3)


def test_without_variants_the_picture_alone_is_looked_for() -> None:
    (variant,) = plain(np.zeros((600, 1200, 3), np.uint8))
    assert variant.image.shape == (256, 512, 3)
