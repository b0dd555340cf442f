"""Frame rows of videos that nobody filmed: codes as the shipped codec makes them, without any picture.

Scenes last about four seconds and have one frame row where nothing moves, up to a dozen where something
does: a row a second over all, as films have.  A frame differs a little from the one before.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
import numpy.typing as npt

from cbvir_core.index import FrameCodec
from cbvir_core.store import Store
from cbvir_core.types import Floats, FrameCodes, Keyframe, VideoId, VideoInfo

MADE_FINGERPRINT = "made rows"
STILL = np.zeros((8, 8, 3), np.uint8)
"""Too small to have local features: rows alone have to tell."""

FRAME_VIEWS = 5
SCENE_S = 4.0
FRAMES_OF_SCENE = (1, 1, 2, 4, 6, 10)
"""Frame rows of a scene, each as often as the others."""

POOL_ROWS = 60_000
"""Rows that are coded; each byte of a made code is that of another row of the same inverted list."""

LIST_BYTES = 2
"""First bytes of a code, which name its inverted list."""

CENTROID_SHARE, SPECTRUM_FALL, POPULARITY_SPREAD = 0.5, 0.3, 0.987
"""Cosine of a row and its centroid before it is coded, by what power its spectrum falls off, and the spread
of the logarithm of how often a list is used.  Chosen so that the made codes of 6,000 scenes are as near to
each other as those of 6,000 photographs (cosine of the nearest .49, of the eighth .36; made .53 and .42) and
fill the lists as unevenly."""

CHANGED_BYTES = 3
"""Bytes of 32 in which a frame differs from the one before in its scene."""

COPY_NOISE = 0.75
"""Standard deviation, by the length of a view, of what encoding a film again adds to the views: half of the
frames have a cosine of .8 and more with their originals, as those of films that were shrunk and encoded again
with a bad quality have."""


@dataclass(frozen=True, slots=True, eq=False)
class MadeVideo:
    """Scenes of a video: `ends_s` of each, and the codes of its frames, with their times in the video."""

    ends_s: npt.NDArray[np.float64]
    scenes: tuple[FrameCodes, ...]

    @property
    def duration_s(self) -> float:
        """The end of the last scene."""
        return float(self.ends_s[-1])


class RowMaker:
    """Makes videos; the same seed makes the same ones."""

    def __init__(self, codec: FrameCodec, seed: int) -> None:
        self._codec, self._coder, self._rng = codec, codec.empty_lists(), np.random.default_rng(seed)
        centroids = self._coder.quantizer.reconstruct_n(0, self._coder.nlist)
        pool = self._coder.sa_encode(_rows_near(centroids, self._rng))
        lists = pool[:, 0].astype(np.int64) + (pool[:, 1].astype(np.int64) << 8)
        order = np.argsort(lists, kind="stable")
        self._pool, self._lists = pool[order], lists[order]
        self._starts = np.searchsorted(self._lists, np.arange(self._coder.nlist + 1))

    def video(self, duration_s: float) -> MadeVideo:
        """Return a video of about that length, which shows nothing that another one shows."""
        lengths = self._rng.uniform(0.5, 1.5, round(duration_s / SCENE_S)) * SCENE_S
        ends_s = np.round(lengths.cumsum(), 2)
        counts = self._rng.choice(FRAMES_OF_SCENE, len(lengths))
        chosen = self._rng.integers(0, len(self._lists), (len(lengths), FRAME_VIEWS))
        lists = self._lists[chosen]
        codes = np.repeat(self._mixed(lists)[:, None], counts.max(), axis=1)
        for number in range(1, codes.shape[1]):
            changed = self._rng.random(codes[:, 0].shape) < CHANGED_BYTES / codes.shape[3]
            codes[:, number] = np.where(changed, self._mixed(lists), codes[:, number - 1])
        scenes = [
            FrameCodes(np.round(end_s - length * (1 - np.arange(count) / count), 2), own[:count].copy())
            for end_s, length, count, own in zip(ends_s, lengths, counts, codes, strict=True)
        ]
        return MadeVideo(ends_s, tuple(scenes))

    def copied(self, video: MadeVideo, start_s: float, end_s: float) -> MadeVideo:
        """Return the scenes of a video that end in a span, as a film of its own that was encoded again."""
        numbers = np.flatnonzero((video.ends_s > start_s) & (video.ends_s <= end_s))
        first_s = video.ends_s[numbers[0] - 1] if numbers[0] else 0.0
        scenes = [self._encoded_again(video.scenes[number], first_s) for number in numbers]
        return MadeVideo(video.ends_s[numbers] - first_s, tuple(scenes))

    def _mixed(self, lists: npt.NDArray[np.int64]) -> npt.NDArray[np.uint8]:
        """Return codes in these lists, of which each byte comes from another row of the same list."""
        width = self._pool.shape[1]
        first, end = self._starts[lists][..., None], self._starts[lists + 1][..., None]
        rows = first + (self._rng.random((*lists.shape, width)) * (end - first)).astype(np.int64)
        mixed: npt.NDArray[np.uint8] = self._pool[rows, np.arange(width)]
        return mixed

    def _encoded_again(self, scene: FrameCodes, first_s: float) -> FrameCodes:
        frames, views, width = scene.codes.shape
        decoded = self._codec.decode(scene.codes.reshape(-1, width))
        noise = self._rng.standard_normal(decoded.shape) * COPY_NOISE / np.sqrt(decoded.shape[1])
        noisy = decoded + noise.astype(np.float32)
        noisy /= np.linalg.norm(noisy, axis=1, keepdims=True)
        codes = self._coder.sa_encode(noisy).reshape(frames, views, width)
        return FrameCodes(scene.times_s - first_s, codes)


def joined(parts: list[MadeVideo]) -> MadeVideo:
    """Return one video of several, one after the other."""
    ends_s: list[npt.NDArray[np.float64]] = []
    scenes: list[FrameCodes] = []
    start_s = 0.0
    for part in parts:
        ends_s.append(part.ends_s + start_s)
        scenes += [FrameCodes(one.times_s + start_s, one.codes) for one in part.scenes]
        start_s = float(ends_s[-1][-1])
    return MadeVideo(np.concatenate(ends_s), tuple(scenes))


def video_name(number: int) -> VideoId:
    """Return the id of the made video with a number."""
    return VideoId(f"{number:032x}")


def add_made_video(store: Store, number: int, video: MadeVideo) -> VideoId:
    """Store a video with its rows; return its id."""
    fields = (1, "mp4", "h264", 8, 8, 0, Fraction(1), Fraction(1), Fraction(0), video.duration_s, 1.0)
    info = VideoInfo(Path(f"/made/{number}.mp4"), video_name(number), *fields)
    starts_s = np.concatenate([[0.0], video.ends_s[:-1]])
    keyframes = [
        Keyframe(float(start_s), float(start_s), float(end_s), STILL)
        for start_s, end_s in zip(starts_s, video.ends_s, strict=True)
    ]
    store.begin(info)
    filters = np.ones((len(keyframes), 1), np.float32)
    store.append(info.video_id, keyframes, store.generation("made", None), filters, video.scenes)
    store.finish(info.video_id, damaged=0, duration_s=video.duration_s)
    return info.video_id


def _rows_near(centroids: Floats, rng: np.random.Generator) -> Floats:
    """Return random unit rows near centroids, of which some have many more than others."""
    count, width = centroids.shape
    popularity = rng.lognormal(0.0, POPULARITY_SPREAD, (count,))
    own = centroids[rng.choice(count, POOL_ROWS, p=popularity / popularity.sum())]
    spectrum = ((1 + np.arange(width)) ** -SPECTRUM_FALL).astype(np.float32)
    beside = rng.standard_normal((POOL_ROWS, width)).astype(np.float32) * spectrum
    beside -= (beside * own).sum(axis=1, keepdims=True) * own
    beside /= np.linalg.norm(beside, axis=1, keepdims=True)
    beside *= np.float32(np.sqrt(1 - CENTROID_SHARE**2))
    rows: Floats = beside + np.float32(CENTROID_SHARE) * own
    return rows
