"""The accuracy of networks in bf16: the probes, and the worst cosine over them."""

from __future__ import annotations

import numpy as np
import pytest

from cbvir_core.embed.precision import PROBE_COUNT, probes, worst_cosine
from cbvir_core.embed.preprocess import Batch
from cbvir_core.types import Rows
from cbvir_core.weights import Preprocess


def test_probes_are_smooth_and_always_the_same() -> None:
    first, second = probes(), probes()
    assert len(first) == PROBE_COUNT
    for one, other in zip(first, second, strict=True):
        np.testing.assert_array_equal(one, other)
        assert one.dtype == np.uint8
        steps = np.abs(np.diff(one.astype(float), axis=0)).mean()
        assert 0 < steps < 0.3 * one.std()


@pytest.mark.parametrize("seen", [Preprocess(64, 96), Preprocess(long_side=512)])
def test_the_worst_probe_counts(seen: Preprocess) -> None:
    def exact(batch: Batch) -> Rows:
        return np.tile(np.asarray([1, 0], np.float32), (len(batch), 1))

    def rounded(batch: Batch) -> Rows:
        rows = exact(batch)
        rows[3] = 0.8, 0.6
        return rows

    assert worst_cosine(exact, exact, seen) == pytest.approx(1)
    assert worst_cosine(exact, rounded, seen) == pytest.approx(0.8)
