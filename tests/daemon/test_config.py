from __future__ import annotations

import ast
import inspect
import os
import re
import subprocess
import sys
import tomllib
from dataclasses import fields
from pathlib import Path

import pytest
from pydantic import ValidationError

from cbvir_core.embed import RuntimeOptions
from cbvir_core.errors import ConfigError
from cbvir_core.index import IndexOptions
from cbvir_core.keyframes import KeyframeOptions
from cbvir_core.search import SearchOptions
from cbvird.config.complaints import PREFIXES
from cbvird.config.settings import MAX_SOCKET_PATH_BYTES, load_settings, tables
from cbvird.config.template import template

REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of its own, and an environment in which nothing is set."""
    for name in list(os.environ):
        if name.startswith(("CBVIR_", "XDG_")) or name in ("STATE_DIRECTORY", "RUNTIME_DIRECTORY"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr("cbvir_shared.default_paths.SYSTEM_CONFIG", tmp_path / "etc" / "config.toml")
    return tmp_path


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "config.toml"


def complaint(file: Path, text: str) -> str:
    """Return the error message about a file with this content."""
    file.write_text(text)
    with pytest.raises(ConfigError) as caught:
        load_settings(file)
    return str(caught.value)


# --- the file in the repository --------------------------------------------------------------------


def test_the_repositorys_file_is_exactly_the_settings_model() -> None:
    """If not: ``python -m cbvird.config.template > config.toml``."""
    assert (REPOSITORY / "config.toml").read_text() == template()


def test_make_knows_every_source_of_the_repositorys_file() -> None:
    """Else ``make config.toml`` would not see that a default has changed."""
    made = subprocess.run(
        ["make", "--print-data-base", "--dry-run", "config.toml"],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
    )
    (rule,) = re.findall(r"^config\.toml: (.*)$", made.stdout, re.MULTILINE)
    options = (KeyframeOptions, RuntimeOptions, IndexOptions, SearchOptions)
    sources = {name for one in options for name in modules_of_defaults(one)}
    sources |= {table.__module__ for table in tables().values()}
    sources |= {function.__module__ for function in (tables, template)}
    files = {str(Path(str(sys.modules[name].__file__)).relative_to(REPOSITORY)) for name in sources}
    assert set(rule.split()) == files | {".venv/.installed"}


def modules_of_defaults(options: type) -> set[str]:
    """The module of an option class, and those that it imports names of its defaults from."""
    tree = ast.parse(inspect.getsource(sys.modules[options.__module__]))
    (body,) = [
        node.body for node in tree.body if isinstance(node, ast.ClassDef) and node.name == options.__name__
    ]
    defaults = [node.value for node in body if isinstance(node, ast.AnnAssign) and node.value is not None]
    used = {node.id for value in defaults for node in ast.walk(value) if isinstance(node, ast.Name)}
    imports = [node for node in tree.body if isinstance(node, ast.ImportFrom)]
    found = {str(node.module) for node in imports if used & {alias.name for alias in node.names}}
    return {options.__module__, *found}


def test_every_key_has_one_line_of_explanation() -> None:
    document = tomllib.loads(template())
    assert {name: list(keys) for name, keys in document.items()} == {
        name: list(table.model_fields) for name, table in tables().items()
    }
    for table in tables().values():
        for field in table.model_fields.values():
            assert field.description
            assert "\n" not in field.description


def test_the_repositorys_file_says_the_defaults() -> None:
    assert load_settings(REPOSITORY / "config.toml") == load_settings()


# --- where settings come from ----------------------------------------------------------------------


def test_an_empty_file_works_and_everything_is_absolute(home: Path, file: Path) -> None:
    file.touch()
    settings = load_settings(file)
    assert settings.service.data_dir == home / ".local" / "share" / "cbvir"
    assert settings.watch.folders == (home / "Videos",)
    assert settings.jobs_dir == settings.service.data_dir / "jobs"
    assert settings.decode.workers >= 1


def test_defaults_of_options_are_those_of_the_option_classes() -> None:
    settings = load_settings()
    assert settings.keyframes.options() == KeyframeOptions()
    assert settings.index.options() == IndexOptions()
    assert settings.models.options() == RuntimeOptions()
    assert settings.search.options() == SearchOptions()
    for table, options in (("keyframes", KeyframeOptions), ("search", SearchOptions)):
        assert set(tables()[table].model_fields) <= {field.name for field in fields(options)}


def test_the_users_file_comes_before_the_systems(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (home / "etc").mkdir()
    (home / "etc" / "config.toml").write_text("[search]\ntop = 3")
    assert load_settings().search.top == 3
    (home / "xdg" / "cbvir").mkdir(parents=True)
    (home / "xdg" / "cbvir" / "config.toml").write_text("[search]\ntop = 4")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home / "xdg"))
    assert load_settings().search.top == 4


def test_systemds_folders_are_the_default_places(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STATE_DIRECTORY", "/var/lib/cbvir:/var/lib/other")
    monkeypatch.setenv("RUNTIME_DIRECTORY", "/run/cbvir")
    service = load_settings().service
    assert service.data_dir == Path("/var/lib/cbvir")
    assert service.socket == Path("/run/cbvir/cbvir.sock")


def test_xdg_folders_are_the_default_places(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(home / "data"))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(home / "run"))
    service = load_settings().service
    assert service.data_dir == home / "data" / "cbvir"
    assert service.socket == home / "run" / "cbvir" / "cbvir.sock"


def test_paths_may_begin_with_a_tilde_and_are_relative_to_the_file(home: Path) -> None:
    folder = home / "etc"
    folder.mkdir()
    (folder / "my.toml").write_text(
        '[service]\ndata_dir = "~/data"\nsocket = "run/s"\n[watch]\nfolders = ["~/a", "b", "../c", "b"]'
    )
    settings = load_settings(folder / "my.toml")
    assert settings.service.data_dir == home / "data"
    assert settings.service.socket == folder / "run" / "s"
    assert settings.watch.folders == (home / "a", folder / "b", home / "c")


def test_the_environment_overrides_single_keys_of_the_file(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file.write_text('[watch]\nsettle_s = 1\nrescan_s = 60\nfolders = ["/a"]')
    monkeypatch.setenv("CBVIR_WATCH__SETTLE_S", "2.5")
    monkeypatch.setenv("cbvir_search__top", "7")
    monkeypatch.setenv("CBVIR_WATCH__POLLING", "true")
    monkeypatch.setenv("CBVIR_KEYFRAMES__BINS", "4:4:4")
    settings = load_settings(file)
    assert (settings.watch.settle_s, settings.watch.rescan_s, settings.search.top) == (2.5, 60.0, 7)
    assert settings.watch.polling is True
    assert settings.keyframes.bins == (4, 4, 4)
    assert settings.watch.folders == (Path("/a"),)


@pytest.mark.parametrize("text", ["/media/a:/media/b c", '["/media/a", "/media/b c"]'])
def test_lists_in_the_environment_are_colons_or_json(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CBVIR_WATCH__FOLDERS", text)
    assert load_settings().watch.folders == (Path("/media/a"), Path("/media/b c"))


def test_the_clients_variable_is_none_of_the_services_business(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CBVIR_SOCKET", "/run/other.sock")
    assert load_settings().service.socket != Path("/run/other.sock")


def test_settings_are_frozen() -> None:
    settings = load_settings()
    with pytest.raises(ValidationError):
        settings.search.top = 3
    with pytest.raises(ValidationError):
        settings.search = settings.search


# --- what is wrong ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[watch]\nsetle_s = 3", "unknown key watch.setle_s (did you mean settle_s?)"),
        ("[wacth]\nsettle_s = 3", "unknown table or key wacth (did you mean watch?)"),
        ("settle_s = 3", "unknown table or key settle_s (it belongs into [watch])"),
        ("watch = 3", "watch should be a table: [watch]"),
        ('[watch]\nsettle_s = "soon"', "watch.settle_s = 'soon' should be a valid number"),
        ("[watch]\nsettle_s = 0", "watch.settle_s = 0 should be greater than 0"),
        ("[watch]\nsettle_s = nan", "watch.settle_s = nan should be a finite number"),
        ("[watch]\nfolders = 3", "watch.folders = 3 should be a valid tuple"),
        ("[watch]\nfolders = [3]", "watch.folders = 3 "),
        (
            '[watch]\npolling = "often"',
            "watch.polling = 'often' should be 'auto' or should be a valid boolean",
        ),
        (
            '[decode]\nmode = "fast"',
            "decode.mode = 'fast' should be 'auto', 'every', 'reference' or 'keyframes'",
        ),
        (
            "[keyframes]\nbins = [1]",
            "keyframes.bins = [1] should have 3 values, not 1: histogram bins for hue,",
        ),
        ("[keyframes]\nbins = []", "keyframes.bins = [] should have 3 values, not 0: "),
        ("[keyframes]\nbins = [1, 2, 3, 4]", "keyframes.bins = [1, 2, 3, 4] should have 3 values, not 4: "),
        ('[keyframes]\nbins = ["x"]', "keyframes.bins = ['x'] should have 3 values, not 1: "),
        ('[keyframes]\nbins = [1, "x", 3]', "keyframes.bins = 'x' should be a valid integer"),
        ("[keyframes]\nbins = [0, 1, 2]", "[keyframes]: bins must be three numbers from 1 to 256: hue,"),
        ("[search]\ntop = 2.5", "search.top = 2.5 should be a valid integer"),
        ("[search]\nmatch_score = 0.1\nlikely_score = 0.9", "[search]: scores want 0 <= likely_score"),
        ("[keyframes]\nsimilarity = 2.0", "[keyframes]: similarity is a cosine"),
    ],
)
def test_what_is_wrong_is_named_with_file_key_and_what_is_expected(file: Path, text: str, said: str) -> None:
    message = complaint(file, text)
    assert message.startswith(f"{file}: {said}")
    assert "\n" not in message
    assert not any(prefix in message for prefix in PREFIXES)


def test_everything_that_is_wrong_is_said_at_once(file: Path) -> None:
    message = complaint(file, "[watch]\nsettle_s = -1\nrescan_s = 0\nx = 1")
    assert len(message.splitlines()) == 3


def test_bad_toml_is_named_with_its_line(file: Path) -> None:
    message = complaint(file, "[watch]\nsettle_s = = 3")
    assert str(file) in message
    assert "line 2" in message


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, file: Path) -> None:
    with pytest.raises(ConfigError, match=r"nowhere\.toml cannot be read: No such file"):
        load_settings(tmp_path / "nowhere.toml")
    with pytest.raises(ConfigError, match="cannot be read: Is a directory"):
        load_settings(tmp_path)
    file.write_bytes(b"\xff\xfe[")
    with pytest.raises(ConfigError, match="is not UTF-8 text"):
        load_settings(file)


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("CBVIR_WATCH__SETLE_S", "3", "unknown key watch.setle_s (did you mean settle_s?)"),
        ("CBVIR_WATHC__SETTLE_S", "3", "CBVIR_WATHC__SETTLE_S: unknown table wathc (did you mean watch?)"),
        ("CBVIR_WATCH__SETTLE_S", "soon", "CBVIR_WATCH__SETTLE_S: watch.settle_s = 'soon' should be"),
        (
            "CBVIR_WATCH__FOLDERS",
            "[broken",
            "CBVIR_WATCH__FOLDERS: watch.folders = '[broken' is no list in JSON: ",
        ),
        ("CBVIR_KEYFRAMES__BINS", "4:4", "CBVIR_KEYFRAMES__BINS: keyframes.bins = ['4', '4'] should have 3"),
        ("CBVIR_WATCH", "no table", "watch"),
    ],
)
def test_the_environment_is_checked_as_well(
    name: str, value: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ConfigError) as caught:
        load_settings()
    assert str(caught.value).startswith("environment: ")
    assert said in str(caught.value)


def test_a_socket_path_that_no_socket_can_have_is_refused(file: Path) -> None:
    path = "/" + "s" * MAX_SOCKET_PATH_BYTES
    assert "too long for a unix socket" in complaint(file, f'[service]\nsocket = "{path}"')


def test_a_home_that_does_not_exist_is_refused(file: Path) -> None:
    assert "~nobody-of-that-name" in complaint(file, '[watch]\nfolders = ["~nobody-of-that-name/v"]')


def test_importing_the_configuration_loads_no_network_library() -> None:
    program = (
        "import sys, cbvird.config.settings; "
        "print([m for m in ('torch', 'openvino', 'watchdog') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert done.stdout.strip() == "[]"
