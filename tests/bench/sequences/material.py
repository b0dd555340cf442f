"""The clips that are compared: copies that ask, and chunks of films that answer, all described once."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from bench.clips.questions import ClipQuestion, Piece, clip_questions
from bench.films.making import make_film, make_photograph_films
from bench.films.parts import best_versions, divide
from bench.films.plan import ENCODINGS, FilmPlan, stretch_of
from bench.retrieval.clips import clips_in
from bench.retrieval.photographs import distractors
from bench.visil.material import all_kinds
from cbvir_core.embed import ViewEncoder
from cbvir_core.sequences import ClipFeatures, FrameFeatures, read_clip_features
from cbvir_core.types import Floats, Image, RowMask, Span

MIN_SHARED_S = 2.0
"""Seconds of a piece that a chunk must hold to be a right answer; of a shorter piece half."""

WHOLE_COPY_S = 1e9
"""Length of a chunk that no copy has: a copy is one clip."""

TellStep = Callable[[str], object]


@dataclass(frozen=True)
class SequencePlan:
    """What is compared: `each` copies of each of `kinds` of clips in `shared`, never learnt, with chunks of
    about `chunk_s` seconds; `photographs` are in films beside them.  Films, copies and descriptions are kept
    in `data`."""

    shared: Path
    data: Path
    kinds: tuple[str, ...]
    each: int
    photographs: int
    chunk_s: float
    seed: int
    last: bool


@dataclass(frozen=True, eq=False)
class DescribedClips:
    """Clips by what each way compares: `features` N x T x D, not normalised, and `views` N x T x V x D'."""

    features: Floats = field(repr=False)
    views: Floats = field(repr=False)

    def __len__(self) -> int:
        return len(self.features)


@dataclass(frozen=True, eq=False)
class SequenceMaterial:
    """Queries with their kinds, the gallery, and which of its clips answer which query, Q x G."""

    queries: DescribedClips
    gallery: DescribedClips
    kinds: tuple[str, ...]
    relevant: RowMask = field(repr=False)


class BothEncoders:
    """The filter's features of a picture and its views side by side, so that each frame is read once."""

    def __init__(self, features: FrameFeatures, views: ViewEncoder) -> None:
        self._features, self._views = features, views
        self.split = features.dim
        self.views = 0

    @property
    def dim(self) -> int:
        """Width of the features alone."""
        return self.split

    def encode(self, images: Sequence[Image]) -> Floats:
        """Return features and flattened views of each picture, N x (D + V D')."""
        views = self._views.encode(images)
        self.views = views.shape[1]
        return np.concatenate([self._features.encode(images), views.reshape(len(images), -1)], axis=1)


def make_material(plan: SequencePlan, encoder: BothEncoders, tell: TellStep) -> SequenceMaterial:
    """Make films and copies and describe them, or read what an earlier run kept."""
    keeper = _Keeper(plan.data / "sequences", encoder)
    clips = best_versions(clips_in(plan.shared / "videos"))
    films = {_film(clip, plan): clip for clip in clips.values()}
    others = make_photograph_films(
        distractors(plan.shared / "distractors", 100_000)[: plan.photographs], plan.data / "films"
    )
    gallery: list[ClipFeatures] = []
    places: list[tuple[Path, Span]] = []
    for film in (*films, *others):
        tell(film.name)
        for clip in keeper.of_file(film, plan.chunk_s):
            gallery.append(clip)
            places.append((film, clip.span))
    questions = _questions(plan, films)
    queries = []
    for question in questions:
        path = question.file(plan.data / "copies")
        tell(path.name)
        queries.append(keeper.of_file(path, WHOLE_COPY_S)[0])
    relevant = np.array([[_shares(one.pieces, *place) for place in places] for one in questions], np.bool_)
    return SequenceMaterial(
        keeper.described(queries),
        keeper.described(gallery),
        tuple(one.kind.name for one in questions),
        relevant,
    )


def _film(clip: Path, plan: SequencePlan) -> Path:
    film = FilmPlan(f"clip-{clip.stem}", (stretch_of(clip, asked=True),), ENCODINGS["default"])
    return make_film(film, plan.data / "films")


def _questions(plan: SequencePlan, films: dict[Path, Path]) -> list[ClipQuestion]:
    parts = divide(clips_in(plan.shared / "videos"), last=plan.last)
    asked = {*parts.asked, *parts.absent}
    plans = {
        film: FilmPlan(film.stem, (stretch_of(clip, asked=True),), ENCODINGS["default"])
        for film, clip in films.items()
        if clip in asked
    }
    kinds = [kind for kind in all_kinds() if kind.name in plan.kinds]
    return clip_questions(plans, kinds, plan.each, plan.seed, is_known=True)


def _shares(pieces: Sequence[Piece], film: Path, span: Span) -> bool:
    """Return whether a chunk of a film shows enough of one of the pieces."""
    for piece in pieces:
        shared_s = min(piece.end_s, span[1]) - max(piece.start_s, span[0])
        if piece.film == film and shared_s >= min(MIN_SHARED_S, (piece.end_s - piece.start_s) / 2):
            return True
    return False


class _Keeper:
    """Describes videos, and keeps what it made for the next run."""

    def __init__(self, folder: Path, encoder: BothEncoders) -> None:
        self._folder, self._encoder = folder, encoder
        self._views = (0, 0)
        folder.mkdir(parents=True, exist_ok=True)

    def of_file(self, path: Path, chunk_s: float) -> list[ClipFeatures]:
        """Return the clips of a video file, cut into chunks of about `chunk_s`."""
        key = hashlib.sha256(json.dumps([path.name, path.stat().st_size, chunk_s]).encode()).hexdigest()[:20]
        kept = self._folder / f"{key}.npz"
        if not kept.is_file():
            clips = list(read_clip_features(path, self._encoder, chunk_s=chunk_s))
            made = kept.with_suffix(".part.npz")
            np.savez(
                made,
                spans=np.array([clip.span for clip in clips]),
                rows=np.stack([clip.features for clip in clips]).astype(np.float16),
                shape=np.array([self._encoder.split, self._encoder.views]),
            )
            made.rename(kept)
        with np.load(kept) as found:
            self._views = (int(found["shape"][0]), int(found["shape"][1]))
            rows = np.asarray(found["rows"], np.float32)
            spans = [(float(start_s), float(end_s)) for start_s, end_s in found["spans"]]
        return [ClipFeatures(span, one) for span, one in zip(spans, rows, strict=True)]

    def described(self, clips: Sequence[ClipFeatures]) -> DescribedClips:
        """Return clips with features and views taken apart."""
        rows = np.stack([clip.features for clip in clips])
        split, views = self._views
        return DescribedClips(rows[..., :split], rows[..., split:].reshape(*rows.shape[:2], views, -1))
