"""Pictures as a store keeps them, by the thousand: as small as they can be with the same answers.

`python -m bench.measure.kept_pictures` compares them with JPEG as it was kept before, on 174 frames of real
clips.  At quality 65 stills had .53 of the bytes, and 486 of 522 queries agreed with them by local features,
487 before; but a frame of a real clip was answered with another scene, so the quality is 75.  Strips of
thumbnails have .6 of the bytes.  `decode_still` and `decode_strip` read these forms, and those of earlier
releases: JPEG, and WebP for strips.
"""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np

from cbvir_core.decode.scale import JPEG_BLOCK, Strip, decode_still, encode_still, encode_strip
from cbvir_core.types import Image

STILL_AVIF_QUALITY = 75
"""As near to the frame as the JPEG of earlier releases was."""

STILL_AVIF_SPEED = 9
"""Of 10, the quickest: at 8 a still is a tenth smaller and takes four times as long."""

STRIP_AVIF_QUALITY = 45
"""Of 424 thumbnails, compressed, blurred and noisy, 421, 411 and 420 are nearest to their own in the strip
then; with WebP, which takes 1.22 times the bytes, 417, 408 and 420.  AVIF sequences, in which a frame is what
differs from the one before, take half, but still shots lose what tells one frame from the next: of 993, 895,
882 and 895 were nearest, with WebP 935, 880 and 945."""

STRIP_AVIF_SPEED = 9
"""Of 10: 4 ms a strip more than WebP; at 6 it is a tenth smaller and takes ten times as long."""

MAX_AVIF_SIDE = 32_768
"""Longest side of an AVIF picture in pixels that is read; longer strips stay JPEG."""

SHOWN_JPEG_QUALITY = 90
JPEG_BEGINNING = b"\xff\xd8"


def encode_kept_still(image: Image) -> bytes:
    """Return the picture as AVIF; as JPEG where OpenCV cannot write that."""
    if has_avif():
        parameters = [cv2.IMWRITE_AVIF_QUALITY, STILL_AVIF_QUALITY, cv2.IMWRITE_AVIF_SPEED, STILL_AVIF_SPEED]
        done, data = cv2.imencode(".avif", cv2.cvtColor(image, cv2.COLOR_RGB2BGR), parameters)
        if done:
            return data.tobytes()
    return encode_still(image)


def encode_kept_strip(frames: Strip) -> bytes:
    """Return thumbnails (N x H x W) one below the other as one AVIF picture; else as JPEG.

    That is where OpenCV cannot write AVIF, and a very long strip.  Each begins where it does in the strips of
    `encode_strip`.
    """
    rows = -frames.shape[1] % JPEG_BLOCK
    whole = np.pad(frames, ((0, 0), (0, rows), (0, 0)), mode="edge").reshape(-1, frames.shape[2])
    if has_avif() and max(whole.shape) <= MAX_AVIF_SIDE:
        parameters = [cv2.IMWRITE_AVIF_QUALITY, STRIP_AVIF_QUALITY, cv2.IMWRITE_AVIF_SPEED, STRIP_AVIF_SPEED]
        done, data = cv2.imencode(".avif", whole, parameters)
        if done:
            return data.tobytes()
    return encode_strip(frames)


def kept_as_jpeg(data: bytes) -> bytes:
    """Return a kept still as JPEG, for those who ask for one; it stays as it is where it is JPEG.

    Raises NotAPicture.
    """
    if not data or data.startswith(JPEG_BEGINNING):
        return data
    return encode_still(decode_still(data), SHOWN_JPEG_QUALITY)


@cache
def has_avif() -> bool:
    """Return whether OpenCV writes AVIF here."""
    return bool(cv2.haveImageWriter("still.avif"))
