"""Scored keyframes -> hits: at most one per scene, best first, each with a path that exists."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from cbvir_core.search.options import SearchOptions
from cbvir_core.search.scores import verdict
from cbvir_core.store import KeyframeRow, Store, VideoRecord
from cbvir_core.types import Hit, Verdict, VideoId


@dataclass(frozen=True, slots=True)
class Scored:
    """Candidates with their scores and the names of the variants that found them."""

    rows: npt.NDArray[np.int64]
    scores: npt.NDArray[np.float64]
    variants: tuple[str, ...]


def hits(store: Store, scored: Scored, options: SearchOptions) -> tuple[Hit, ...]:
    """The best `options.top` scenes.

    Copies of one content are one video (its id is its content), so a scene comes once.  Candidates
    of equal score keep the order they came in.
    """
    order = np.argsort(-scored.scores, kind="stable")
    keyframes = store.keyframe_rows(scored.rows[order])
    found: list[Hit] = []
    for keyframe, video, at in _scenes(store, keyframes):
        best = order[at]
        score = float(scored.scores[best])
        found.append(
            Hit(
                rank=len(found) + 1,
                keyframe_id=keyframe.keyframe_id,
                path=existing_path(video),
                time_s=keyframe.time_s,
                scene_start_s=keyframe.scene_start_s,
                scene_end_s=keyframe.scene_end_s,
                score=score,
                verdict=verdict(score, options.match_score, options.likely_score),
                variant=scored.variants[best],
            )
        )
        if len(found) == options.top:
            break
    return tuple(found)


def best_verdict(found: tuple[Hit, ...]) -> Verdict:
    """The verdict of the best hit; none without hits."""
    return found[0].verdict if found else Verdict.NONE


def existing_path(video: VideoRecord) -> Path:
    """The first of the video's paths that is there now; the first at all where none is (offline)."""
    return next(filter(_is_there, video.paths), video.paths[0])


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
