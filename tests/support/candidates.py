"""Made-up scenes, candidates and queries, for tests of single passes."""

from __future__ import annotations

from concurrent.futures import Future
from fractions import Fraction
from pathlib import Path

import numpy as np

from cbvir_core.index import Neighbours
from cbvir_core.localise import ThumbnailMatch
from cbvir_core.search import ConfidenceModel, MatchEvidence, SearchOptions, shipped_model
from cbvir_core.search.findings import Candidate, Scene
from cbvir_core.search.query import DescribedPicture, Query
from cbvir_core.search.stages import StageClock
from cbvir_core.store import KeyframeRow, VideoRecord
from cbvir_core.types import Image, KeyframeId, Rows, VideoId, VideoInfo
from cbvir_core.verify import QUERY_FEATURES, LocalFeatures, Verification, describe

AGREES = Verification(
    40, 0.5, 0.8, 0.9, 0.4, (0.0, 0.0, 9.0, 9.0), False, np.eye(3), np.zeros((40, 4), np.float32)
)
"""What a still has in common with a picture that it shows."""


class ExactGallery:
    """A gallery that compares each row with each query; row numbers begin at 1."""

    rows = None

    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    def __len__(self) -> int:
        return len(self._rows)

    def nearest(self, queries: Rows, k: int) -> list[Neighbours]:
        """Return the k nearest rows of each query."""
        found = []
        for query in queries:
            distances = np.linalg.norm(self._rows - query, axis=1).astype(np.float32)
            order = np.argsort(distances, kind="stable")[:k]
            found.append(Neighbours(order.astype(np.int64) + 1, distances[order]))
        return found


def matched(explained: float, fit: float = 0.9) -> ThumbnailMatch:
    """Return what thumbnails say of a scene, with the span of the one at 1 s."""
    return ThumbnailMatch(1.0, fit, explained, ((0.5, 1.5),), np.eye(3))


def scene(row: int, video: str, score: float, variant: str = "plain") -> Scene:
    """Return the scene of row `row`, which begins at as many seconds and lasts one."""
    info = video_info(video, Path(f"/{video}"))
    record = VideoRecord.new(info, 0.0).with_path(info.path)
    keyframe = KeyframeRow(row, KeyframeId(VideoId(video), row), float(row), float(row), row + 1.0, 1.0)
    return Scene(keyframe, record, score, variant)


def candidate(
    row: int, video: str, score: float, probability: float = 0.0, *, checked: bool = True
) -> Candidate:
    """Return a candidate with this probability, whatever its evidence says."""
    evidence = MatchEvidence(score, 0.0, refined=True, checked=checked)
    return Candidate(scene(row, video, score), evidence, probability)


def query_for(
    options: SearchOptions = SearchOptions(),
    picture: Image | None = None,
    model: ConfidenceModel | None = None,
) -> Query:
    """Return a query without variants; local features are those of the picture, where there is one."""
    features = Future[LocalFeatures]()
    if picture is not None:
        features.set_result(describe(picture, QUERY_FEATURES))
    shown = np.zeros((4, 4, 3), np.uint8) if picture is None else picture
    return Query(
        picture=shown,
        options=options,
        clock=StageClock(),
        model=model or shipped_model(),
        variants=(),
        gallery=ExactGallery(np.zeros((0, 2), np.float32)),
        refiner=None,
        described=DescribedPicture(shown, features),
        notes=(),
    )


def unit(angles: list[float]) -> Rows:
    """Return descriptors whose cosines are those of the differences of angles."""
    return np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32).reshape(-1, 2)


SHADES = 12
"""Scenes of a shaded video (`shade`)."""


def shade(value: int) -> Image:
    """Return a small picture of one grey level."""
    return np.full((36, 64, 3), value, np.uint8)


def video_info(name: str, path: Path, size: tuple[int, int] = (64, 36)) -> VideoInfo:
    """Return what a probe would say of a video of a minute."""
    width, height = size
    return VideoInfo(
        path=path,
        video_id=VideoId(name),
        size_bytes=1,
        container="mp4",
        codec="h264",
        width=width,
        height=height,
        rotation=0,
        sample_aspect=Fraction(1),
        time_base=Fraction(1, 25),
        start=Fraction(0),
        duration_s=60.0,
        frames_per_s=25.0,
    )
