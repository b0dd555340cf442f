"""Other film in the library: hours of photographs that a camera moves over.

No file of it exists.  What ingest would store of it is stored: a scene for each photograph, with its still,
its descriptor and the codes of its frames.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from itertools import islice
from pathlib import Path

import numpy as np

from bench.retrieval.photographs import Photograph, photographs_in
from cbvir_core import Library
from cbvir_core.decode import fit_within, read_picture
from cbvir_core.embed import ViewRows
from cbvir_core.index import FrameCodec
from cbvir_core.keyframes import FRAME_SIDE
from cbvir_core.types import FrameCodes, Image, Keyframe
from support.candidates import video_info
from support.libraries import active_generation, store_of

SCENE_S = 2.0
"""Seconds that each photograph is shown."""

PHOTOGRAPHS_PER_FILM = 900
"""Half an hour of film."""

BATCH = 16
SEEN = 0.8
"""Share of a photograph's sides that the camera sees; it moves from one corner to the opposite one."""


def with_company(folder: Path, photographs: Path, hours: float) -> Path:
    """Return a copy of the library in `folder` with `hours` of other film, made where it is not there yet.

    `photographs` has tar files of pictures.
    """
    target = folder.with_name(f"{folder.name}-with-{hours:g}-hours")
    if (target / "complete").is_file():
        return target
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(folder, target)
    pictures = islice(photographs_in(sorted(photographs.glob("*.tar"))), round(hours * 3600 / SCENE_S))
    with Library.open(target, profile="builtin") as library:
        number = 0
        while film := list(islice(pictures, PHOTOGRAPHS_PER_FILM)):
            _add_film(library, number, film)
            number += 1
        while library.maintain():
            pass
    (target / "complete").touch()
    return target


def _add_film(library: Library, number: int, film: Sequence[Photograph]) -> None:
    active, store = active_generation(library), store_of(library)
    assert active.frames is not None
    info = video_info(f"{number:032x}", Path(f"/photographs/{number}.mp4"), (640, 360))
    library.begin(info)
    at_s = 0.0
    for first in range(0, len(film), BATCH):
        batch = film[first : first + BATCH]
        shown = [fit_within(read_picture(data), FRAME_SIDE * 2) for _, data in batch]
        views = active.frames.encoder.encode([part for one in shown for part in _seen(one)])
        codes = _codes(active.frames.index.codec, views, at_s)
        keyframes = [
            Keyframe(at_s + place * SCENE_S, at_s + place * SCENE_S, at_s + (place + 1) * SCENE_S, image)
            for place, image in enumerate(shown)
        ]
        store.append(info.video_id, keyframes, active.generation, views[::2, 0], codes)
        at_s += len(batch) * SCENE_S
    library.finish(info.video_id, damaged=0, duration_s=at_s)


def _seen(image: Image) -> tuple[Image, Image]:
    """Return what the camera sees at the beginning and at the end of a scene."""
    height, width = (max(1, int(SEEN * side)) for side in image.shape[:2])
    return np.ascontiguousarray(image[:height, :width]), np.ascontiguousarray(image[-height:, -width:])


def _codes(codec: FrameCodec, views: ViewRows, at_s: float) -> list[FrameCodes]:
    count, per_frame = len(views) // 2, views.shape[1]
    packed = codec.encode(views.reshape(count, 2 * per_frame, -1)).reshape(count, 2, per_frame, -1)
    times_s = np.array([0.0, SCENE_S / 2])
    return [FrameCodes(at_s + place * SCENE_S + times_s, one) for place, one in enumerate(packed)]
