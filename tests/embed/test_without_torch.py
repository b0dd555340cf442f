"""Without the extra ``torch``: one sentence names it.  With it: PyTorch stays in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from cbvir_core.embed import torch_work
from cbvir_core.errors import ModelError, PackageMissing, WeightsMissing, needs_torch
from cbvir_core.weights import fingerprint, read_header
from support.hidden_torch import hidden_torch
from support.networks import seeded_filter
from support.tiny_network import registered, tiny_file

ROOT = Path(__file__).resolve().parents[2]
SENTENCE = "This needs PyTorch: pip install 'cbvir[torch]'"

IMPORT = """
import sys
from pathlib import Path
from cbvir_core.embed import import_files

print(import_files("mine", [Path(sys.argv[1])], Path(sys.argv[2])).files[0].problem)
print("torch" in sys.modules)
"""


def run(*arguments: object, without_torch: bool = False) -> subprocess.CompletedProcess[str]:
    """Run Python with these arguments."""
    with hidden_torch() as folder:
        paths = [*([folder] if without_torch else []), ROOT, ROOT / "daemon", ROOT / "tests"]
        return subprocess.run(
            [sys.executable, *map(str, arguments)],
            env=os.environ | {"PYTHONPATH": os.pathsep.join(map(str, paths))},
            capture_output=True,
            text=True,
            check=False,
        )


@pytest.fixture(scope="module")
def given(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return seeded_filter(tmp_path_factory.mktemp("given") / "filter.safetensors")


@pytest.mark.parametrize(
    "arguments",
    [
        ("-m", "cbvir_core.train", "--help"),
        ("-m", "cbvir_core.evaluate", "complexity"),
    ],
)
def test_a_program_that_needs_it_says_so_in_one_sentence(arguments: tuple[str, ...]) -> None:
    done = run(*arguments, without_torch=True)
    assert done.returncode == 1
    assert done.stderr.strip().removeprefix("error: ") == SENTENCE


def test_an_import_of_weights_says_so(given: Path, tmp_path: Path) -> None:
    done = run("-c", IMPORT, given, tmp_path / "models", without_torch=True)
    assert done.stderr.splitlines()[-1] == f"cbvir_core.errors.packages.PackageMissing: {SENTENCE}"
    assert list((tmp_path / "models").iterdir()) == []


def test_another_package_that_is_missing_is_not_mistaken_for_it() -> None:
    with pytest.raises(ModuleNotFoundError), needs_torch():
        import a_package_that_nobody_has  # type: ignore[import-not-found]  # noqa: F401
    with pytest.raises(PackageMissing, match="cbvir\\[torch\\]"), needs_torch():
        raise ModuleNotFoundError(name="torch.nn")


@pytest.mark.skipif("config.getoption('--without-torch')", reason="PyTorch is hidden from processes")
def test_a_process_that_imports_weights_never_holds_torch(given: Path, tmp_path: Path) -> None:
    done = run("-c", IMPORT, given, tmp_path / "models")
    assert done.stdout.split() == ["None", "False"], done.stderr
    stored = tmp_path / "models" / "mine" / "filter.safetensors"
    assert fingerprint(stored) == fingerprint(given)
    assert read_header(stored) == read_header(given)


@pytest.mark.skipif("config.getoption('--without-torch')", reason="PyTorch is hidden from processes")
def test_a_network_without_a_graph_is_converted_apart(tmp_path: Path) -> None:
    with registered("filter"):
        weights = tiny_file(tmp_path / "tiny.safetensors")
        torch_work.do_apart("convert", weights, tmp_path / "network.xml")
    assert {path.name for path in tmp_path.glob("network.*")} == {"network.xml", "network.bin"}


@pytest.mark.skipif("config.getoption('--without-torch')", reason="PyTorch is hidden from processes")
def test_what_goes_wrong_apart_is_told_as_if_it_were_here(tmp_path: Path) -> None:
    with pytest.raises(WeightsMissing) as missing:
        torch_work.do_apart("prove", tmp_path / "none.pth", tmp_path / "target")
    assert str(missing.value) == f"{tmp_path / 'none.pth'} is not there"
    with pytest.raises(ModelError, match=r"bad\.pth is not read: .* ended with 1 \(KeyError: 'nothing'\)"):
        torch_work.do_apart("nothing", tmp_path / "bad.pth", tmp_path / "target")  # type: ignore[arg-type]
