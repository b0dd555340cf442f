"""The arrows between the rooms, one home for every third-party package, and what an import costs."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

from support.sources import parsed

ROOT = Path(__file__).resolve().parents[1]

ORDER = (
    "types",
    "errors",
    "files",
    "json_text",
    "geometry",
    "align",
    "decode",
    "borders",
    "keyframes",
    "weights",
    "embed",
    "sequences",
    "visil",
    "verify",
    "localise",
    "store",
    "index",
    "regions",
    "search",
    "clips",
    "duplicates",
    "calibration",
    "measure",
    "library",
    "cbvird",
)
"""A room may import those before it.  `types` and `errors` import no other room."""

OUTSIDE = {
    "cbvir_core": {"cbvir_core.types", "cbvir_core.errors", "cbvir_core.version"},
    "train": set(ORDER[: ORDER.index("verify")]) | {"index", "train"},
    "evaluate": set(ORDER[:-1]) | {"evaluate"},
    "cbvirctl": {"cbvirctl", "cbvir_core.version", "cbvir_shared"},
}
"""Rooms beside the order, and what they may import."""

HOMES = {
    "annoy": {"index"},
    "faiss": {"index"},
    "av": {"decode"},
    "PIL": {"decode", "cbvirctl.pictures", "cbvirctl.inline_pictures"},
    "pi_heif": {"decode"},
    "lmdb": {"store", "cbvird.ingest.jobs", "cbvird.ingest.job_rows"},
    "torch": {"embed", "sequences", "train", "visil"},
    "torchvision": {"embed", "train"},
    "openvino": {"embed", "sequences", "visil"},
    "safetensors": {"index", "sequences", "train", "visil", "weights"},
    "watchdog": {"cbvird.watch"},
    "fastapi": {"cbvird"},
    "starlette": {"cbvird"},
    "uvicorn": {"cbvird"},
    "prometheus_client": {"cbvird"},
    "pydantic": {"cbvird"},
    "pydantic_settings": {"cbvird"},
    "structlog": {"cbvird"},
    "opentimelineio": {"cbvird.export"},
    "typer": {"cbvirctl"},
    "rich": {"cbvirctl", "evaluate", "train"},
    "textual_image": {"cbvirctl"},
    "httpx": {"cbvirctl", "weights"},
}

PACKAGES = ("cbvir_core", "cbvir_shared", "cbvird", "cbvirctl")


@cache
def modules() -> dict[str, ast.Module]:
    """Return every module of the packages, by its dotted name."""
    found = {}
    for base in (ROOT / "cbvir_core", *(ROOT / "daemon" / name for name in PACKAGES[1:])):
        for path, tree in parsed(base).items():
            parts = path.relative_to(base.parent).with_suffix("").parts
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = tree
    return found


def for_the_type_checker(condition: ast.expr) -> bool:
    return any(
        "TYPE_CHECKING" in (getattr(node, "id", ""), getattr(node, "attr", ""))
        for node in ast.walk(condition)
    )


def imports(name: str, tree: ast.Module) -> Iterator[str]:
    """What a module imports, also inside functions; not what it imports for the type checker alone."""
    hidden = {
        id(node)
        for block in ast.walk(tree)
        if isinstance(block, ast.If) and for_the_type_checker(block.test)
        for statement in block.body
        for node in ast.walk(statement)
    }
    for node in ast.walk(tree):
        if id(node) in hidden:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = name.split(".")[: -node.level or None] if node.level else []
            module = ".".join([*base, *([node.module] if node.module else [])])
            yield from (f"{module}.{alias.name}" for alias in node.names)


def room_of(name: str) -> str:
    """The room that a module belongs to."""
    parts = name.split(".")
    if parts[0] != "cbvir_core":
        return parts[0]
    return parts[1] if len(parts) > 1 else "cbvir_core"


@cache
def every_import() -> tuple[tuple[str, str], ...]:
    """Return the name of each module with each name that it imports."""
    return tuple((name, imported) for name, tree in modules().items() for imported in imports(name, tree))


def allowed(name: str, imported: str) -> bool:
    """Whether the order of the rooms lets the module import that."""
    room, other = room_of(name), room_of(imported)
    if imported.split(".")[0] not in PACKAGES or other == room:
        return True
    if room in OUTSIDE:
        return other in OUTSIDE[room] or any(imported.startswith(entry) for entry in OUTSIDE[room])
    return other in ("cbvir_core", "cbvir_shared", "version", *ORDER[: ORDER.index(room)])


def at_home(name: str, imported: str) -> bool:
    """Whether the module is in the home of the third-party package that it imports."""
    homes = HOMES.get(imported.split(".")[0])
    return homes is None or room_of(name) in homes or any(f"{name}.".startswith(f"{h}.") for h in homes)


@pytest.mark.parametrize("rule", [allowed, at_home])
def test_imports_keep_to_the_rule(rule: Callable[[str, str], bool]) -> None:
    broken = [f"{name} imports {imported}" for name, imported in every_import() if not rule(name, imported)]
    assert broken == []


def test_no_module_imports_itself_by_a_circle() -> None:
    graph: dict[str, set[str]] = {name: set() for name in modules()}
    for name, imported in every_import():
        module = imported if imported in graph else imported.rpartition(".")[0]
        if module in graph and module != name:
            graph[name].add(module)
    assert len(list(TopologicalSorter(graph).static_order())) == len(graph)  # or CycleError names them


def test_the_rules_see_what_they_should() -> None:
    assert len(modules()) > 60
    assert not allowed("cbvir_core.decode.reader", "cbvir_core.store.Store")
    assert not at_home("cbvir_core.search.answer", "torch.nn")
    (found,) = imports("cbvird.http.app", ast.parse("from ..ingest.jobs import Jobs"))
    assert found == "cbvird.ingest.jobs.Jobs"


def test_no_file_is_longer_than_a_reader_can_hold() -> None:
    long = [
        f"{path.relative_to(ROOT)}: {lines}"
        for folder in ("cbvir_core", "daemon")
        for path in (ROOT / folder).rglob("*.py")
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) > 300
    ]
    assert long == []


def loaded_by(statement: str) -> set[str]:
    """Top-level modules that a fresh interpreter has after a statement."""
    code = f"{statement}\nimport sys\nprint(*sorted({{name.split('.')[0] for name in sys.modules}}))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={"PYTHONPATH": f"{ROOT}:{ROOT / 'daemon'}", "PATH": ""},
        capture_output=True,
        text=True,
        check=True,
    )
    return set(done.stdout.split())


@pytest.mark.parametrize(
    ("statement", "never"),
    [
        ("import cbvir_core", {"torch", "openvino", "cv2", "av", "lmdb"}),
        (
            "import cbvirctl.__main__",
            {"torch", "openvino", "cv2", "av", "lmdb", "numpy", "fastapi", "httpx", "rich", "PIL"},
        ),
        ("import cbvird.worker.process", {"torch", "openvino", "lmdb"}),
        ("from cbvir_core import Library", {"torch", "openvino"}),
    ],
)
def test_what_an_import_never_loads(statement: str, never: set[str]) -> None:
    assert loaded_by(statement) & never == set()


def test_public_names_are_there() -> None:
    import cbvir_core

    for name in cbvir_core.__all__:
        assert getattr(cbvir_core, name) is not None
    assert cbvir_core.__version__ == cbvir_core.VERSION
    with pytest.raises(AttributeError, match="nothing"):
        _ = cbvir_core.nothing
