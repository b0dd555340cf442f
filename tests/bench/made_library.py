"""Libraries of any size that nobody filmed, written in bulk: all that a store keeps of a keyframe is there.

Descriptors and frame codes are made rows; stills, thumbnails and local features are those of a few drawn
pictures, again and again.  So a library of a million keyframes takes minutes, most of them for its indices.
"""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import partial
from pathlib import Path

import numpy as np

from cbvir_core import Library
from cbvir_core.decode import encode_still
from cbvir_core.index import shipped_codec
from cbvir_core.store import Generation, tables
from cbvir_core.store.environment import Table, Transaction
from cbvir_core.store.keyframes import _append, _PackedKeyframe
from cbvir_core.store.layout import (
    pack_descriptors,
    pack_frame_codes,
    pack_number,
    pack_refine,
    pack_thumbnails,
    row_key,
    to_half,
)
from cbvir_core.store.path_tables import put_with_path
from cbvir_core.store.records import VideoRecord
from cbvir_core.types import FrameCodes, Image, Keyframe, Rows, Thumbnails, VideoInfo
from cbvir_core.verify import KEPT_FEATURES, describe, pack
from support.libraries import active_generation, store_of
from support.made_rows import RowMaker, video_name
from support.row_store import clustered
from support.scenery import PAINTERS, palette

KEYFRAMES_PER_VIDEO = 250
VIDEOS_PER_WRITE = 8
POOL_SCENES = 4_000
STILL_SIZE = 96, 54
THUMBNAIL_SIZE = 32, 18
ONE = Fraction(1)
FIRST_MAP_BYTES = 1 << 30


@dataclass(frozen=True, slots=True)
class _Pool:
    """What keyframes of a made library have, each taken again and again."""

    pictures: tuple[Image, ...]
    stills: tuple[bytes, ...]
    features: tuple[bytes, ...]
    strips: tuple[bytes, ...]
    scenes: tuple[tuple[float, bytes], ...]


def made_picture(number: int, size: tuple[int, int]) -> Image:
    """Return a drawn picture of that width and height."""
    rng = np.random.default_rng(number)
    paint = list(PAINTERS.values())[number % len(PAINTERS)]
    return paint(rng, *size, palette(rng))


MADE = Path("/made")
"""Where made videos are said to lie."""


def made_path(number: int) -> Path:
    """Return where the video with a number is said to lie."""
    return MADE / f"reel {number // 100:03d}/film {number:06d}.mp4"


def forget_taken_in(data: Path) -> None:
    """Forget what services took in beside the made videos, so that the same films are taken in again."""
    with Library.open(data, profile="builtin") as library:
        for record in library.videos():
            if not any(path.is_relative_to(MADE) for path in record.paths):
                library.remove(record.video_id)


def made_library(folder: Path, keyframes: int) -> Path:
    """Make a library with the built-in weights where it is not there yet; return its folder.

    Every row has descriptors of both networks, frame codes, thumbnails and features, and is in the indices.
    """
    data = folder / f"{keyframes}-keyframes"
    if (data / "complete").is_file():
        return data
    shutil.rmtree(data, ignore_errors=True)
    with Library.open(data, profile="builtin") as library:
        store, generation = store_of(library), active_generation(library).generation
        pool = _pool()
        for videos in _batches(keyframes):
            store._environment.write(partial(_put_videos, generation, pool, videos))
        library.rebuild_index()  # at once, instead of sealing and merging many small segments
        while library.maintain():
            pass
        _load_networks(library)
    (data / "complete").touch()
    return data


def _load_networks(library: Library) -> None:
    """Load all networks, so that they lie converted beside the library, as after any first start."""
    frames = active_generation(library).frames
    assert frames is not None
    frames.encoder.load()
    library.load_refine()


def _batches(keyframes: int) -> Iterator[list[tuple[int, int]]]:
    """Yield numbers of videos with how many keyframes each has."""
    counts = [
        (number, min(KEYFRAMES_PER_VIDEO, keyframes - first))
        for number, first in enumerate(range(0, keyframes, KEYFRAMES_PER_VIDEO))
    ]
    for first in range(0, len(counts), VIDEOS_PER_WRITE):
        yield counts[first : first + VIDEOS_PER_WRITE]


def _pool() -> _Pool:
    pictures = tuple(made_picture(number, STILL_SIZE) for number in range(2 * len(PAINTERS)))
    strips = tuple(pack_thumbnails(_thumbnails(number)) for number in range(len(pictures)))
    video, scenes, start_s = RowMaker(shipped_codec(), 0).video(POOL_SCENES * 4.0), [], 0.0
    for end_s, scene in zip(video.ends_s, video.scenes, strict=True):
        codes = pack_frame_codes(FrameCodes(scene.times_s - start_s, scene.codes))
        scenes.append((float(end_s - start_s), codes))
        start_s = float(end_s)
    stills = tuple(map(encode_still, pictures))
    return _Pool(
        pictures, stills, tuple(pack(describe(one, KEPT_FEATURES)) for one in pictures), strips, tuple(scenes)
    )


def _thumbnails(number: int) -> Thumbnails:
    shown = made_picture(number, THUMBNAIL_SIZE).mean(axis=2).astype(np.uint8)
    return Thumbnails(np.arange(3) / 3, np.stack([shown] * 3))


def _put_videos(generation: Generation, pool: _Pool, videos: list[tuple[int, int]], txn: Transaction) -> None:
    for number, count in videos:
        rng = np.random.default_rng([number, 1])
        filters, refines = clustered(count, 512, number), clustered(count, 512, 1_000_000 + number)
        entries, start_s = list[_PackedKeyframe](), 0.0
        for filter_row in filters:
            entries.append(_entry(pool, rng, start_s, filter_row))
            start_s = entries[-1].keyframe.scene_end_s
        path, video_id = made_path(number), video_name(number)
        info = VideoInfo(path, video_id, 1, "mp4", "h264", 640, 360, 0, ONE, ONE, Fraction(0), 1e3, 25.0)
        put_with_path(txn, VideoRecord.new(info, 1e9 + number), path)
        rows = _append(txn, video_id, generation, entries)
        for row, refine_row in zip(rows, refines, strict=True):
            txn.put(Table.REFINED, row_key(generation.number, row), pack_refine(to_half(refine_row)))
            txn.delete(Table.UNREFINED, row_key(generation.number, row))
            txn.put(Table.FEATURES, pack_number(row), pool.features[row % len(pool.features)])
            txn.delete(Table.UNFEATURED, pack_number(row))
        tables.add_to_counters(txn, Counter({tables.refine_counter(generation.number): len(rows)}))
        tables.put_video(txn, replace(tables.read_video(txn, video_id), complete=True))


def _entry(pool: _Pool, rng: np.random.Generator, start_s: float, filter_row: Rows) -> _PackedKeyframe:
    number = int(rng.integers(len(pool.pictures)))
    length_s, codes = pool.scenes[int(rng.integers(len(pool.scenes)))]
    keyframe = Keyframe(start_s, start_s, start_s + length_s, pool.pictures[number])
    descriptors = pack_descriptors(to_half(filter_row), None)
    return _PackedKeyframe(keyframe, pool.stills[number], pool.strips[number], codes, descriptors)
