"""Which frames the decoder may skip, and the check that it does not skip too many.

Decoding reference frames alone costs about two thirds of decoding every frame, intra frames alone a small
part (``python -m bench keyframes`` in tests/ prints the cost of each mode).  Skipping the loop filter as
well would save another fifth of FFmpeg's time, but a frame that refers to an unfiltered one drifts from what
a player shows: a keyframe of a real clip that was asked for was a match with .99 before and likely with .89
then.  It is not skipped, so a frame is the same picture in every mode.

B-frames that others refer to are decoded.  Without them samples of a film of P-frames lie up to a third of a
second off their grid, and the ends of a clip that is looked for were found 1.2 s off instead of .3.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Literal, get_args

Mode = Literal["auto", "every", "reference", "keyframes"]
"""`every` frame; `reference`: without the frames that no other one needs; `keyframes`: intra frames
only; `auto`: as `reference`, and of still stretches the first frame alone, until a gap between frames is too
long for sampling, then `every`."""

SkipFrame = Literal["DEFAULT", "NONREF", "NONKEY"]

FIXED_SKIP_DECODERS = frozenset({"libdav1d", "libaom-av1"})
"""Decoders that read the skip level only once; `auto` could not change it, so it decodes every frame."""

MAX_REORDER_PACKETS = 48
"""Packets without a frame beyond which reordering cannot be the reason: H.264 and HEVC reorder at most 16."""


def check_mode(mode: Mode) -> Mode:
    """Return the mode itself.  Raises ValueError for any other name."""
    if mode not in get_args(Mode):
        raise ValueError(f"mode must be one of {', '.join(get_args(Mode))}, not {mode!r}")
    return mode


def first_skip(mode: Mode, decoder: str) -> SkipFrame:
    """Return what to skip when the file is opened."""
    if mode == "keyframes":
        return "NONKEY"
    if mode == "reference" or (mode == "auto" and decoder not in FIXED_SKIP_DECODERS):
        return "NONREF"
    return "DEFAULT"


class GapWatch:
    """A check whether skipped frames leave a gap between decoded ones that is longer than `limit`.

    A gap in which the file itself has no frame (variable frame rate) does not count.  Times are PTS in
    units of the stream's time base.  Frames that nothing refers to may be skipped or decoded at any
    time, so the reader can stop skipping in the middle of a film.
    """

    def __init__(self, limit: Fraction, time_base: Fraction) -> None:
        self._limit = limit / time_base
        self._sent: list[int] = []
        self._shown: int | None = None
        self.too_sparse = False

    def sent(self, pts: int | None) -> None:
        """Note that a packet went into the decoder."""
        if pts is None:
            self.too_sparse = True
            return
        self._sent.append(pts)
        shown = self._sent[0] if self._shown is None else self._shown
        if len(self._sent) > MAX_REORDER_PACKETS and pts - shown > self._limit:
            self.too_sparse = True

    def shown(self, pts: int | None) -> None:
        """Note that a frame came out of the decoder."""
        if pts is None:
            self.too_sparse = True
            return
        before = self._shown
        if before is not None and pts - before > self._limit:
            self.too_sparse |= any(before < skipped < pts for skipped in self._sent)
        self._sent = [waiting for waiting in self._sent if waiting > pts]
        self._shown = pts
