"""The ways to compare clips, on made features: what is right is found, and what is left out is not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bench.clips.questions import Piece
from bench.sequences.material import DescribedClips, SequenceMaterial, _shares
from bench.sequences.program import figures_of, table_by_kind, table_of, verdict
from bench.sequences.ways import (
    NOT_RANKED,
    all_ways,
    chamfer_score,
    chosen_threshold,
    mean_average_precision_of,
    path_score,
    unit,
)
from cbvir_core.sequences import SequenceModel, sequence_tensors
from cbvir_core.weights import Preprocess, WeightsHeader, write_weights

STEPS, DIM, VIEWS = 16, 6, 2


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> SequenceModel:
    rng, path = np.random.default_rng(0), tmp_path_factory.mktemp("w") / "s.safetensors"
    shapes: dict[str, tuple[int, ...]] = {"weight_ih_l0": (32, DIM), "weight_hh_l0": (32, 8)}
    shapes |= {"bias_ih_l0": (32,), "bias_hh_l0": (32,)}
    lstm = {name: rng.normal(scale=0.4, size=shape).astype(np.float32) for name, shape in shapes.items()}
    tensors = sequence_tensors(np.zeros(DIM, np.float32), np.ones(DIM, np.float32), lstm)
    details = {"filter": "f", "steps": STEPS}
    write_weights(path, tensors, WeightsHeader("cnn-lstm", "made", Preprocess(96, 96), details))
    return SequenceModel(path)


def material(noise: float = 0.05) -> SequenceMaterial:
    """Ten clips of the gallery, and a copy of each of the first four."""
    rng = np.random.default_rng(1)
    features = rng.normal(size=(10, STEPS, DIM)).astype(np.float32) + 2 * rng.normal(size=(10, 1, DIM))
    views = unit(rng.normal(size=(10, STEPS, VIEWS, 32)).astype(np.float32))

    def copied(
        values: np.ndarray[tuple[int, ...], np.dtype[np.float32]],
    ) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
        return np.asarray(values[:4] + noise * rng.normal(size=values[:4].shape), np.float32)

    gallery = DescribedClips(np.asarray(features, np.float32), views)
    queries = DescribedClips(copied(gallery.features), unit(copied(views)))
    return SequenceMaterial(queries, gallery, ("a", "a", "b", "b"), np.eye(4, 10, dtype=np.bool_))


def test_every_way_finds_a_copy_that_is_hardly_changed(model: SequenceModel) -> None:
    given = material()
    found = all_ways(given, model)
    assert len(found) == 8
    for name, own in figures_of(given, found).items():
        assert own["map"] == pytest.approx(1.0), name
        assert own["first"] == 1.0
        assert own["us_per_pair"] > 0
    assert found["LSTM"].bytes_per_clip == 8 * 4
    assert found["matrix, chamfer"].bytes_per_clip == STEPS * VIEWS * 32 * 4
    assert "no worse" in verdict(given, found)
    assert table_of(given, found).row_count == 8
    assert table_by_kind(given, found).row_count == 2


def test_copies_that_are_noise_are_not_found(model: SequenceModel) -> None:
    given = material(noise=50.0)
    for name, own in figures_of(given, all_ways(given, model)).items():
        assert own["map"] < 0.8, name


def test_re_ranking_leaves_clips_out(model: SequenceModel) -> None:
    found = all_ways(material(), model)
    values = found["mean pooled + PAR"].values
    assert (values == NOT_RANKED).sum() > 0
    assert np.isfinite(values[np.arange(4), np.arange(4)]).all()
    plain = found["mean pooled"].values
    kept = np.isfinite(values)
    np.testing.assert_allclose(values[kept], plain[kept], rtol=1e-5)


def test_a_clip_that_is_not_ranked_counts_as_not_found() -> None:
    relevant = np.array([[True, True, False]])
    assert mean_average_precision_of(np.array([[3.0, NOT_RANKED, 1.0]]), relevant) == pytest.approx(0.5)
    assert mean_average_precision_of(np.full((1, 3), NOT_RANKED), relevant) == 0.0
    assert chosen_threshold(np.zeros((0, 3), np.float32), np.ones((2, 3), np.float32), relevant[:0]) == -2.0


def test_scores_of_a_matrix() -> None:
    same = np.eye(STEPS, dtype=np.float32)
    assert path_score(same) == pytest.approx(path_score(same[:, ::-1]))
    assert (
        path_score(same)
        > path_score(np.roll(same, 8, axis=1))
        > path_score(np.zeros((4, 4), np.float32))
        == 0
    )
    assert chamfer_score(same) == 1.0


def test_which_chunks_hold_enough_of_a_piece() -> None:
    film = Path("a.mp4")
    piece = (Piece(film, 8.5, 16.5, 0.0),)
    assert not _shares(piece, film, (0.0, 10.0))  # 1.5 s
    assert _shares(piece, film, (10.0, 20.0))
    assert not _shares(piece, Path("b.mp4"), (10.0, 20.0))
    short = (Piece(film, 9.0, 11.0, 0.0),)
    assert _shares(short, film, (0.0, 10.0))
    assert _shares(short, film, (10.0, 20.0))
