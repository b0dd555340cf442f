"""The released protocol against the rule of SOLAR's authors, written down here with Pillow and torch."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image as Pillow
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from cbvir_core.decode import shrink_lanczos
from cbvir_core.embed import NetworkEncoder, ProtocolEncoder, ReleasedProtocol, RuntimeOptions
from cbvir_core.embed.networks import Network, load_network
from cbvir_core.embed.protocol import aggregate
from cbvir_core.types import Image, Rows
from support.networks import painted, seeded_solar

TORCH = RuntimeOptions(runtime="torch", device="cpu")
PROTOCOL = ReleasedProtocol(long_side=160)


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return seeded_solar(tmp_path_factory.mktemp("protocol") / "solar.safetensors")


def released(network: Network, image: Image, long_side: int) -> Rows:
    """Describe a picture by the rule of the release."""
    picture = Pillow.fromarray(image)
    picture.thumbnail((long_side, long_side), Pillow.Resampling.LANCZOS)
    tensor = torch.from_numpy(np.array(picture)).permute(2, 0, 1).float() / 255
    mean, std = (torch.tensor(one).view(3, 1, 1) for one in ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)))
    one = ((tensor - mean) / std)[None]
    total: Tensor = torch.zeros(1)
    with torch.no_grad():
        for scale in (1, 2**0.5, 2**-0.5):
            scaled = F.interpolate(one, scale_factor=scale, mode="bilinear", align_corners=False)
            total = total + network(scaled)[0]
    row = total / 3
    return np.asarray((row / row.norm()).numpy(), np.float32)


@pytest.mark.parametrize("size", [(200, 311), (90, 133), (160, 100)])
def test_descriptors_are_those_of_the_release(weights: Path, size: tuple[int, int]) -> None:
    images = [np.ascontiguousarray(np.resize(image, (*size, 3))) for image in painted(2, 2)]
    network = load_network(weights)
    rows = ProtocolEncoder(weights, "refine", PROTOCOL, TORCH).encode(images)
    expected = np.stack([released(network, image, PROTOCOL.long_side) for image in images])
    assert ((rows * expected).sum(1) > 0.99).all()
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-5)


def test_no_picture_is_enlarged_and_no_side_rounded() -> None:
    small = np.zeros((50, 71, 3), np.uint8)
    assert shrink_lanczos(small, 160) is small
    assert shrink_lanczos(np.zeros((311, 200, 3), np.uint8), 160).shape == (160, 103, 3)


def test_it_is_another_input_than_cbvirs(weights: Path) -> None:
    image = painted(4, 1)[0][:90, :133]
    own = NetworkEncoder(weights, "refine", TORCH)
    other = ProtocolEncoder(weights, "refine", PROTOCOL, TORCH)
    assert own.fingerprint != other.fingerprint
    assert float((own.encode([image]) * other.encode([image])).sum()) < 0.999
    assert other.encode([]).shape == (0, other.dim)


def test_rows_of_scales_become_one() -> None:
    rows = np.array([[1, 0], [0.5, 0.5]], np.float32)
    np.testing.assert_allclose(aggregate(rows, "mean"), [0.75, 0.25])
    np.testing.assert_allclose(
        aggregate(rows, "gem"), [(1.125 / 2) ** (1 / 3), (0.125 / 2) ** (1 / 3)], rtol=1e-4
    )
    assert "at most 160 px" in str(PROTOCOL)
