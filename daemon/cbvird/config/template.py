"""The text of config.toml, made from the settings: ``python -m cbvird.config.template > config.toml``."""

from __future__ import annotations

import json
import textwrap
from typing import Any

from cbvird.config.settings import tables

TEMPLATE_HEAD = """\
# cbvir: every key with its default; an empty file means the same.
# Read from --config FILE, else $XDG_CONFIG_HOME/cbvir/config.toml, else /etc/cbvir/config.toml.
# CBVIR_SECTION__KEY in the environment overrides a key: CBVIR_WATCH__SETTLE_S=10.
# ~ is the home folder; relative paths are relative to this file.
"""

TEMPLATE_WIDTH = 100
"""Characters in a line; longer lists are broken."""


def template() -> str:
    """Return every table and key with its default, each below its description."""
    return TEMPLATE_HEAD + "".join(
        f"\n[{name}]\n"
        + "".join(
            f"# {field.description}\n{key} = {_value('' if field.default_factory else field.default)}\n"
            for key, field in table.model_fields.items()
        )
        for name, table in tables().items()
    )


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, tuple):
        return _list([_value(item) for item in value])
    return json.dumps(str(value))


def _list(items: list[str]) -> str:
    line = f"[{', '.join(items)}]"
    if len(line) < TEMPLATE_WIDTH - 20:
        return line
    body = textwrap.fill(
        ", ".join(items) + ",", TEMPLATE_WIDTH, initial_indent="    ", subsequent_indent="    "
    )
    return f"[\n{body}\n]"


if __name__ == "__main__":
    print(template(), end="")
