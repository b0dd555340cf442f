"""Codes of views: how much of a descriptor they keep, what names the codec, and how it is learnt."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy
from hypothesis import given
from hypothesis import strategies as st

from cbvir_core.errors import ConfigError
from cbvir_core.index.codec_learning import CodecSizes, learn_codec
from cbvir_core.index.frame_codec import CODEC_FILE, FrameCodec, shipped_codec
from cbvir_core.types import Rows
from support.frame_codes import small_codec, unit_rows
from support.row_store import clustered, normalised

TINY = CodecSizes(dimensions=16, lists=8, quantisers=8)


def likely_descriptors(count: int, seed: int) -> Rows:
    """Return unit rows like those that the shipped codec was learnt from.

    They are near what the codes of random bytes stand for, with noise in all directions.
    """
    codec, rng = shipped_codec(), np.random.default_rng(seed)
    codes = rng.integers(0, 256, (count, codec.code_bytes), np.uint8)
    codes[:, 1] %= 4  # of 1,024 lists
    parts = safetensors.numpy.load_file(CODEC_FILE)
    decoded = normalised(codec.decode(codes)) @ parts["projection"].astype(np.float32)
    noise = rng.standard_normal(decoded.shape).astype(np.float32) / np.sqrt(decoded.shape[1])
    return normalised(parts["mean"].astype(np.float32) + decoded + 0.3 * noise)


@given(st.integers(1, 9), st.integers(1, 5), st.integers(0, 99))
def test_codes_of_the_shipped_codec_keep_descriptors(pictures: int, views: int, seed: int) -> None:
    codec = shipped_codec()
    rows = likely_descriptors(pictures * views, seed).reshape(pictures, views, -1)
    codes = codec.encode(rows)
    assert codes.shape == (pictures, views, codec.code_bytes)
    assert codes.dtype == np.uint8
    projected = codec.project(rows.reshape(pictures * views, -1))
    np.testing.assert_allclose(np.linalg.norm(projected, axis=1), 1, atol=1e-5)
    kept = (projected * normalised(codec.decode(codes.reshape(len(projected), -1)))).sum(axis=1)
    assert kept.min() > 0.85
    np.testing.assert_array_equal(codec.encode(rows[:, ::-1]), codes[:, ::-1])


def test_the_shipped_codec_has_34_bytes_for_a_descriptor_of_the_builtin_filter() -> None:
    codec = shipped_codec()
    assert codec.code_bytes == 34
    assert codec is shipped_codec()
    assert codec.encode(unit_rows(1, 0, dim=512)[np.newaxis]).shape == (1, 1, 34)


def test_similar_descriptors_stay_similar() -> None:
    """Cosines of a projected query and of decoded codes are near those of the projected descriptors."""
    codec, rows = shipped_codec(), likely_descriptors(300, 1)
    queries = normalised(rows[:50] + 0.3 * likely_descriptors(50, 2))
    projected, codes = codec.project(rows), codec.encode(rows[np.newaxis])[0]
    exact, coded = codec.project(queries) @ projected.T, codec.project(queries) @ codec.decode(codes).T
    assert np.abs(exact - coded).mean() < 0.03
    assert (coded.argmax(axis=1) == np.arange(50)).all()


def test_lists_take_codes_and_find_them(tmp_path: Path) -> None:
    codec = small_codec(tmp_path)
    rows, lists = unit_rows(40, 1), codec.empty_lists()
    assert lists.ntotal == 0
    codes = codec.encode(rows[np.newaxis])[0]
    lists.add_sa_codes(codes, np.arange(40))
    cosines, numbers = lists.search(codec.project(rows[:5]), 40, params=None)
    exact = codec.project(rows[:5]) @ codec.decode(codes).T
    for own, named, truth in zip(cosines, numbers, exact, strict=True):
        found = named >= 0
        np.testing.assert_allclose(own[found], truth[named[found]], atol=1e-5)


def test_a_zero_descriptor_has_a_code(tmp_path: Path) -> None:
    codec = small_codec(tmp_path)
    codes = codec.encode(np.zeros((1, 2, 12), np.float32))
    assert np.isfinite(codec.decode(codes[0])).all()


def test_the_file_names_the_codec(tmp_path: Path) -> None:
    one, other = small_codec(tmp_path), small_codec(tmp_path, seed=1)
    assert one.fingerprint != other.fingerprint
    again = FrameCodec(tmp_path / "codec-0.safetensors")
    assert again.fingerprint == one.fingerprint
    assert one.fingerprint.isascii()
    rows = unit_rows(20, 3)[np.newaxis]
    np.testing.assert_array_equal(again.encode(rows), one.encode(rows))
    assert (other.encode(rows) != one.encode(rows)).any()


def test_a_learnt_codec_keeps_what_it_was_learnt_from(tmp_path: Path) -> None:
    rows, path = clustered(600, dim=24), tmp_path / "codec.safetensors"
    learn_codec(rows, path, TINY)
    codec = FrameCodec(path)
    projected = codec.project(rows)
    kept = (projected * normalised(codec.decode(codec.encode(rows[np.newaxis])[0]))).sum(axis=1)
    assert kept.mean() > 0.95
    # The first 16 components have nearly all of the variance, so cosines of centred rows stay.
    centred = normalised(rows - rows.mean(axis=0))
    assert np.abs(centred @ centred[0] - projected @ projected[0]).mean() < 0.1
    tensors = safetensors.numpy.load_file(path)
    assert {name: part.dtype for name, part in tensors.items()} == dict.fromkeys(tensors, np.dtype("float16"))
    centroids = tensors["centroids"].astype(np.float32)
    np.testing.assert_allclose(np.linalg.norm(centroids, axis=1), 1, atol=1e-2)


def test_learning_repeats_itself(tmp_path: Path) -> None:
    rows = clustered(300, dim=24)
    for name, seed in (("one", 0), ("again", 0), ("other", 1)):
        learn_codec(rows, tmp_path / name, TINY, seed)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "again").read_bytes()
    assert (tmp_path / "one").read_bytes() != (tmp_path / "other").read_bytes()


def test_too_few_views_are_an_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="200 views"):
        learn_codec(clustered(200, dim=24), tmp_path / "codec", TINY)
    assert list(tmp_path.iterdir()) == []
