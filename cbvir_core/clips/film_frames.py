"""The frames of a part of a film, as they were kept, at even distances."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from cbvir_core.align import FrameTimes
from cbvir_core.index import FrameIndex
from cbvir_core.keyframes import CLIP_SAMPLE_S
from cbvir_core.store import KeyframeRow
from cbvir_core.types import Floats


@dataclass(frozen=True, slots=True, eq=False)
class FilmFrames:
    """Views of frames of a film, M x V x P, in the space of the codes, at `times_s`, M.

    Where the picture stood still and nothing was kept, the last frame stands again.
    """

    times_s: FrameTimes
    views: Floats = field(repr=False)

    def __len__(self) -> int:
        return len(self.times_s)


def film_frames(index: FrameIndex, scenes: Sequence[KeyframeRow], step_s: float) -> FilmFrames | None:
    """Return the frames of scenes that follow one another, `step_s` apart; None where none were kept."""
    kept = {row: (at_s, shown) for row, at_s, shown in index.views([scene.row for scene in scenes])}
    times_s: list[FrameTimes] = []
    views: list[Floats] = []
    for number, scene in enumerate(scenes):
        if scene.row not in kept:
            continue
        own_s, shown = kept[scene.row]
        follows = number + 1 < len(scenes)
        end_s = scenes[number + 1].scene_start_s if follows else scene.scene_end_s + CLIP_SAMPLE_S
        counts = _counts(own_s, end_s, step_s)
        within = np.arange(counts.sum()) - np.repeat(counts.cumsum() - counts, counts)
        times_s.append(np.repeat(own_s, counts) + within * step_s)
        views.append(np.repeat(shown, counts, axis=0))
    return FilmFrames(np.concatenate(times_s), np.concatenate(views)) if times_s else None


def _counts(times_s: FrameTimes, end_s: float, step_s: float) -> npt.NDArray[np.int64]:
    """Return how many steps each frame stands, until the next one or the end; one at least."""
    gaps_s = np.diff(np.append(times_s, max(end_s, float(times_s[-1]))))
    return np.maximum(1, np.rint(gaps_s / step_s)).astype(np.int64)
