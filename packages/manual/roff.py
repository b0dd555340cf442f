"""The source of a man page, in the macros of man(7)."""

from __future__ import annotations

import re


class ManPage:
    """A man page, written from its top to its end."""

    def __init__(self, name: str, section: int, source: str, manual: str) -> None:
        # No date: the same source gives the same page.
        title = f"{name.upper()} {section}"
        self._lines = [f'.TH {title} "" "{escaped(source)}" "{escaped(manual)}"']

    def section(self, title: str) -> None:
        """Begin a section."""
        self._lines.append(f'.SH "{escaped(title.upper())}"')

    def subsection(self, title: str) -> None:
        """Begin a part of a section."""
        self._lines.append(f'.SS "{escaped(title)}"')

    def paragraph(self, text: str) -> None:
        """Write paragraphs; an empty line parts two of them."""
        for one in re.split(r"\n\s*\n", text.strip()):
            self._lines += [".PP", escaped(" ".join(one.split()))]

    def entry(self, name: str, text: str) -> None:
        """Write what a name stands for."""
        self._lines += [".TP", f".B {escaped(name)}", escaped(" ".join(text.split()) or name)]

    def lines(self, lines: tuple[str, ...] | list[str]) -> None:
        """Write lines as they are."""
        self._lines += [".PP", ".nf", ".RS", *map(escaped, lines), ".RE", ".fi"]

    def text(self) -> str:
        """Return the whole page."""
        return "\n".join(self._lines) + "\n"


def escaped(text: str) -> str:
    """Return text that roff prints as it is; a minus stays one that can be copied into a shell."""
    told = text.replace("\\", r"\e").replace("-", r"\-").replace('"', r"\(dq").replace("~", r"\(ti")
    return rf"\&{told}" if told.startswith((".", "'")) else told
