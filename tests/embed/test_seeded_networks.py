"""The networks that other tests lean on: copies are found, and the seed decides."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from cbvir_core.embed import NetworkEncoder, RuntimeOptions
from cbvir_core.weights import fingerprint
from support.networks import painted, seeded_filter


def test_copies_are_nearer_than_other_pictures(filter_file: Path, solar_file: Path, cache: Path) -> None:
    originals = painted(21, 40, 320, 180)
    copies = [cv2.imdecode(cv2.imencode(".jpg", p, [cv2.IMWRITE_JPEG_QUALITY, 60])[1], 1) for p in originals]
    smaller = [cv2.resize(p, (200, 112), interpolation=cv2.INTER_AREA) for p in originals]
    for encoder in (
        NetworkEncoder(filter_file, "filter", RuntimeOptions(cache=cache)),
        NetworkEncoder(solar_file, "refine", RuntimeOptions(cache=cache)),
    ):
        rows = encoder.encode(originals)
        for edited in (copies, smaller):
            nearest = (encoder.encode(edited) @ rows.T).argmax(axis=1)
            np.testing.assert_array_equal(nearest, np.arange(len(originals)))


def test_the_seed_decides(tmp_path: Path, filter_file: Path) -> None:
    assert fingerprint(seeded_filter(tmp_path / "same")) == fingerprint(filter_file)
    assert fingerprint(seeded_filter(tmp_path / "other", seed=1)) != fingerprint(filter_file)
