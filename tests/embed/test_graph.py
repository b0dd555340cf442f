"""Networks built for OpenVINO without torch: the same rows as torch's, the same refusals."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from cbvir_core.embed import openvino_runtime
from cbvir_core.embed.graph import build_graph
from cbvir_core.embed.networks import ViewNetwork, load_network
from cbvir_core.embed.runtime import TorchRunner
from cbvir_core.errors import WeightsMismatch
from cbvir_core.weights import find_profile, read_header, read_weights, write_weights
from support.networks import seeded_filter, seeded_solar
from support.tiny_network import registered, tiny_file

BUILTIN = find_profile("builtin", None)
assert BUILTIN.refine is not None

MAKERS: dict[str, Callable[[Path], Path]] = {
    "built-in filter": lambda _folder: BUILTIN.filter,
    "built-in SOLAR": lambda _folder: BUILTIN.refine or BUILTIN.filter,
    "filter without whitening": lambda folder: seeded_filter(folder / "filter"),
    "SOLAR on ResNet18": lambda folder: seeded_solar(folder / "solar"),
    "SOLAR on ResNet50": lambda folder: seeded_solar(folder / "solar", "resnet50"),
}

WITHOUT_TORCH = """
import sys
sys.modules["torch"] = sys.modules["torchvision"] = None  # importing either fails
from pathlib import Path
import numpy as np
from cbvir_core.embed import NetworkEncoder, ViewEncoder, RuntimeOptions
from cbvir_core.weights import find_profile

profile, options = find_profile("builtin", None), RuntimeOptions(device="cpu", cache=Path(sys.argv[1]))
picture = np.random.default_rng(0).integers(0, 255, (90, 160, 3), np.uint8)
rows = [
    NetworkEncoder(profile.filter, "filter", options).encode([picture]),
    NetworkEncoder(profile.refine, "refine", options).encode([picture]),
    ViewEncoder(profile.filter, options).encode([picture])[0],
]
print([row.shape for row in rows], all(abs(np.linalg.norm(row, axis=-1) - 1).max() < 1e-3 for row in rows))
"""


@pytest.mark.parametrize("views", [False, True])
@pytest.mark.parametrize("maker", MAKERS)
def test_rows_are_those_of_torch(maker: str, views: bool, tmp_path: Path) -> None:
    weights = MAKERS[maker](tmp_path)
    model = build_graph(weights, views=views)
    assert model is not None
    request = openvino_runtime.compile_network(model, "f32").create_infer_request()
    network = ViewNetwork(load_network(weights)) if views else load_network(weights)
    truth = TorchRunner(network.eval(), "cpu")
    for height, width in ((96, 160), (224, 192)):
        batch = np.random.default_rng(height).normal(size=(2, 3, height, width)).astype(np.float32)
        np.testing.assert_allclose(openvino_runtime.infer(request, batch), truth.run(batch), atol=2e-5)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"features.3.conv.1.1.bias": None}, "features.3.conv.1.1.bias is missing"),
        ({"features.3.conv.1.1.bias": np.zeros(3, np.float32)}, "features.3.conv.1.1.bias has another shape"),
        ({"features.99.weight": np.zeros(3, np.float32)}, "features.99.weight does not belong"),
    ],
)
def test_weights_of_another_network_are_refused(
    change: dict[str, np.ndarray | None], says: str, tmp_path: Path
) -> None:
    _, state = read_weights(BUILTIN.filter)
    changed = {name: value for name, value in {**state, **change}.items() if value is not None}
    write_weights(tmp_path / "other", changed, read_header(BUILTIN.filter))
    with pytest.raises(WeightsMismatch, match=says):
        build_graph(tmp_path / "other")


def test_an_architecture_without_a_graph_is_torchs(tmp_path: Path) -> None:
    with registered("filter"):
        assert build_graph(tiny_file(tmp_path / "tiny")) is None


def test_the_built_in_networks_run_where_torch_cannot_be_imported(tmp_path: Path) -> None:
    for _ in range(2):  # made anew, and read from the cache
        done = subprocess.run(
            [sys.executable, "-c", WITHOUT_TORCH, str(tmp_path / "cache")], check=True, capture_output=True
        )
        assert done.stdout.decode().strip() == "[(1, 512), (1, 512), (5, 512)] True"
