"""What forms of stills and thumbnails cost and keep, on frames of real clips, against JPEG as it was before.

    python -m bench.measure.kept_pictures

It prints bytes, milliseconds of processor to write and to read, noise, and of stills how many queries made of
the same frames (shrunk, cropped, compressed hard) agree with them by local features, and how near the SOLAR
descriptor of the still stays to that of the frame.  It takes two minutes.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from itertools import islice
from pathlib import Path
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from bench.cost import report
from bench.retrieval.clips import clips_in
from bench.shared_data import CLIPS
from cbvir_core.decode import (
    STILL_SIDE,
    decode_still,
    decode_strip,
    encode_still,
    encode_strip,
    fit_within,
    read_frames,
    thumbnail,
)
from cbvir_core.decode.kept import encode_kept_still, encode_kept_strip
from cbvir_core.embed import NetworkEncoder, RuntimeOptions
from cbvir_core.errors import CbvirError
from cbvir_core.types import Image
from cbvir_core.verify import KEPT_FEATURES, QUERY_FEATURES, describe, pack, unpack, verify
from cbvir_core.weights import find_profile
from support.conversions import encoder_cache

FRAMES_OF_CLIP, THUMBNAILS_OF_CLIP, SAMPLES_PER_S = 3, 12, 3.0
T = TypeVar("T")
U = TypeVar("U")
Raster = npt.NDArray[np.uint8]


def main() -> None:
    """Print a table of stills and one of strips."""
    if not CLIPS.is_dir():
        sys.exit(f"the clips are not at {CLIPS}")
    samples = [own for clip in clips_in(CLIPS) if len(own := _samples(clip)) >= FRAMES_OF_CLIP]
    frames = [own[place] for own in samples for place in (0, len(own) // 2, len(own) - 1)]
    _stills(frames)
    _strips([np.stack([thumbnail(frame) for frame in own]) for own in samples])


def _samples(clip: Path) -> list[Image]:
    try:
        with read_frames(clip, samples_per_s=SAMPLES_PER_S) as reader:
            return [fit_within(frame.image, STILL_SIDE) for frame in islice(reader, THUMBNAILS_OF_CLIP)]
    except CbvirError:
        return []


def _stills(frames: Sequence[Image]) -> None:
    refine = find_profile("builtin", None).refine
    assert refine is not None
    solar = NetworkEncoder(refine, "refine", RuntimeOptions(cache=encoder_cache()))
    truth = solar.encode(frames)
    asked = [[describe(query, QUERY_FEATURES) for query in _queries(frame)] for frame in frames]
    lines, first = {}, 0.0
    for name, encode in {"JPEG": encode_still, "kept": encode_kept_still}.items():
        written, write_ms = _timed(encode, frames)
        read, read_ms = _timed(decode_still, written)
        size = float(np.mean([len(one) for one in written]))
        first = first or size
        described = [describe(still, KEPT_FEATURES) for still in read]
        packed, pack_ms = _timed(pack, described)
        features, unpack_ms = _timed(unpack, packed)
        packed_size = np.mean([len(one) for one in packed])
        found = [
            verify(query, still) is not None
            for own, still in zip(asked, features, strict=True)
            for query in own
        ]
        cosine = np.sort((solar.encode(read) * truth).sum(axis=1))
        lines[name] = (
            f"{size:,.0f} bytes ({size / first:.2f})  written {write_ms:.1f} ms  read {read_ms:.1f} ms  "
            f"{_noise(frames, read):.1f} dB  agree {sum(found)} of {len(found)}  "
            f"SOLAR {cosine.mean():.4f}, worst {cosine[0]:.3f}  features {packed_size:,.0f} bytes, "
            f"packed {pack_ms:.1f} ms, unpacked {unpack_ms:.1f} ms"
        )
    report(f"stills, {len(frames)} frames of real clips", **lines)


def _strips(strips: Sequence[Raster]) -> None:
    lines, first = {}, 0.0
    for name, encode in {"JPEG": encode_strip, "kept": encode_kept_strip}.items():
        written, write_ms = _timed(encode, strips)
        begun = time.process_time()
        read = [decode_strip(data, *own.shape[:2]) for data, own in zip(written, strips, strict=True)]
        read_ms = 1e3 * (time.process_time() - begun) / len(strips)
        size = float(np.mean([len(one) for one in written]))
        first = first or size
        lines[name] = (
            f"{size:,.0f} bytes ({size / first:.2f})  written {write_ms:.1f} ms  read {read_ms:.1f} ms  "
            f"{_noise(strips, read):.1f} dB"
        )
    report(f"strips of thumbnails, {len(strips)} of real clips", **lines)


def _queries(frame: Image) -> list[Image]:
    """Return the frame as people have it: small, in part, compressed hard."""
    height, width = frame.shape[:2]
    small = fit_within(frame, max(height, width) * 2 // 5)
    part = np.ascontiguousarray(frame[height // 4 : height * 3 // 4, width // 3 : width])
    return [small, part, decode_still(encode_still(frame, 15))]


def _timed(work: Callable[[T], U], given: Sequence[T]) -> tuple[list[U], float]:
    begun = time.process_time()
    done = [work(one) for one in given]
    return done, 1e3 * (time.process_time() - begun) / len(given)


def _noise(ones: Sequence[Raster], others: Sequence[Raster]) -> float:
    """Return the mean of the peak signal-to-noise ratios in decibels, at most 60 each."""
    errors = [np.mean((a.astype(np.float64) - b) ** 2) for a, b in zip(ones, others, strict=True)]
    return float(np.mean(10 * np.log10(255**2 / np.maximum(errors, 255**2 / 1e6))))


if __name__ == "__main__":
    main()
