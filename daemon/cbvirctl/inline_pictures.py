"""Pictures that a terminal decodes itself, as things that Rich prints: the protocols of iTerm2 and of kitty.

Both are a sequence with the file in base64.  textual-image has no iTerm2 protocol, and its way for kitty,
with placeholder characters, needs kitty 0.28: an older one, as Debian 12 has it, shows boxes.
"""

from __future__ import annotations

import base64
from io import BytesIO
from typing import TYPE_CHECKING

from rich.control import Control
from rich.measure import Measurement
from rich.segment import ControlType, Segment

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderResult

STILL_LINES, STILL_COLUMNS = 5, 18
"""The room of a still in the terminal, in cells, which are about twice as high as wide."""

_CHUNK_BYTES = 4096
"""Of base64 in one sequence: the limit of kitty's protocol."""

_SAVE_CURSOR, _RESTORE_CURSOR = "\x1b7", "\x1b8"

_CONTROL = [(ControlType.CURSOR_FORWARD, 0)]
"""Makes Rich count a text as no columns."""


class InlinePicture:
    """Room for a picture, and the sequence that lets the terminal draw it there."""

    def __init__(self, sequence: str) -> None:
        self.sequence = sequence

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Yield blank lines, and then the picture over them."""
        for _ in range(STILL_LINES):
            yield Segment(" " * STILL_COLUMNS + "\n")
        yield Segment(_SAVE_CURSOR, control=_CONTROL)
        yield Control.move(0, -STILL_LINES)
        yield Segment(self.sequence + _RESTORE_CURSOR, control=_CONTROL)

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        """Return the columns that the room has."""
        return Measurement(STILL_COLUMNS, STILL_COLUMNS)


def iterm2_picture(jpeg: bytes) -> InlinePicture:
    """Return a picture by iTerm2's inline images protocol; the terminal keeps its proportions."""
    size = f"width={STILL_COLUMNS};height={STILL_LINES};preserveAspectRatio=1"
    data = base64.b64encode(jpeg).decode()
    return InlinePicture(f"\x1b]1337;File=inline=1;size={len(jpeg)};{size}:{data}\a")


def kitty_picture(jpeg: bytes) -> InlinePicture:
    """Return a picture by kitty's graphics protocol, which takes PNG and fills the cells that are named."""
    data = base64.b64encode(_padded_png(jpeg)).decode()
    chunks = [data[start : start + _CHUNK_BYTES] for start in range(0, len(data), _CHUNK_BYTES)]
    # Transmit and show (T) a PNG (f=100) without an answer (q=2), and leave the cursor where it is (C=1).
    first = f"a=T,f=100,q=2,C=1,c={STILL_COLUMNS},r={STILL_LINES},"
    sequences = [
        f"\x1b_G{'' if number else first}m={int(number < len(chunks) - 1)};{chunk}\x1b\\"
        for number, chunk in enumerate(chunks)
    ]
    return InlinePicture("".join(sequences))


def _padded_png(jpeg: bytes) -> bytes:
    """Return a picture in the proportions of its room, with nothing to see beside it."""
    from PIL import Image

    with Image.open(BytesIO(jpeg)) as still:
        width, height = still.size
        wide = max(width, round(height * STILL_COLUMNS / (2 * STILL_LINES)))
        high = max(height, round(wide * 2 * STILL_LINES / STILL_COLUMNS))
        room = Image.new("RGBA", (wide, high))
        room.paste(still.convert("RGB"), (0, 0))
    png = BytesIO()
    room.save(png, "PNG", compress_level=1)
    return png.getvalue()
