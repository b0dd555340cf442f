"""Scored keyframes -> hits: at most one per scene, best first, each with a path that exists."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from cbvir_core.search import confidence
from cbvir_core.search.gallery import folder_of
from cbvir_core.search.options import SearchOptions
from cbvir_core.search.scores import verdict
from cbvir_core.store import KeyframeRow, Store, VideoRecord
from cbvir_core.types import Evidence, Hit, Occurrence, Verdict, VideoId

KEYFRAME_NOTE = "This scene was not looked at frame by frame. The time is the keyframe's."
"""What is said of the time of every scene but the best, where all are asked for."""


@dataclass(frozen=True, slots=True)
class Scored:
    """Candidates with their scores and the names of the variants that found them."""

    rows: npt.NDArray[np.int64]
    scores: npt.NDArray[np.float64]
    variants: tuple[str, ...]

    def joined(self, other: Scored) -> Scored:
        """Both together: a keyframe of both has its higher score."""
        rows, scores = np.concatenate([self.rows, other.rows]), np.concatenate([self.scores, other.scores])
        order = np.argsort(-scores, kind="stable")
        _, first = np.unique(rows[order], return_index=True)
        kept = order[np.sort(first)]
        names = self.variants + other.variants
        return Scored(rows[kept], scores[kept], tuple(names[at] for at in kept))


@dataclass(frozen=True, slots=True)
class Candidate:
    """A scene with its best keyframe, what its descriptors score, and the variant that found it."""

    keyframe: KeyframeRow
    video: VideoRecord
    score: float
    variant: str


class Judged(NamedTuple):
    """A candidate, how probably it shows the picture, in what it agrees, and all that was weighed."""

    candidate: Candidate
    probability: float
    agrees: Evidence | None = None
    weighed: confidence.MatchEvidence | None = None


def candidates(
    store: Store, scored: Scored, at_most: int, without: Collection[VideoId] = ()
) -> list[Candidate]:
    """The best `at_most` scenes, best first, of videos that are not in `without`.

    Copies of one content are one video (its id is its content), so a scene comes once.  Candidates
    of equal score keep the order they came in.
    """
    order = np.argsort(-scored.scores, kind="stable")
    keyframes = store.keyframe_rows(scored.rows[order])
    found = (scene for scene in _scenes(store, keyframes) if scene[1].video_id not in without)
    scenes = islice(found, at_most)
    return [
        Candidate(keyframe, video, float(scored.scores[order[at]]), scored.variants[order[at]])
        for keyframe, video, at in scenes
    ]


def margins(found: Sequence[Candidate]) -> list[float]:
    """By how much each score exceeds the best one of any other video; the score where there is none."""
    best: dict[VideoId, float] = {}
    for candidate in found:
        best.setdefault(candidate.video.video_id, candidate.score)
    first, second, *_ = *sorted(best.values(), reverse=True), 0.0, 0.0
    return [
        candidate.score - (second if best[candidate.video.video_id] == first else first)
        for candidate in found
    ]


def occurrence(candidate: Candidate, within: Iterable[Path | str]) -> Occurrence:
    """A scene, for a group."""
    keyframe = candidate.keyframe
    return Occurrence(
        keyframe.keyframe_id,
        existing_path(candidate.video, within),
        keyframe.time_s,
        keyframe.scene_start_s,
        keyframe.scene_end_s,
    )


def hits(
    judged: Iterable[Judged],
    options: SearchOptions,
    others: Mapping[int, Sequence[Candidate]] = MappingProxyType({}),
) -> tuple[Hit, ...]:
    """The scenes of highest probability: `options.top` of them or, everywhere, all that are at least likely.

    Scenes of equal probability keep their order.
    `others` are the scenes, by the row of the one that stands for them, that show the same picture.
    """
    best = sorted(judged, key=lambda one: -one.probability)
    if options.everywhere:
        best = [one for one in best if one.probability >= options.likely_score]
    else:
        best = best[: options.top]
    return tuple(
        Hit(
            rank=rank,
            keyframe_id=candidate.keyframe.keyframe_id,
            path=existing_path(candidate.video, options.within),
            time_s=candidate.keyframe.time_s,
            scene_start_s=candidate.keyframe.scene_start_s,
            scene_end_s=candidate.keyframe.scene_end_s,
            probability=probability,
            verdict=verdict(probability, options.match_score, options.likely_score),
            variant=candidate.variant,
            evidence=evidence,
            occurrences=tuple(
                occurrence(other, options.within) for other in others.get(candidate.keyframe.row, ())
            ),
            time_note=KEYFRAME_NOTE if options.everywhere else "",
        )
        for rank, (candidate, probability, evidence, _) in enumerate(best, start=1)
    )


def best_of(judged: Iterable[Judged]) -> Judged:
    """Who comes first in the answer.  Raises ValueError without candidates."""
    return max(judged, key=lambda one: one.probability)


def best_chance(judged: Iterable[Judged]) -> float:
    """The highest probability; 0 without candidates."""
    return max((one.probability for one in judged), default=0.0)


def best_verdict(found: tuple[Hit, ...]) -> Verdict:
    """The verdict of the best hit; none without hits."""
    return found[0].verdict if found else Verdict.NONE


def existing_path(video: VideoRecord, within: Iterable[Path | str] = ()) -> Path:
    """The first of the video's paths that is there now; the first at all where none is (offline).

    Of a video at several paths, one that lies in a folder that was asked for comes first.
    """
    folders = [folder_of(place) for place in within]
    paths = sorted(video.paths, key=lambda path: not any(path.is_relative_to(each) for each in folders))
    return next(filter(_is_there, paths), paths[0])


def _is_there(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:  # a folder that may not be entered any more
        return False


def _scenes(
    store: Store, keyframes: list[KeyframeRow | None]
) -> Iterator[tuple[KeyframeRow, VideoRecord, int]]:
    """The first keyframe of each scene with its video and its place in the list.

    Keyframes of a video that was forgotten while the query ran are left out.
    """
    videos: dict[VideoId, VideoRecord | None] = {}
    seen: set[tuple[VideoId, float, float]] = set()
    for at, keyframe in enumerate(keyframes):
        if keyframe is None:
            continue
        name = keyframe.keyframe_id.video
        scene = (name, keyframe.scene_start_s, keyframe.scene_end_s)
        if name not in videos:
            videos[name] = store.video(name)
        video = videos[name]
        if video is None or not video.paths or scene in seen:
            continue
        seen.add(scene)
        yield keyframe, video, at
