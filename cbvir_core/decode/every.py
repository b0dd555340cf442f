"""Decoding without doing anything with the frames: what reading a file costs at least."""

from __future__ import annotations

import math
from fractions import Fraction
from pathlib import Path

from cbvir_core.decode.decoder import Decoder
from cbvir_core.decode.probe import probe
from cbvir_core.decode.timeline import Timeline


def decode_to_nothing(path: Path | str, until_s: float = math.inf) -> float:
    """Decode every frame up to a time, in this thread, and keep none; return how far it came, in seconds.

    Like ``ffmpeg -threads 1 -f null``.  Raises what `probe` raises, and DecodeMemory.
    """
    info, reached_s = probe(path), 0.0
    decoder = Decoder(info.path, "every", Fraction(1))
    try:
        timeline = Timeline(info.time_base, info.start, decoder.frame_s)
        for pts, _ in decoder.pictures():
            reached_s = float(timeline.at(pts))
            if reached_s >= until_s:
                break
    finally:
        decoder.close()
    return reached_s
