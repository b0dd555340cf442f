"""config.toml and the environment -> frozen settings.

Every key has a default, so an empty file works.  The environment (``CBVIR_WATCH__SETTLE_S=10``)
overrides the file; a list in it is JSON or separated by colons.  Paths may begin with ``~``.  A relative
path is relative to the folder of the file, or to the working folder where there is no file.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterable, Sized
from difflib import get_close_matches
from pathlib import Path
from typing import Any, get_args

from pydantic import Field, ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, SettingsError

from cbvir_core.errors import ConfigError
from cbvir_shared import default_paths
from cbvird.config.complaints import complaint
from cbvird.config.sections import (
    DecodeSettings,
    IndexSettings,
    KeyframeSettings,
    ModelSettings,
    SearchSettings,
    Section,
    ServiceSettings,
    WatchSettings,
)
from cbvird.config.web import WebSettings

ENV_PREFIX = "CBVIR_"
ENV_DELIMITER = "__"

MAX_SOCKET_PATH_BYTES = 107
"""``sun_path`` of a unix socket's address holds 108 bytes with the closing zero."""

WRONG_LENGTH = ("missing", "too_long")
"""What pydantic calls a tuple with too few values, and one with too many."""


class Settings(BaseSettings):
    """All tables of config.toml; frozen.  Made by `load_settings`, which also makes paths absolute."""

    model_config = SettingsConfigDict(
        frozen=True, extra="forbid", env_prefix=ENV_PREFIX, env_nested_delimiter=ENV_DELIMITER
    )

    service: ServiceSettings = Field(default_factory=ServiceSettings)
    watch: WatchSettings = Field(default_factory=WatchSettings)
    decode: DecodeSettings = Field(default_factory=DecodeSettings)
    keyframes: KeyframeSettings = Field(default_factory=KeyframeSettings)
    models: ModelSettings = Field(default_factory=ModelSettings)
    index: IndexSettings = Field(default_factory=IndexSettings)
    search: SearchSettings = Field(default_factory=SearchSettings)
    web: WebSettings = Field(default_factory=WebSettings)

    @property
    def jobs_dir(self) -> Path:
        """The folder of `cbvird.ingest.jobs`, beside the store."""
        return self.service.data_dir / "jobs"

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Return the sources by priority: the environment, then the file, and nothing else."""
        return env_settings, init_settings


def load_settings(path: Path | None = None) -> Settings:
    """Return the settings of `path`, or of the file that `default_paths.config_file` finds, or the defaults.

    Raises ConfigError; each line of its message names the file or variable, the key, and what is expected.
    """
    file = path if path is not None else default_paths.config_file()
    document = _read(file) if file is not None else {}
    _check_environment()
    try:
        settings = Settings(**document)
    except ValidationError as error:
        raise ConfigError("\n".join(_explain(error, file))) from None
    except SettingsError as error:
        raise ConfigError(f"environment: {error}") from None
    return _anchored(settings, file.absolute().parent if file is not None else Path.cwd())


def tables() -> dict[str, type[Section]]:
    """Return the class of every table by the name of the table."""
    return {
        name: field.annotation
        for name, field in Settings.model_fields.items()
        if isinstance(field.annotation, type) and issubclass(field.annotation, Section)
    }


def _read(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise ConfigError(f"cannot be read: {error.strerror or error}", path=file) from None
    except UnicodeDecodeError as error:
        raise ConfigError(f"is not UTF-8 text (byte {error.start})", path=file) from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"is not valid TOML: {error}", path=file) from None


def _anchored(settings: Settings, base: Path) -> Settings:
    """Return the settings with every path absolute: ``~`` expanded, relative paths put under `base`."""

    def absolute(path: Path) -> Path:
        try:
            return Path(os.path.abspath(base / path.expanduser()))  # noqa: PTH100 - resolve() would follow links
        except RuntimeError as error:
            raise ConfigError(f"is no path: {error}", path=path) from None

    service = settings.service
    socket = absolute(service.socket)
    if len(os.fsencode(socket)) > MAX_SOCKET_PATH_BYTES:
        raise ConfigError(
            f"service.socket = {str(socket)!r} is too long for a unix socket: "
            f"at most {MAX_SOCKET_PATH_BYTES} bytes; choose a shorter path"
        )
    folders = tuple(dict.fromkeys(absolute(folder) for folder in settings.watch.folders))
    web = settings.web
    files = {key: getattr(web, key) for key in ("cert_file", "key_file", "password_file")}
    placed: dict[str, Any] = {key: file and absolute(file) for key, file in files.items()}
    uploads = tuple(dict.fromkeys(absolute(folder) for folder in web.uploads))
    _check_uploads(uploads, folders)
    return settings.model_copy(
        update={
            "service": service.model_copy(update={"data_dir": absolute(service.data_dir), "socket": socket}),
            "watch": settings.watch.model_copy(update={"folders": folders}),
            "web": web.model_copy(update=placed | {"uploads": uploads}),
        }
    )


def _check_uploads(uploads: Iterable[Path], watched: Iterable[Path]) -> None:
    """Raise ConfigError for a folder of uploads that is not watched: nothing would take its files in."""
    for folder in uploads:
        if not any(folder.is_relative_to(root) for root in watched):
            raise ConfigError(
                f"web.uploads: {str(folder)!r} is not in a watched folder; "
                "choose one of watch.folders, or a folder inside it"
            )


# --- messages about mistakes -----------------------------------------------------------------------


def _check_environment() -> None:
    """Raise ConfigError for a variable of a table that does not exist: pydantic-settings ignores it."""
    known = tables()
    for name in sorted(os.environ):
        table, delimiter, _ = name.upper().removeprefix(ENV_PREFIX).partition(ENV_DELIMITER)
        if not name.upper().startswith(ENV_PREFIX) or not delimiter or table.lower() in known:
            continue
        raise ConfigError(f"environment: {name}: unknown table {table.lower()}{_hint(table.lower(), known)}")


def _explain(error: ValidationError, file: Path | None) -> list[str]:
    """Return one line per key; the complaints of the members of a union about one key are joined."""
    by_key: dict[tuple[str, ...], list[ErrorDetails]] = {}
    for detail in error.errors():
        by_key.setdefault(tuple(str(part) for part in detail["loc"][:2]), []).append(detail)
    return [f"{_origin(key, file)}: {_complaint(key, details)}" for key, details in by_key.items()]


def _origin(key: tuple[str, ...], file: Path | None) -> str:
    variable = (ENV_PREFIX + ENV_DELIMITER.join(key)).upper()
    given = next((name for name in os.environ if name.upper() == variable), None)
    return f"environment: {given}" if given else str(file or "defaults")


def _complaint(key: tuple[str, ...], details: list[ErrorDetails]) -> str:
    dotted = ".".join(key)
    if details[0]["type"] == "extra_forbidden":
        return _unknown(key)
    said = [complaint(detail) for detail in details]
    if details[0]["type"] == "model_type":
        return f"{dotted} should be a table: [{dotted}]"
    if len(key) == 1:
        return f"[{dotted}]: {'; '.join(said)}"
    for detail in details:
        if detail["type"] in WRONG_LENGTH:  # it says what is given, and the others are about single values
            return f"{dotted} = {detail['input']!r} {_wanted_length(key, detail['input'])}"
    return f"{dotted} = {details[0]['input']!r} {' or '.join(dict.fromkeys(said))}"


def _wanted_length(key: tuple[str, ...], given: Sized) -> str:
    """Return how many values a key wants whose type is a tuple of a fixed length."""
    field = tables()[key[0]].model_fields[key[1]]
    return f"should have {len(get_args(field.annotation))} values, not {len(given)}: {field.description}"


def _unknown(key: tuple[str, ...]) -> str:
    known = tables()
    if len(key) == 1:
        home = [name for name, table in known.items() if key[0] in table.model_fields]
        hint = f" (it belongs into [{home[0]}])" if home else _hint(key[0], known)
        return f"unknown table or key {key[0]}{hint}"
    return f"unknown key {'.'.join(key)}{_hint(key[1], known[key[0]].model_fields)}"


def _hint(word: str, known: Iterable[str]) -> str:
    near = get_close_matches(word, list(known), n=1, cutoff=0.0)
    return f" (did you mean {near[0]}?)" if near else ""
