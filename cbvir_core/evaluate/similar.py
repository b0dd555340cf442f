"""The nearest pictures of a picture, or clips of a clip, ranked by distance or re-ranked by affinity."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cbvir_core.decode import read_picture
from cbvir_core.errors import DecodeError, InputError, NotAPicture
from cbvir_core.evaluate.files import files_in
from cbvir_core.evaluate.report import Notify, silent
from cbvir_core.sequences import (
    CLIP_STEPS,
    FrameFeatures,
    SequenceModel,
    proximal_affinity,
    read_clip_features,
)
from cbvir_core.types import Floats, Span


@dataclass(frozen=True, slots=True)
class SimilarResult:
    """One result: its place, file, span in seconds (None of a picture), distance and cosine to the query."""

    rank: int
    file: str
    start_s: float | None
    end_s: float | None
    distance: float
    cosine: float


@dataclass(frozen=True, slots=True, eq=False)
class SimilarItem:
    """A picture, or a clip of a video, by its vector (D)."""

    path: Path
    span: Span | None
    vector: Floats


def read_items(path: Path, encoder: FrameFeatures, model: SequenceModel | None = None) -> list[SimilarItem]:
    """Return a picture as one item, or a video as one item for each chunk of about ten seconds.

    A picture's vector is its features.  A clip's is that of the LSTM, or without it the mean of its features.
    Raise InputError or DecodeError for a file that is neither.
    """
    try:
        image = read_picture(path)
    except NotAPicture:
        clips = list(read_clip_features(path, encoder, steps=model.steps if model else CLIP_STEPS))
        pooled = np.stack([clip.features.mean(axis=0) for clip in clips])
        vectors = model.describe_clips(clips) if model else pooled
        return [SimilarItem(path, clip.span, row) for clip, row in zip(clips, vectors, strict=True)]
    return [SimilarItem(path, None, encoder.encode([image])[0])]


def find_similar(
    query: Path,
    folders: Iterable[Path],
    encoder: FrameFeatures,
    model: SequenceModel | None = None,
    *,
    k: int,
    threshold: float,
    notify: Notify = silent,
) -> tuple[list[SimilarResult], Floats]:
    """Return the nearest `k` items that pass the threshold, best first, and the vectors of all items.

    A picture is compared with pictures, a clip with clips; of a longer video the first chunk asks.  The
    query's own file is no result.  With a threshold below -1 it is the ranking by distance alone.  Raise
    InputError for a query that is neither picture nor video, and where there is nothing to compare with.
    """
    asked = read_items(query, encoder, model)[0]
    known = [
        item
        for item in _readable(folders, encoder, model, notify)
        if (item.span is None) == (asked.span is None) and item.path != query.resolve()
    ]
    if not known:
        raise InputError("there is nothing of the query's kind to compare it with", path=query)
    rows = np.stack([item.vector for item in known])
    ranking = proximal_affinity(asked.vector, rows, k, threshold)
    values = zip(ranking.positions, ranking.distances, ranking.cosines, strict=True)
    results = [
        _result(rank, known[int(position)], float(distance), float(cosine))
        for rank, (position, distance, cosine) in enumerate(values, start=1)
    ]
    return results, rows


def _result(rank: int, item: SimilarItem, distance: float, cosine: float) -> SimilarResult:
    start_s, end_s = item.span or (None, None)
    return SimilarResult(rank, str(item.path), start_s, end_s, distance, cosine)


def _readable(
    folders: Iterable[Path], encoder: FrameFeatures, model: SequenceModel | None, notify: Notify
) -> Iterator[SimilarItem]:
    for path in files_in(folders):
        try:
            yield from read_items(path, encoder, model)
        except (InputError, DecodeError) as error:
            notify(f"left out: {error}")
