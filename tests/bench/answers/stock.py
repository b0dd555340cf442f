"""The library that the benchmark asks."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import astuple
from pathlib import Path

import numpy as np

from bench.retrieval.clips import ClipSplit
from bench.retrieval.photographs import Photograph
from cbvir_core import Library
from cbvir_core.decode import STILL_SIDE, fit_within, read_picture, thumbnail
from cbvir_core.errors import CbvirError
from cbvir_core.types import Keyframe, Thumbnails
from support.candidates import video_info

Advance = Callable[[], object]
"""Called after each video."""

STOCKED_MARK = "stocked.json"
"""File in the folder of a complete library that describes its content."""


def stock(
    library: Library, folder: Path, clips: ClipSplit, photographs: Sequence[Photograph], tell: Advance
) -> None:
    """Put clips and photographs in with descriptors and features, unless an earlier run has done so.

    Clips that cannot be read are left out, as the service does.
    """
    mark, contents = folder / STOCKED_MARK, json.dumps([astuple(clips), len(photographs)], default=str)
    if mark.is_file() and mark.read_text() == contents:
        return
    for clip in clips.corpus:
        with suppress(CbvirError):
            library.add(clip)
        tell()
    for number, photograph in enumerate(photographs):
        add_photograph(library, number, photograph)
        tell()
    for step in (library.backfill, library.backfill_features, library.maintain):
        while step():
            pass
    mark.write_text(contents)


def add_photograph(library: Library, number: int, photograph: Photograph) -> None:
    """Add a photograph as a video of one second."""
    name, data = photograph
    image = fit_within(read_picture(data), STILL_SIDE)
    size = image.shape[1], image.shape[0]
    info = video_info(f"{number:032x}", Path("/photographs", name), size)
    library.begin(info)
    seen = Thumbnails(np.zeros(1), thumbnail(image)[None])
    library.append(info.video_id, [Keyframe(0.0, 0.0, 1.0, image, thumbnails=seen)])
    library.finish(info.video_id, damaged=0, duration_s=1.0)
