"""Taking videos in, without storing anything, against decoding every frame of them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from cbvir_core.decode import Mode
from cbvir_core.decode.every import decode_to_nothing
from cbvir_core.errors import CbvirError
from cbvir_core.keyframes import KeyframeOptions, KeyframeReader
from cbvir_core.search import existing_path
from cbvir_core.store import Store
from cbvir_core.types import Keyframe

READ_VIDEOS = 5
"""Videos at most of which the beginning is read, so that one of them is not all that is measured."""

READ_BATCH_KEYFRAMES = 16

DescribeKeyframes = Callable[[Sequence[Keyframe]], object]
"""Makes something of keyframes that ingest stores."""

DECODE, BORDERS, EXTRACT = "decode", "borders", "extract"


@dataclass(slots=True)
class ReadingMeasure:
    """What reading the beginnings of videos took.

    - `videos`, `film_s`: how many videos were read, and seconds of film; 0 where no file is there.
    - `stages_s`: seconds of each stage.  ``decode``: decoding every frame on one thread, which ingest does
      not do and is compared with.  ``borders``: finding them, once a file.  ``extract``: keyframes,
      thumbnails and frames that differ, decoding included.  These three are processor seconds.  Then what is
      made of keyframes, by name.
    """

    videos: int = 0
    film_s: float = 0.0
    keyframes: int = 0
    stages_s: dict[str, float] = field(default_factory=lambda: {DECODE: 0.0, BORDERS: 0.0, EXTRACT: 0.0})

    @property
    def times_real_time(self) -> float:
        """How many seconds of film one thread takes in in a second, finding borders left out."""
        spent_s = sum(spent for stage, spent in self.stages_s.items() if stage not in (DECODE, BORDERS))
        return self.film_s / spent_s if spent_s else 0.0


def measure_reading(
    store: Store,
    describers: Mapping[str, DescribeKeyframes],
    options: KeyframeOptions,
    mode: Mode,
    film_s: float,
    seed: int,
    told: Callable[[float], None] = lambda done_s: None,
) -> ReadingMeasure:
    """Read the beginnings of up to `READ_VIDEOS` videos by chance, `film_s` seconds in all.

    `describers` are what is made of keyframes, by name; their networks should be loaded.  `told` is called
    with the seconds of film that are done.  Files that cannot be read are left out.
    """
    measured = ReadingMeasure()
    measured.stages_s |= dict.fromkeys(describers, 0.0)
    paths = list(_readable(store, seed))
    for path in paths:
        with suppress(CbvirError):
            _read(path, film_s / len(paths), measured, describers, options, mode)
        told(measured.film_s)
    return measured


def _readable(store: Store, seed: int) -> Iterator[Path]:
    """Yield files of videos by chance whose file is there."""
    videos, found = store.videos(), 0
    for number in np.random.default_rng(seed).permutation(len(videos)):
        with suppress(CbvirError):
            yield existing_path(videos[number])
            found += 1
        if found == READ_VIDEOS:
            return


def _read(
    path: Path,
    until_s: float,
    measured: ReadingMeasure,
    describers: Mapping[str, DescribeKeyframes],
    options: KeyframeOptions,
    mode: Mode,
) -> None:
    spent = measured.stages_s
    begun = time.thread_time()
    reached_s = decode_to_nothing(path, until_s)
    spent[DECODE] += time.thread_time() - begun
    with KeyframeReader(path, options, mode=mode) as reader:
        begun = time.thread_time()
        reader.find_borders()
        spent[BORDERS] += time.thread_time() - begun
        for batch in _batches(reader, until_s, spent):
            for name, describe in describers.items():
                waited = time.perf_counter()  # a network computes in threads of its own
                describe(batch)
                spent[name] += time.perf_counter() - waited
            measured.keyframes += len(batch)
    measured.videos += 1
    measured.film_s += reached_s


def _batches(reader: KeyframeReader, until_s: float, spent: dict[str, float]) -> Iterator[list[Keyframe]]:
    """Yield the keyframes up to a time, and count the processor time that reading them takes."""
    batch, finished = list[Keyframe](), False
    while not finished:
        begun = time.thread_time()
        keyframe = next(reader, None)
        spent[EXTRACT] += time.thread_time() - begun
        batch += [keyframe] if keyframe else []
        finished = keyframe is None or reader.position_s >= until_s
        if batch and (finished or len(batch) == READ_BATCH_KEYFRAMES):
            yield batch
            batch = []
