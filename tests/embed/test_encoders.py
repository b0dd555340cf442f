"""Encoders: OpenVINO against torch, threads, shapes, scales, the cache, and what is refused."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from cbvir_core.embed import NetworkEncoder, RuntimeOptions, openvino_runtime
from cbvir_core.embed.networks import load_network
from cbvir_core.embed.openvino_runtime import convert_network
from cbvir_core.embed.precision import MIN_BF16_COSINE
from cbvir_core.embed.preprocess import prepare
from cbvir_core.errors import ConfigError, WeightsMismatch, WeightsMissing
from cbvir_core.types import Image, Rows
from cbvir_core.weights import ROLES, Preprocess, fingerprint, read_weights, write_weights
from support.networks import seeded_solar
from support.tiny_network import registered, tiny_file


def cosines(a: Rows, b: Rows) -> Rows:
    return np.asarray((a * b).sum(axis=1))


def test_filter_agrees_with_float32_torch(filter_file: Path, pictures: list[Image], cache: Path) -> None:
    fast = NetworkEncoder(filter_file, "filter", RuntimeOptions(runtime="openvino", cache=cache))
    truth = NetworkEncoder(filter_file, "filter", RuntimeOptions(runtime="torch", device="cpu"))
    assert fast.fingerprint == truth.fingerprint == fingerprint(filter_file)
    assert fast.dim == truth.dim == 64
    assert cosines(fast.encode(pictures), truth.encode(pictures)).min() >= 0.99


def test_solar_agrees_with_float32_torch(solar_file: Path, pictures: list[Image], cache: Path) -> None:
    fast = NetworkEncoder(solar_file, "refine", RuntimeOptions(runtime="openvino", cache=cache))
    truth = NetworkEncoder(solar_file, "refine", RuntimeOptions(runtime="torch", device="cpu"))
    assert fast.dim == truth.dim == 512
    assert cosines(fast.encode(pictures), truth.encode(pictures)).min() >= 0.99


def test_solar_on_mobilenet_agrees_with_float32_torch(
    pictures: list[Image], cache: Path, tmp_path: Path
) -> None:
    """The file is in float16, as the built-in one; random attention blocks change the features."""
    weights = seeded_solar(tmp_path / "float32", "mobilenet_v2")
    header, state = read_weights(weights)
    halves = {name: value.half() if value.is_floating_point() else value for name, value in state.items()}
    write_weights(tmp_path / "float16", halves, header)
    assert (tmp_path / "float16").stat().st_size < 25_000_000
    options = RuntimeOptions(runtime="openvino", cache=cache)
    fast = NetworkEncoder(tmp_path / "float16", "refine", options)
    truth = NetworkEncoder(weights, "refine", RuntimeOptions(runtime="torch", device="cpu"))
    assert fast.dim == truth.dim == 1280
    assert cosines(fast.encode(pictures), truth.encode(pictures)).min() >= 0.99


@pytest.mark.skipif(not openvino_runtime.has_bf16(), reason="this processor has no bf16")
@pytest.mark.parametrize(("kept", "precision"), [(1.0, "bf16"), (MIN_BF16_COSINE - 1e-4, "f32")])
def test_bf16_is_used_where_the_network_stands_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kept: float, precision: str
) -> None:
    monkeypatch.setattr(openvino_runtime, "worst_cosine", lambda *_: kept)
    monkeypatch.setattr(
        openvino_runtime, "convert_network", convert_network
    )  # without the note of another run
    with registered("filter"):
        file = tiny_file(tmp_path / "tiny.safetensors")
        runner = openvino_runtime.OpenVinoRunner(file, fingerprint(file))
    assert runner.precision == precision


def test_torch_runs_the_network_as_it_is(filter_file: Path, pictures: list[Image]) -> None:
    encoder = NetworkEncoder(filter_file, "filter", RuntimeOptions(runtime="torch", device="cpu"))
    seen = np.stack([prepare(picture, (96, 96), encoder.header.preprocess) for picture in pictures])
    with torch.inference_mode():
        expected = load_network(filter_file)(torch.from_numpy(seen)).numpy()
    np.testing.assert_allclose(encoder.encode(pictures), expected, atol=1e-4)


@pytest.mark.parametrize("runtime", ["openvino", "torch"])
def test_rows_are_unit_float32_and_in_order(
    filter_file: Path, pictures: list[Image], cache: Path, runtime: str
) -> None:
    encoder = NetworkEncoder(
        filter_file, "filter", RuntimeOptions(runtime=runtime, device="cpu", cache=cache)
    )
    rows = encoder.encode(pictures)
    assert rows.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-5)
    one_by_one = np.concatenate([encoder.encode([picture]) for picture in pictures])
    assert cosines(rows, one_by_one).min() > 0.999
    assert encoder.encode([]).shape == (0, encoder.dim)


def test_solar_keeps_the_order_of_mixed_shapes(solar_file: Path, pictures: list[Image], cache: Path) -> None:
    encoder = NetworkEncoder(solar_file, "refine", RuntimeOptions(cache=cache))
    shuffled = np.random.default_rng(0).permutation(len(pictures))
    rows = encoder.encode(pictures)
    again = encoder.encode([pictures[n] for n in shuffled])
    assert cosines(rows[shuffled], again).min() > 0.999


def test_scales_are_averaged_and_change_the_fingerprint(
    solar_file: Path, pictures: list[Image], cache: Path
) -> None:
    single = NetworkEncoder(solar_file, "refine", RuntimeOptions(cache=cache))
    own = single.header.preprocess

    def changed(preprocess: Preprocess) -> NetworkEncoder:
        return NetworkEncoder(solar_file, "refine", RuntimeOptions(cache=cache), preprocess=preprocess)

    half = changed(replace(own, scales=(0.5,)))
    both = changed(replace(own, scales=(1.0, 0.5)))
    small = changed(replace(own, long_side=96))
    same = changed(Preprocess(long_side=160, scales=(1.0,)))
    assert len({encoder.fingerprint for encoder in (single, half, both, small)}) == 4
    assert same.fingerprint == single.fingerprint
    total = single.encode(pictures) + half.encode(pictures)
    expected = total / np.linalg.norm(total, axis=1, keepdims=True)
    assert cosines(both.encode(pictures), expected).min() > 0.999


def test_threads_share_an_encoder(filter_file: Path, pictures: list[Image], cache: Path) -> None:
    encoder = NetworkEncoder(filter_file, "filter", RuntimeOptions(cache=cache))
    expected = encoder.encode(pictures)
    answers: list[float] = []

    def work(turn: int) -> None:
        for n in range(turn, turn + 6):
            chosen = [pictures[(n + k) % len(pictures)] for k in range(3)]
            rows = encoder.encode(chosen)
            wanted = expected[[(n + k) % len(pictures) for k in range(3)]]
            answers.append(float(cosines(rows, wanted).min()))

    threads = [threading.Thread(target=work, args=(turn,)) for turn in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 24
    assert min(answers) > 0.999


def test_a_kept_conversion_gives_the_same_rows_without_torch(
    filter_file: Path, pictures: list[Image], cache: Path, tmp_path: Path
) -> None:
    """It also checks that OpenVINO does not report to its makers, which would write to the home folder."""
    first = NetworkEncoder(filter_file, "filter", RuntimeOptions(runtime="openvino", cache=cache)).encode(
        pictures[:2]
    )
    np.save(tmp_path / "pictures.npy", np.stack(pictures[:2]))
    script = (
        "import sys, numpy as np, pathlib\n"
        "from cbvir_core.embed import NetworkEncoder, RuntimeOptions\n"
        "weights, cache, folder = map(pathlib.Path, sys.argv[1:])\n"
        "options = RuntimeOptions(runtime='openvino', cache=cache)\n"
        "encoder = NetworkEncoder(weights, 'filter', options)\n"
        "np.save(folder / 'rows.npy', encoder.encode(list(np.load(folder / 'pictures.npy'))))\n"
        "sys.exit(3 if 'torch' in sys.modules else 0)\n"
    )
    (tmp_path / "home").mkdir()
    command = [sys.executable, "-c", script, str(filter_file), str(cache), str(tmp_path)]
    root, environment = Path(__file__).resolve().parents[2], os.environ | {"HOME": str(tmp_path / "home")}
    assert subprocess.run(command, cwd=root, env=environment, check=False).returncode == 0
    np.testing.assert_array_equal(np.load(tmp_path / "rows.npy"), first)
    assert list((tmp_path / "home").iterdir()) == []
    assert sys.modules["openvino_telemetry"] is None, "neither when converting, which this process did"


def test_a_spoilt_cache_is_done_without_and_mended(pictures: list[Image], tmp_path: Path) -> None:
    file, cache = tiny_file(tmp_path / "tiny.safetensors"), tmp_path / "cache"
    options = RuntimeOptions(runtime="openvino", cache=cache)
    with registered("filter"):
        expected = NetworkEncoder(file, "filter", options).encode(pictures[:1])
        (kept,) = cache.iterdir()
        (kept / "network.xml").write_text("<broken")
        again = NetworkEncoder(file, "filter", options).encode(pictures[:1])
    np.testing.assert_array_equal(again, expected)
    assert (kept / "network.xml").stat().st_size > 1000


def test_a_cache_that_cannot_be_written_is_done_without(tmp_path: Path) -> None:
    file = tiny_file(tmp_path / "tiny.safetensors")
    (tmp_path / "file").write_text("in the way")
    options = RuntimeOptions(runtime="openvino", cache=tmp_path / "file")
    with registered("filter"):
        assert NetworkEncoder(file, "filter", options).dim == 16


def test_the_wrong_network_is_refused(filter_file: Path, solar_file: Path, tmp_path: Path) -> None:
    with pytest.raises(WeightsMismatch, match="solar-resnet18 is no filter"):
        NetworkEncoder(solar_file, "filter")
    with pytest.raises(WeightsMismatch, match="mobilenet_v2 is no refine"):
        NetworkEncoder(filter_file, "refine")
    with pytest.raises(WeightsMissing):
        NetworkEncoder(tmp_path / "nothing.safetensors", "filter")
    header, state = read_weights(filter_file)
    write_weights(tmp_path / "lie", state, replace(header, architecture="solar-resnet18"))
    with pytest.raises(WeightsMismatch, match="not the weights of solar-resnet18"):
        NetworkEncoder(tmp_path / "lie", "refine")


@pytest.mark.parametrize(
    "options",
    [{"runtime": "tpu"}, {"device": "gpu"}, {"runtime": "openvino", "device": "cuda"}, {"threads": 0}],
)
def test_options_that_cannot_be(filter_file: Path, options: dict[str, Any]) -> None:
    with pytest.raises(ConfigError):
        NetworkEncoder(filter_file, "filter", RuntimeOptions(**options))


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has CUDA")
def test_cuda_that_is_not_there(filter_file: Path) -> None:
    with pytest.raises(ConfigError, match="no CUDA device"):
        NetworkEncoder(filter_file, "filter", RuntimeOptions(device="cuda"))


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device here")
def test_cuda_agrees_with_float32_torch(filter_file: Path, solar_file: Path, pictures: list[Image]) -> None:
    for role, weights in zip(ROLES, (filter_file, solar_file), strict=True):
        fast = NetworkEncoder(weights, role, RuntimeOptions(device="cuda"))
        truth = NetworkEncoder(weights, role, RuntimeOptions(device="cpu", runtime="torch"))
        assert cosines(fast.encode(pictures), truth.encode(pictures)).min() >= 0.99
