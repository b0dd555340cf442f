"""Other ways to find a clip, for comparison on the same copies and films.

- vPDQ (package ``vpdq``): a 256-bit PDQ hash of frames; frames match within 31 bits, those of quality under
  50 do not count, as its authors advise.  A film's score is the share of the clip's frames that match in it.
- videohash (package ``videohash``): 64 bits for a whole video.  It is made for copies of whole files.
- Temporal match kernel (Poullot et al., ICM 2015; TMK+PDQF of ThreatExchange has its form): descriptors of
  frames, added up with the Fourier weights of several periods, so that one vector of fixed size is compared
  at every time difference.  Films are cut into overlapping windows, for the kernel compares whole videos.
- Keyframe voting: the keyframes of the clip look up their nearest keyframes, which vote for video and time
  difference.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cbvir_core import Library, extract_keyframes
from cbvir_core.align import FrameTimes
from cbvir_core.clips import read_clip
from cbvir_core.clips.film_frames import film_frames
from cbvir_core.search import FrameFinder
from cbvir_core.types import Floats
from support.libraries import active_generation, store_of

PERIODS_S, FREQUENCIES, SHARPNESS = (11.0, 17.0, 37.0), 16, 8.0
"""Periods of the temporal match kernel, the frequencies of each, and how sharp its von Mises kernel is."""

WINDOW_S = 16.0
"""Seconds of a film that one vector of that kernel describes."""

Ranking = list[tuple[Path, float]]
"""Films with their scores, the best first."""


class Peer(ABC):
    """A way to find the film that a clip is from."""

    name: str

    @abstractmethod
    def rank(self, clip: Path) -> Ranking:
        """Return films by how much they resemble a clip."""


def ranked(scores: Mapping[Path, float]) -> Ranking:
    """Return films by score, the best first."""
    return sorted(scores.items(), key=lambda one: -one[1])


class VideoPdq(Peer):
    """vPDQ, one frame a second of films and three of clips, so that every frame of a film has a near one."""

    name = "vPDQ"
    max_bits, min_quality = 31, 50

    def __init__(self, films: Iterable[Path]) -> None:
        self._hashes = {film: self._read(film, 0.34) for film in films}

    def rank(self, clip: Path) -> Ranking:
        """Return films by the share of the clip's frames that match one of theirs."""
        asked = self._read(clip, 0.34)
        if not len(asked):
            return []
        return ranked({film: self._share(asked, own) for film, own in self._hashes.items()})

    def _share(self, asked: np.ndarray, own: np.ndarray) -> float:
        if not len(own):
            return 0.0
        apart = np.bitwise_count(asked[:, None] ^ own[None]).sum(axis=2)
        return float((apart.min(axis=1) <= self.max_bits).mean())

    def _read(self, path: Path, step_s: float) -> np.ndarray:
        """Return the hashes of a video: N x 4 numbers of 64 bits."""
        import vpdq

        found = vpdq.computeHash(str(path), seconds_per_hash=step_s)
        good = [bytes.fromhex(one.hex) for one in found if one.quality >= self.min_quality]
        return np.frombuffer(b"".join(good), np.uint64).reshape(-1, 4)


class VideoHashPeer(Peer):
    """videohash: the films whose 64 bits differ least."""

    name = "videohash"

    def __init__(self, films: Iterable[Path]) -> None:
        self._hashes = {film: self._read(film) for film in films}

    def rank(self, clip: Path) -> Ranking:
        """Return films by the number of equal bits."""
        asked = self._read(clip)
        return ranked({film: 1.0 - (asked ^ own).bit_count() / 64 for film, own in self._hashes.items()})

    def _read(self, path: Path) -> int:
        import PIL.Image
        from videohash import VideoHash

        # It was written for Pillow before version 10, in which LANCZOS had this name too.
        vars(PIL.Image).setdefault("ANTIALIAS", PIL.Image.Resampling.LANCZOS)
        made = VideoHash(path=str(path))
        try:
            return int(made.hash_hex, 16)
        finally:
            made.delete_storage_path()


@dataclass(frozen=True, slots=True, eq=False)
class _KernelWindow:
    film: Path
    vector: Floats


class TemporalMatchKernel(Peer):
    """One vector for each window of a film, and one for a clip, compared at every time difference."""

    name = "temporal match kernel"
    stride_s, step_s = 4.0, 1 / 3

    def __init__(self, library: Library, films: Sequence[Path]) -> None:
        self._frames = _finder(library)
        self._windows = [one for film in films for one in self._of_film(library, film)]

    def rank(self, clip: Path) -> Ranking:
        """Return films by their best window."""
        read = read_clip(clip, self._frames.encoder)
        views = self._frames.index.codec.project(read.views)
        asked = kernel_of(read.times_s, views[:, 0])
        best: dict[Path, float] = defaultdict(float)
        for one in self._windows:
            best[one.film] = max(best[one.film], kernel_score(asked, one.vector))
        return ranked(best)

    def _of_film(self, library: Library, film: Path) -> Iterable[_KernelWindow]:
        video = library.video_at(film.resolve())
        assert video is not None
        known = film_frames(self._frames.index, store_of(library).keyframes(video.video_id), self.step_s)
        if known is None:
            return
        for start_s in np.arange(0.0, float(known.times_s[-1]), self.stride_s).tolist():
            inside = (known.times_s >= start_s) & (known.times_s < start_s + WINDOW_S)
            if inside.any():
                yield _KernelWindow(film, kernel_of(known.times_s[inside] - start_s, known.views[inside, 0]))


class KeyframeVoting(Peer):
    """The nearest keyframes of the clip's keyframes vote for video and time difference."""

    name = "keyframe voting"
    neighbours, bin_s = 20, 5.0

    def __init__(self, library: Library) -> None:
        self._library, self._active = library, active_generation(library)

    def rank(self, clip: Path) -> Ranking:
        """Return films by the votes for their best time difference."""
        store, votes = store_of(self._library), dict[tuple[Path, int], float]()
        for keyframe in extract_keyframes(clip):
            (row,) = self._active.networks.filter.encode([keyframe.image])
            found = self._active.index.search(row, self.neighbours)
            cosines = 1.0 - found.distances**2 / 2.0
            for known, cosine in zip(store.keyframe_rows(found.rows), cosines.tolist(), strict=True):
                video = None if known is None else store.video(known.keyframe_id.video)
                if known is None or video is None or not video.paths:
                    continue
                key = video.paths[0], round((known.time_s - keyframe.time_s) / self.bin_s)
                votes[key] = votes.get(key, 0.0) + cosine
        best: dict[Path, float] = defaultdict(float)
        for (film, _), weight in votes.items():
            best[film] = max(best[film], weight)
        return ranked(best)


def kernel_of(times_s: FrameTimes, rows: Floats) -> Floats:
    """Return P x 2 F x D of N rows: for each period sums weighted by cosines, then by sines; of length 1."""
    numbers, root = np.arange(FREQUENCIES), np.sqrt(_von_mises(SHARPNESS, FREQUENCIES))[:, None]
    parts = []
    for period_s in PERIODS_S:
        angles = 2 * np.pi * np.outer(numbers, times_s) / period_s
        parts.append(np.concatenate([root * np.cos(angles), root * np.sin(angles)]) @ rows)
    vector = np.asarray(parts, np.float32)
    return vector / max(1e-9, float(np.linalg.norm(vector)))


def kernel_score(asked: Floats, window: Floats) -> float:
    """Return the largest sum over periods at any time difference."""
    shifts_s = np.arange(-WINDOW_S, WINDOW_S, 1 / 12)
    total = np.zeros(len(shifts_s))
    for own, other, period_s in zip(asked, window, PERIODS_S, strict=True):
        cosine, sine = own[:FREQUENCIES], own[FREQUENCIES:]
        other_cosine, other_sine = other[:FREQUENCIES], other[FREQUENCIES:]
        even = (cosine * other_cosine).sum(axis=1) + (sine * other_sine).sum(axis=1)
        odd = (cosine * other_sine).sum(axis=1) - (sine * other_cosine).sum(axis=1)
        angles = 2 * np.pi * np.outer(shifts_s, np.arange(FREQUENCIES)) / period_s
        total += np.cos(angles) @ even + np.sin(angles) @ odd
    return float(total.max())


def _finder(library: Library) -> FrameFinder:
    frames = active_generation(library).frames
    assert frames is not None
    return frames


def _von_mises(beta: float, count: int) -> Floats:
    """Return Fourier coefficients of a von Mises kernel, from the constant on, by its own definition."""
    angles = np.linspace(-np.pi, np.pi, 4096, endpoint=False)
    kernel = (np.exp(beta * np.cos(angles)) - np.exp(-beta)) / (2 * np.sinh(beta))
    found = [
        float((kernel * np.cos(number * angles)).mean()) * (2 if number else 1) for number in range(count)
    ]
    return np.maximum(np.asarray(found, np.float32), 0.0)
