"""Stills beside results, in terminals that show pictures: by kitty's protocol, iTerm2's, or sixel."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable, Mapping
from enum import StrEnum
from io import BytesIO
from typing import TYPE_CHECKING

from cbvirctl.inline_pictures import STILL_LINES, iterm2_picture, kitty_picture

if TYPE_CHECKING:
    from rich.console import RenderableType

DrawStill = Callable[[bytes], "RenderableType"]
"""Gives a JPEG as something that Rich prints."""

STILL_SIDE_PX = 320
"""Longest side of a still that is fetched: enough for cells of 60 pixels height."""


class PictureProtocol(StrEnum):
    """How a terminal is given pictures."""

    KITTY = "kitty"
    ITERM2 = "iterm2"
    ASK = "ask"
    """It may show sixel, and it is asked whether it does."""


KITTY_TERMS = ("xterm-kitty", "xterm-ghostty")
ITERM2_PROGRAMS = ("iTerm.app", "WezTerm", "mintty")
ASKED_PROGRAMS = ("vscode", "tmux")
ASKED_TERMS = ("foot", "mlterm", "contour", "yaft", "tmux")
ASKED_VARIABLES = ("XTERM_VERSION", "KONSOLE_VERSION", "WT_SESSION")
"""What terminals say of themselves: values of TERM_PROGRAM, beginnings of TERM, and variables of their own.
Others are not asked, for some print the question."""


def protocol_of(environment: Mapping[str, str]) -> PictureProtocol | None:
    """Return how the terminal of an environment is given pictures; None where it says nothing of them."""
    term, program = environment.get("TERM", ""), environment.get("TERM_PROGRAM", "")
    inside_another = "TMUX" in environment or term.startswith(("tmux", "screen"))
    if not inside_another:  # these variables are those of the terminal around it
        if term in KITTY_TERMS or "KITTY_WINDOW_ID" in environment:
            return PictureProtocol.KITTY
        if program in ITERM2_PROGRAMS or environment.get("LC_TERMINAL") == "iTerm2":
            return PictureProtocol.ITERM2
    elif "TMUX" not in environment:
        return None
    named = program in ASKED_PROGRAMS or term.startswith(ASKED_TERMS)
    return PictureProtocol.ASK if named or any(one in environment for one in ASKED_VARIABLES) else None


def still_drawer(wanted: bool | None) -> DrawStill | None:
    """Return how stills are drawn here, and None where there are none.

    `wanted` is None for what the terminal says of itself.  Where it is True, a terminal that says nothing is
    asked, and one that shows no pictures is given coloured blocks.
    """
    if wanted is False or not sys.stdout.isatty():
        return None
    protocol = protocol_of(os.environ)
    if protocol is PictureProtocol.ITERM2:
        return iterm2_picture
    if protocol is PictureProtocol.KITTY:
        return kitty_picture
    if not sys.stdin.isatty() or not (protocol or wanted):  # the terminal's answers come in there
        return None
    if os.get_terminal_size(sys.stdout.fileno()).columns == 0:  # textual-image divides by it
        return None
    return _by_library(blocks=bool(wanted))


def _by_library(*, blocks: bool) -> DrawStill | None:
    """Return how textual-image draws; its import asks the terminal what it shows."""
    logging.getLogger("textual_image").addHandler(logging.NullHandler())  # or it reports silent terminals
    logging.getLogger("textual_image").propagate = False
    from textual_image import renderable

    kind = renderable.Image
    if kind is not renderable.SixelImage and not blocks:
        return None
    return lambda jpeg: kind(BytesIO(jpeg), width="auto", height=STILL_LINES)
