"""The filter's features through OpenVINO against torch, the grey-scale network, and clips of a drawn film."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
import torch

from cbvir_core.embed.networks import load_network
from cbvir_core.embed.preprocess import prepare
from cbvir_core.errors import InputError, NotAVideo, WeightsMismatch
from cbvir_core.sequences import CLIP_STEPS, are_unit_rows, read_clip_features
from cbvir_core.sequences.c3d import C3D, C3D_INPUT
from cbvir_core.sequences.complexity import model_costs
from cbvir_core.sequences.feature_encoder import FeatureEncoder
from cbvir_core.sequences.feature_network import FeatureNetwork, count_parameters, grey_network, load_features
from cbvir_core.types import Floats, Image
from support.conversions import encoder_cache
from support.films import draw_film
from support.networks import painted


def cosines(one: Floats, other: Floats) -> Floats:
    lengths = np.linalg.norm(one, axis=1) * np.linalg.norm(other, axis=1)
    return np.asarray((one * other).sum(axis=1) / lengths, np.float32)


def test_features_are_those_of_the_network_before_whitening(filter_file: Path) -> None:
    images = painted(1, 3)
    encoder = FeatureEncoder(filter_file, cache=encoder_cache())
    rows = encoder.encode(images)
    network = load_network(filter_file)
    batch = torch.from_numpy(np.stack([prepare(image, (96, 96), encoder.preprocess) for image in images]))
    with torch.no_grad():
        pooled = network.pool(network.features(batch)).numpy()
    assert rows.shape == (3, encoder.dim) == (3, 1280)
    assert (cosines(rows, pooled) > 0.998).all()
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), np.linalg.norm(pooled, axis=1), rtol=0.03)
    assert not are_unit_rows(rows)
    again = FeatureEncoder(filter_file, cache=encoder_cache())  # converted before
    np.testing.assert_allclose(again.encode(images), rows, rtol=1e-4, atol=1e-4)
    assert encoder.encode([]).shape == (0, 1280)


def test_the_grey_network_computes_what_the_colour_network_does_of_a_grey_picture(filter_file: Path) -> None:
    colour = load_features(filter_file)
    grey = grey_network(colour)
    plane = torch.rand(2, 1, 96, 96, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        torch.testing.assert_close(grey(plane), colour(plane.expand(-1, 3, -1, -1)), rtol=1e-3, atol=1e-4)
    assert count_parameters(colour) - count_parameters(grey) == 576
    with pytest.raises(WeightsMismatch, match="three channels"):
        grey_network(grey)


def test_the_grey_encoder_sees_no_colour(filter_file: Path) -> None:
    encoder = FeatureEncoder(filter_file, grey=True, cache=encoder_cache())
    (picture,) = painted(3, 1)
    luma = np.rint(picture @ np.array([0.299, 0.587, 0.114], np.float32)).astype(np.uint8)
    rows = encoder.encode([picture, np.repeat(luma[:, :, None], 3, axis=2)])
    np.testing.assert_allclose(rows[0], rows[1], rtol=0.02, atol=0.02)


@dataclass
class Brightness:
    """Features that tell which frames were asked for: the mean brightness, and how many there were."""

    dim: int = 2
    asked: list[int] = field(default_factory=list)

    def encode(self, images: Sequence[Image]) -> Floats:
        self.asked.append(len(images))
        return np.array([[image.mean(), len(images)] for image in images], np.float32)


def test_a_film_becomes_clips_of_sixteen_frames(tmp_path: Path) -> None:
    film = draw_film(tmp_path / "film.mp4", seed=5, shots=6, size=(128, 72), rate=12)
    encoder = Brightness()
    clips = list(read_clip_features(film.path, encoder, chunk_s=5.0))
    assert len(clips) == max(1, round(film.duration_s / 5.0))
    assert clips[0].span[0] == 0.0
    assert clips[-1].span[1] == pytest.approx(film.duration_s, abs=0.2)
    assert all(clip.features.shape == (CLIP_STEPS, 2) for clip in clips)
    assert max(encoder.asked) <= CLIP_STEPS
    (whole,) = read_clip_features(film.path, Brightness(), chunk_s=1e9, steps=4)
    assert whole.features.shape == (4, 2)


def test_a_clip_of_few_frames_repeats_them(tmp_path: Path) -> None:
    film = draw_film(tmp_path / "short.mp4", seed=6, shots=1, size=(128, 72), rate=2)
    encoder = Brightness()
    (clip,) = read_clip_features(film.path, encoder, chunk_s=1e9, steps=40)
    assert clip.features.shape == (40, 2)
    assert encoder.asked[0] < 40  # each frame was described once
    assert np.isfinite(clip.features).all()


def test_files_without_frames_are_errors(tmp_path: Path) -> None:
    path = tmp_path / "none.mp4"
    path.write_bytes(b"no video")
    with pytest.raises((NotAVideo, InputError)):
        list(read_clip_features(path, Brightness()))


def test_the_3d_cnn_has_the_size_that_its_layers_add_up_to() -> None:
    """Weights and biases of eight convolutions, and of a layer of 512 x 1 x 7 x 7 features to 256."""
    convolutions = 27 * (3 * 64 + 64 * 128 + 128 * 256 + 256 * 256 + 256 * 512 + 3 * 512 * 512)
    biases = 64 + 128 + 2 * 256 + 4 * 512
    network = C3D()
    assert count_parameters(network) == convolutions + biases + 512 * 7 * 7 * 256 + 256
    small = C3D(width=5, clip=(16, 32, 32)).eval()
    with torch.no_grad():
        assert small(torch.zeros(2, 3, 16, 32, 32)).shape == (2, 5)
    with pytest.raises(ValueError, match="too small"):
        C3D(clip=(8, 112, 112))
    assert C3D_INPUT == (16, 224, 224)


def test_what_both_models_cost(filter_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cbvir_core.sequences.complexity.TIMED_RUNS", 1)
    monkeypatch.setattr("cbvir_core.sequences.c3d.C3D_CHANNELS", ((2,), (2,), (2, 2), (2, 2), (2, 2)))
    monkeypatch.setattr("cbvir_core.sequences.complexity.C3D_INPUT", (16, 64, 64))
    monkeypatch.setattr("cbvir_core.sequences.complexity.C3D", lambda: C3D(clip=(16, 64, 64)))
    monkeypatch.setattr("cbvir_core.sequences.complexity.blank_clip", lambda: torch.zeros(1, 3, 16, 64, 64))
    ticks = iter(range(100))
    flat, solid = model_costs(filter_file, clock=lambda: float(next(ticks)))
    assert (flat.model, solid.model) == ("2D CNN + LSTM", "3D CNN")
    lstm = 4 * 256 * (1280 + 256 + 2)
    assert flat.parameters == count_parameters(load_features(filter_file)) + lstm
    assert flat.size_bytes == 4 * flat.parameters
    assert (flat.clip_s, solid.clip_s) == (1.0, 1.0)
    assert isinstance(load_features(filter_file), FeatureNetwork)
