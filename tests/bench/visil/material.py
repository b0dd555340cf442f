"""The videos that are compared: copies that ask, clips and made clips that answer, all described once."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np

from bench.clips.copies import KINDS, CopyKind
from bench.clips.questions import ClipQuestion, clip_questions
from bench.films.making import make_film
from bench.films.parts import best_versions, divide, series
from bench.films.plan import ENCODINGS, FilmPlan, stretch_of
from bench.retrieval.clips import clips_in, family
from bench.retrieval.photographs import distractors
from bench.visil.figures import Relevance
from cbvir_core.decode import fit_within, read_frames, read_picture
from cbvir_core.keyframes import FRAME_SIDE
from cbvir_core.train.video.slides import slide_clips
from cbvir_core.types import Floats, Image
from cbvir_core.visil.region_encoder import RegionEncoder

SAMPLES_PER_S = 3.0
"""Frames of a second that are compared: as many as ingest looks at."""

MAX_FRAMES = 300
"""Frames of a video that are compared, at most: the first hundred seconds."""

SLIDE_FRAMES, SLIDE_SIDE = 48, 192

UNTRAINED_SERIES = {False: ("android-demo-app", "video-llava"), True: ("sample-videos",)}
"""Series whose clips the filter has learnt and the built-in ViSiL has not (`visil.toml`), of the first part
and of the last.  The clips that neither has learnt are eleven."""

HARD_KINDS = (
    CopyKind("cropped 40 %", "crop=iw*.6:ih*.6:iw*.35:ih*.1"),
    CopyKind("small part", "crop=iw*.4:ih*.4:iw*.1:ih*.5"),
    CopyKind(
        "short and edited",
        "crop=iw*.75:ih*.75,hflip,hue=s=0,eq=contrast=1.2:brightness=.05",
        piece_s=2.0,
        is_mirrored=True,
        encoding=("-c:v", "libx264", "-preset", "veryfast", "-crf", "36"),
    ),
    CopyKind("still", "select='eq(n\\,0)',loop=loop=60:size=1,setpts=N/30/TB", piece_s=4.0),
)
"""Kinds beside those of `bench.clips`, made to be lost."""


@dataclass(frozen=True, eq=False)
class ComparedVideo:
    """A video by the raw regions of its frames, N x 9 x C; `kind` is of a query the kind of its copy."""

    name: str
    raw: Floats = field(repr=False)
    kind: str = ""


@dataclass(frozen=True, eq=False)
class Comparison:
    """Queries, videos, and which videos answer which queries, Q x V."""

    queries: tuple[ComparedVideo, ...]
    videos: tuple[ComparedVideo, ...]
    relevant: Relevance = field(repr=False)

    @property
    def kinds(self) -> list[str]:
        """The kinds of copies in the order of the queries."""
        return list(dict.fromkeys(query.kind for query in self.queries))


@dataclass(frozen=True)
class ComparisonPlan:
    """What is compared: `each` copies of each of `kinds` of one part of the clips in `shared`; `slides` made
    clips beside them.  Copies and descriptions are kept in `data`."""

    shared: Path
    data: Path
    kinds: tuple[str, ...]
    each: int
    slides: int
    seed: int
    last: bool


TellStep = Callable[[str], object]


def all_kinds() -> tuple[CopyKind, ...]:
    """Return the kinds of copies that are asked with."""
    return (*KINDS, *HARD_KINDS)


def make_comparison(plan: ComparisonPlan, encoder: RegionEncoder, tell: TellStep) -> Comparison:
    """Make copies and describe everything, or read what an earlier run kept; the same plan gives the same."""
    clips = best_versions(clips_in(plan.shared / "videos"))
    parts = divide(clips_in(plan.shared / "videos"), last=plan.last)
    beside = [clip for clip in clips.values() if series(clip.name) in UNTRAINED_SERIES[plan.last]]
    asked = sorted({*parts.asked, *parts.absent, *beside})
    keeper = _Keeper(plan.data / "regions", encoder)
    videos = []
    for name, clip in clips.items():
        tell(clip.name)
        videos.append(ComparedVideo(name, keeper.of_file(clip)))
    tell("made clips")
    videos += [ComparedVideo(*named) for named in keeper.of_slides(plan)]
    names = [video.name for video in videos]
    queries, relevant = [], []
    for question in _questions(plan, asked):
        path = question.file(plan.data / "copies")
        tell(path.name)
        queries.append(ComparedVideo(path.stem, keeper.of_file(path), question.kind.name))
        shown = {family(_clip_name(piece.film, asked)) for piece in question.pieces}
        relevant.append([name in shown for name in names])
    return Comparison(tuple(queries), tuple(videos), np.array(relevant, np.bool_))


def _questions(plan: ComparisonPlan, asked: Sequence[Path]) -> list[ClipQuestion]:
    films = {}
    for clip in asked:
        film = FilmPlan(f"clip-{clip.stem}", (stretch_of(clip, asked=True),), ENCODINGS["default"])
        films[make_film(film, plan.data / "films")] = film
    kinds = [kind for kind in all_kinds() if kind.name in plan.kinds]
    return clip_questions(films, kinds, plan.each, plan.seed, is_known=True)


def _clip_name(film: Path, asked: Sequence[Path]) -> str:
    """Return the name of the clip that a film was made of."""
    stem = film.stem.removeprefix("clip-").rpartition("-")[0]
    (name,) = {clip.name for clip in asked if clip.stem == stem}
    return name


class _Keeper:
    """Describes videos, and keeps what it made for the next run."""

    def __init__(self, folder: Path, encoder: RegionEncoder) -> None:
        self._folder, self._encoder = folder, encoder
        folder.mkdir(parents=True, exist_ok=True)

    def of_file(self, path: Path) -> Floats:
        """Return the raw regions of the frames of a video file."""
        return self._kept([path.name, path.stat().st_size], lambda: self._encoder.encode(_frames(path)))

    def of_slides(self, plan: ComparisonPlan) -> Iterator[tuple[str, Floats]]:
        """Yield names and raw regions of clips made of photographs that no training sees."""
        photographs = (
            (name, read_picture(data)) for name, data in distractors(plan.shared / "distractors", 100_000)
        )
        clips = slide_clips(photographs, plan.slides, SLIDE_FRAMES, SLIDE_SIDE, plan.seed)
        for clip in clips:
            frames = [np.ascontiguousarray(frame.numpy().transpose(1, 2, 0)) for frame in clip.pixels]
            yield clip.name, self._kept([clip.name, plan.seed], partial(self._encoder.encode, frames))

    def _kept(self, content: list[object], make: Callable[[], Floats]) -> Floats:
        text = json.dumps([content, self._encoder.fingerprint, SAMPLES_PER_S, MAX_FRAMES])
        path = self._folder / f"{hashlib.sha256(text.encode()).hexdigest()[:20]}.npy"
        if not path.is_file():
            made = path.with_suffix(".part.npy")
            np.save(made, make().astype(np.float16))
            made.rename(path)
        return np.asarray(np.load(path), np.float32)


def _frames(path: Path) -> list[Image]:
    frames = []
    with read_frames(path, samples_per_s=SAMPLES_PER_S, max_side=2 * FRAME_SIDE) as reader:
        for frame in reader:
            frames.append(fit_within(frame.image, FRAME_SIDE))
            if len(frames) == MAX_FRAMES:
                break
    return frames
