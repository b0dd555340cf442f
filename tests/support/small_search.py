"""A searcher made small: a real store, hand-made descriptors, and pictures that can be told apart."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np

from cbvir_core.index import Index, IndexOptions
from cbvir_core.search import FrameFinder, ScoreScale, Searcher, SearchOptions
from cbvir_core.search.findings import Findings
from cbvir_core.store import Generation, Store
from cbvir_core.types import Image, Keyframe, Rows, VideoId
from support.candidates import video_info
from support.confidence import model_of, weights

WIDTH, HEIGHT = 320, 180

SCALE = ScoreScale(likely_cosine=0.5, match_cosine=0.8)

MODEL = model_of(
    weights("surveyed", -4.0, score=2.0, explained=8.0),
    weights("checked", -5.0, score=4.0, agrees=6.0),
    weights("unchecked", -4.0, score=6.0),
)
"""For a scene of score 1: likely (.88) where it is not verified, a match (.99) where it is and agrees, and
neither (.27) where it does not agree."""


def colour_picture(hue: int, seed: int = 0) -> Image:
    """Return a picture of one hue (0 to 179) with a texture; equal hues and other seeds show other things."""
    cells = np.random.default_rng([hue, seed]).integers(60, 255, (18, 32), dtype=np.uint8)
    texture = cv2.resize(cells, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC)
    hsv = np.stack([np.full_like(texture, hue), np.full_like(texture, 200), texture], axis=2)
    return np.asarray(cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB), np.uint8)


class HueEncoder:
    """An encoder whose descriptor is the mean colour of a picture, without its brightness.

    `before_encoding` is called first: what it does happens in the middle of a query.
    """

    dim = 3
    fingerprint = "hue"

    def __init__(
        self, delay: str | None = None, before_encoding: Callable[[], object] = lambda: None
    ) -> None:
        self.delay, self.before_encoding = delay, before_encoding

    def encode(self, images: Sequence[Image]) -> Rows:
        """Return one unit row for each picture."""
        self.before_encoding()
        means = np.array([image.reshape(-1, 3).mean(axis=0) for image in images])
        rows = means - means.mean(axis=1, keepdims=True) + 1e-3
        return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)


class SmallSearch:
    """A store, an index and a searcher in one folder.  Videos are lists of pictures, a second each."""

    def __init__(self, folder: Path, solar: HueEncoder | None = None) -> None:
        self.folder, self.encoder, self.solar = folder, HueEncoder(), solar
        self.store = Store.open(folder / "store")
        self.generation: Generation = self.store.generation("hue", "hue" if solar else None)
        self.store.set_answering(self.generation)
        self.index = Index.open(folder / "index", self.store, self.generation, IndexOptions())
        self.use_frames(None)

    def use_frames(self, frames: FrameFinder | None) -> None:
        """Make the searcher anew, with a frame route."""
        self.searcher = Searcher(
            self.store,
            self.index,
            self.generation,
            self.encoder,
            self.solar,
            profile_name="small",
            filter_scale=SCALE,
            refine_scale=SCALE,
            confidence=MODEL,
            frames=frames,
        )

    def find(self, picture: Image) -> Findings:
        """Return what the first pass finds."""
        query = self.searcher._preparer.prepare(picture, SearchOptions(), MODEL)
        return self.searcher._finder.find(query, query.variants, Findings())

    def add(
        self, name: str, pictures: Sequence[Image], spans: Sequence[tuple[float, float]] | None = None
    ) -> Path:
        """Store a video with one keyframe for each picture; its file is no film, so no moment is found."""
        path = self.folder / f"{name}.mp4"
        path.touch()
        self.store.begin(video_info(name, path, (WIDTH, HEIGHT)))
        spans = spans or [(float(number), number + 1.0) for number in range(len(pictures))]
        keyframes = [
            Keyframe(start + 0.25 + number / 100, start, end, picture)
            for number, (picture, (start, end)) in enumerate(zip(pictures, spans, strict=True))
        ]
        self.store.append(VideoId(name), keyframes, self.generation, self.encoder.encode(pictures))
        self.store.finish(VideoId(name), damaged=0, duration_s=None)
        self.index.refresh()
        return path

    def close(self) -> None:
        """Close the index and the store."""
        self.index.close()
        self.store.close()
