"""The seeded networks of other tests: they find copies, and the seed decides their weights."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from cbvir_core.embed import NetworkEncoder, RuntimeOptions
from cbvir_core.types import Image
from cbvir_core.weights import fingerprint
from support.networks import make_filter, painted, seeded_filter


def reencoded(image: Image) -> Image:
    """Return the picture as JPEG keeps it."""
    data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 60])[1]
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)


def test_copies_are_nearer_than_other_pictures(filter_file: Path, solar_file: Path, cache: Path) -> None:
    originals = painted(21, 40, 320, 180)
    copies = [reencoded(original) for original in originals]
    smaller = [
        np.asarray(cv2.resize(p, (200, 112), interpolation=cv2.INTER_AREA), np.uint8) for p in originals
    ]
    for encoder in (
        NetworkEncoder(filter_file, "filter", RuntimeOptions(cache=cache)),
        NetworkEncoder(solar_file, "refine", RuntimeOptions(cache=cache)),
    ):
        rows = encoder.encode(originals)
        for edited in (copies, smaller):
            nearest = (encoder.encode(edited) @ rows.T).argmax(axis=1)
            np.testing.assert_array_equal(nearest, np.arange(len(originals)))


def test_the_seed_decides(tmp_path: Path, filter_file: Path) -> None:
    make_filter(tmp_path / "same", seed=0)
    assert fingerprint(tmp_path / "same") == fingerprint(filter_file)
    assert fingerprint(seeded_filter(tmp_path / "other", seed=1)) != fingerprint(filter_file)
