"""The evaluation of cbvir itself: a library takes the videos in and answers the queries."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from cbvir_core.decode import read_picture
from cbvir_core.evaluate.efficiency import EvaluationClock
from cbvir_core.evaluate.moments import MethodAnswers, RankedMoment
from cbvir_core.evaluate.networks import EvaluatedEncoders
from cbvir_core.evaluate.report import Notify
from cbvir_core.library import Library
from cbvir_core.search import SearchOptions, shortlist_length
from cbvir_core.types import VideoId

LIBRARY_METHOD = "cbvir"
_PROFILE = "evaluated"
_BACKFILL_KEYFRAMES = 64


def ask_library(
    videos: Mapping[VideoId, Path],
    pictures: Sequence[Path],
    encoders: EvaluatedEncoders,
    clock: EvaluationClock,
    notify: Notify,
) -> MethodAnswers:
    """Return the answers of a `Library` in a temporary folder, with the profile that is evaluated.

    A query has all stages: removed borders, mirroring, the library's own bounds on the shortlist, its
    index.  The work of one query is ingest of the videos, all descriptors of the refinement, and the
    mean time of a search; loading the networks is not counted.
    """
    with tempfile.TemporaryDirectory(prefix="cbvir-evaluate-") as name:
        folder = Path(name)
        models = _models(folder / "models", encoders)
        runtime = replace(
            encoders.runtime, cache=None
        )  # not shared: a library deletes the cached networks that it does not use
        with Library.open(folder / "data", profile=_PROFILE, models_dir=models, runtime=runtime) as library:
            return _answers(library, videos, pictures, clock, notify)


def _answers(
    library: Library,
    videos: Mapping[VideoId, Path],
    pictures: Sequence[Path],
    clock: EvaluationClock,
    notify: Notify,
) -> MethodAnswers:
    library.load_filter()
    library.load_refine()
    begun = clock()
    for path in videos.values():
        library.add(path)
    while library.backfill(_BACKFILL_KEYFRAMES):
        pass
    while library.maintain():
        pass
    ingest_s = clock() - begun
    notify(f"the library has {len(videos)} videos")
    # As many as its own rule shortlists: a larger `top` would make it shortlist more.
    options = SearchOptions(top=max(1, shortlist_length(library.index_status().rows)))
    rankings, search_s = [], 0.0
    for picture in map(read_picture, pictures):
        begun = clock()
        answer = library.search(picture, options)
        search_s += clock() - begun
        rankings.append(tuple(RankedMoment(hit.keyframe_id.video, hit.time_s) for hit in answer.results))
    return MethodAnswers(LIBRARY_METHOD, tuple(rankings), ingest_s + search_s / max(1, len(pictures)))


def _models(folder: Path, encoders: EvaluatedEncoders) -> Path:
    """Make a folder of models that holds the evaluated weights as a profile, and return it."""
    (folder / _PROFILE).mkdir(parents=True)
    for role in ("filter", "refine"):
        weights: Path | None = getattr(encoders.profile, role)
        if weights is not None:
            (folder / _PROFILE / f"{role}.safetensors").symlink_to(weights.resolve())
    return folder
