"""Stills beside results: which terminals get them, and what they are sent."""

from __future__ import annotations

import base64
import io
import os
import pty
import re
import select
import sys
import termios
import time
from typing import Any

import numpy as np
import PIL.Image
import pytest

from cbvirctl.answers import answer
from cbvirctl.inline_pictures import (
    STILL_COLUMNS,
    STILL_LINES,
    InlinePicture,
    iterm2_picture,
    kitty_picture,
)
from cbvirctl.thumbnails import PictureProtocol, protocol_of, still_drawer

KITTY, ITERM2, ASK = PictureProtocol.KITTY, PictureProtocol.ITERM2, PictureProtocol.ASK
SIXEL_TERMINAL, OTHER_TERMINAL = "\x1b[?62;4;22c", "\x1b[?62;22c"
"""Answers to the question for a terminal's attributes; 4 is sixel."""


@pytest.fixture(scope="module")
def jpeg() -> bytes:
    data = io.BytesIO()
    ramp = np.linspace(0, 255, 320 * 180 * 3).reshape(180, 320, 3).astype(np.uint8)
    PIL.Image.fromarray(ramp).save(data, "JPEG")
    return data.getvalue()


@pytest.mark.parametrize(
    ("environment", "protocol"),
    [
        ({"TERM": "xterm-kitty"}, KITTY),
        ({"TERM": "xterm-ghostty"}, KITTY),
        ({"TERM": "xterm-256color", "KITTY_WINDOW_ID": "1"}, KITTY),
        ({"TERM": "xterm-256color", "TERM_PROGRAM": "iTerm.app"}, ITERM2),
        ({"TERM": "xterm-256color", "TERM_PROGRAM": "WezTerm"}, ITERM2),
        ({"TERM": "xterm-256color", "LC_TERMINAL": "iTerm2"}, ITERM2),
        ({"TERM": "xterm", "XTERM_VERSION": "XTerm(379)"}, ASK),
        ({"TERM": "foot"}, ASK),
        (
            {"TERM": "tmux-256color", "TMUX": "/tmp/tmux", "LC_TERMINAL": "iTerm2", "KITTY_WINDOW_ID": "1"},
            ASK,
        ),
        ({"TERM": "screen-256color", "KITTY_WINDOW_ID": "1"}, None),
        ({"TERM": "xterm-256color", "TERM_PROGRAM": "Apple_Terminal"}, None),
        ({"TERM": "linux"}, None),
        ({"TERM": "dumb"}, None),
        ({}, None),
    ],
)
def test_a_terminal_is_taken_at_its_word(
    environment: dict[str, str], protocol: PictureProtocol | None
) -> None:
    assert protocol_of(environment) is protocol


@pytest.mark.parametrize("wanted", [None, True])
def test_what_is_no_terminal_gets_no_pictures(wanted: bool | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-kitty")
    assert still_drawer(wanted) is None


def test_pictures_can_be_switched_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-kitty")
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    assert still_drawer(None) is kitty_picture
    assert still_drawer(False) is None


def drawn_in_a_terminal(
    jpeg: bytes, attributes: str, wanted: bool | None, size: tuple[int, int] = (24, 80)
) -> str:
    """What a process writes that draws a still in an xterm, which answers with these attributes."""
    code = (
        "import sys; from base64 import b64decode; from rich.console import Console\n"
        "from cbvirctl.thumbnails import still_drawer\n"
        f"draw = still_drawer({wanted})\n"
        "Console().print(draw(b64decode(sys.argv[1])) if draw else 'no picture')\n"
        "print('the end')\n"
    )
    child, terminal = pty.fork()
    if child == 0:
        os.environ.update(TERM="xterm", XTERM_VERSION="XTerm(379)", COLORTERM="truecolor")
        for name in ("TMUX", "KITTY_WINDOW_ID", "TERM_PROGRAM", "LC_TERMINAL"):
            os.environ.pop(name, None)
        os.execv(sys.executable, [sys.executable, "-c", code, base64.b64encode(jpeg).decode()])
    termios.tcsetwinsize(terminal, size)
    written, deadline = "", time.monotonic() + 60
    try:
        while "the end" not in written and time.monotonic() < deadline:
            if select.select([terminal], [], [], 1.0)[0]:
                written += os.read(terminal, 1 << 16).decode("utf-8", "replace")
            if "\x1b[c" in written:
                written = written.replace("\x1b[c", "<asked>")
                os.write(terminal, attributes.encode())
    except OSError:  # the process has ended
        pass
    finally:
        os.close(terminal)
        os.waitpid(child, 0)
    return written


@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")  # fork among threads; exec follows
def test_a_terminal_that_answers_sixel_is_sent_sixel(jpeg: bytes) -> None:
    written = drawn_in_a_terminal(jpeg, SIXEL_TERMINAL, None)
    assert "<asked>" in written
    sixels = re.findall(r"\x1bP[\d;]*q([^\x1b]+)\x1b\\", written)
    assert len(sixels) == 1
    assert len(sixels[0]) > 500


@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_another_one_gets_blocks_on_request_alone(jpeg: bytes) -> None:
    assert "no picture" in drawn_in_a_terminal(jpeg, OTHER_TERMINAL, None)
    assert "▀" in drawn_in_a_terminal(jpeg, OTHER_TERMINAL, True)
    assert "no picture" in drawn_in_a_terminal(jpeg, OTHER_TERMINAL, True, size=(0, 0))


def test_iterm2_is_sent_the_file_as_it_is(jpeg: bytes) -> None:
    found = re.fullmatch(r"\x1b\]1337;File=([^:]+):([^\a]+)\a", iterm2_picture(jpeg).sequence)
    assert found is not None
    assert base64.b64decode(found.group(2)) == jpeg
    assert {"inline=1", f"size={len(jpeg)}", f"height={STILL_LINES}"} <= set(found.group(1).split(";"))


@pytest.mark.parametrize("size", [(320, 180), (90, 320), (320, 40)])
def test_kitty_is_sent_a_png_in_pieces_in_the_proportions_of_its_room(size: tuple[int, int]) -> None:
    still = PIL.Image.fromarray(np.random.default_rng(1).integers(0, 256, (*size[::-1], 3), np.uint8))
    data = io.BytesIO()
    still.save(data, "JPEG")
    pieces = re.findall(r"\x1b_G([^;]+);([^\x1b]+)\x1b\\", kitty_picture(data.getvalue()).sequence)
    assert len(pieces) > 1
    assert "a=T" in pieces[0][0]
    assert [controls[-3:] for controls, _ in pieces] == ["m=1"] * (len(pieces) - 1) + ["m=0"]
    assert all(len(piece) <= 4096 for _, piece in pieces)
    picture = PIL.Image.open(io.BytesIO(base64.b64decode("".join(piece for _, piece in pieces))))
    assert picture.width / picture.height == pytest.approx(STILL_COLUMNS / (2 * STILL_LINES), rel=0.03)
    alpha = np.asarray(picture)[..., 3]
    assert (alpha[: size[1], : size[0]] == 255).all()
    assert (alpha > 0).sum() == size[0] * size[1]


def test_results_have_their_stills_beside_them(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")  # as on a terminal
    hit: dict[str, Any] = {
        "rank": 1,
        "verdict": "match",
        "score": 0.99996,
        "time_s": 62.5,
        "scene_start_s": 60.0,
        "scene_end_s": 65.0,
        "variant": "mirrored",
        "occurrences": [{}],
        "path": "/archive/[a].mp4",
        "time_note": "",
    }
    document = {
        "verdict": "match",
        "results": [hit, hit | {"rank": 2, "verdict": "none"}],
        "keyframes_searched": 10,
        "took_ms": 80.0,
        "profile": "builtin",
    }
    asked: list[int] = []

    def still_of(one: dict[str, Any]) -> InlinePicture:
        asked.append(one["rank"])
        return InlinePicture("<still>")

    answer(document, str, still_of)
    lines = re.sub(r"\x1b\[[\d;]*m", "", capsys.readouterr().out).splitlines()
    assert asked == [1]
    assert [line.strip() for line in lines[:STILL_LINES]] == [
        "1  match 0.99 at 1:02.50",
        "scene 1:00.00 to 1:05.00",
        "found mirrored",
        "/archive/[a].mp4",
        "and in 1 other video, which --json lists",
    ]
    assert all(line.startswith(" " * (STILL_COLUMNS + 2)) for line in lines[:STILL_LINES])
    assert not any(line.endswith(" ") for line in lines)
    assert f"\x1b7\x1b[{STILL_LINES}A<still>\x1b8" in lines[STILL_LINES]
