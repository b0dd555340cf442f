"""Kinds of copies: what is done to a piece of a film, as filters of FFmpeg."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np

PIECE_S = 8.0
"""Seconds of a film in a copy, where its kind does not say otherwise."""

CAPTION_SIZE = (900, 90)


@dataclass(frozen=True)
class CopyKind:
    """A kind of copy.

    - `filters`: what is done to the piece; ``[caption]`` stands for the file of a caption.
    - `piece_s`: seconds of film; `pieces`: of how many films the copy is cut together.
    - `speed`: seconds of film for a second of the copy.
    - `encoding`: options of FFmpeg.
    """

    name: str
    filters: str = "null"
    piece_s: float = PIECE_S
    pieces: int = 1
    speed: float = 1.0
    is_reversed: bool = False
    is_mirrored: bool = False
    encoding: tuple[str, ...] = field(default=("-c:v", "libx264", "-preset", "veryfast", "-crf", "23"))


_SCREEN = (
    "scale=iw*1.1:ih*1.1,perspective=x0=W*.04:y0=H*.06:x1=W*.97:y1=H*.02:x2=W*.02:y2=H*.95:x3=W*.99:y3=H*.98:"
    "sense=destination,gblur=sigma=1.2,noise=alls=10:allf=t,eq=brightness=.04:contrast=.85,"
    "crop=iw*.88:ih*.86"
)
"""A screen that was filmed: at an angle, blurred, noisy and paler, its edges cut off."""

KINDS = (
    CopyKind("unedited"),
    CopyKind(
        "encoded again", "scale=640:-2", encoding=("-c:v", "libx264", "-preset", "veryfast", "-crf", "36")
    ),
    CopyKind("cropped", "crop=iw*.7:ih*.7:iw*.1:ih*.2"),
    CopyKind("bars", "scale=1280:-2,pad=1280:1280:0:(oh-ih)/2:black"),
    CopyKind("mirrored", "hflip", is_mirrored=True),
    CopyKind("captioned", "[in][caption]overlay=(W-w)/2:H-h-40"),
    CopyKind("faster", "setpts=PTS/1.25", speed=1.25),
    CopyKind("slower", "setpts=PTS/.8", speed=0.8),
    CopyKind("reversed", "reverse", is_reversed=True),
    CopyKind("frames dropped", "fps=8"),
    CopyKind(
        "picture in picture",
        "split[a][b];[b]crop=iw/2:ih/2,hue=s=0,scale=iw*.6:-1[c];[a][c]overlay=W-w-30:30",
    ),
    CopyKind("filmed off a screen", _SCREEN),
    CopyKind("grey", "hue=s=0,eq=contrast=1.2"),
    CopyKind("cut together", pieces=3, piece_s=4.0),
    CopyKind("short", piece_s=2.0),
)

LENGTHS_S = (0.5, 1.0, 1.5, 2.0, 3.0, 5.0)
"""Lengths of unedited pieces that tell how short a clip may be."""


def length_kinds() -> tuple[CopyKind, ...]:
    """Return kinds of unedited copies of several lengths."""
    return tuple(CopyKind(f"{length_s:.1f} s", piece_s=length_s) for length_s in LENGTHS_S)


def write_caption(path: Path) -> None:
    """Write a caption as people lay it over clips: white letters on black."""
    width, height = CAPTION_SIZE
    picture = np.zeros((height, width, 3), np.uint8)
    cv2.putText(picture, "WHEN NOBODY IS LOOKING", (20, 62), cv2.FONT_HERSHEY_DUPLEX, 2.0, (255, 255, 255), 4)
    cv2.imwrite(str(path), picture)
