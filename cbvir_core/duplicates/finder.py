"""The comparison of a library with itself: every video, stretch by stretch, with those before it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from queue import Empty, SimpleQueue

import numpy as np

from cbvir_core.duplicates.compare import StretchComparer
from cbvir_core.duplicates.stretches import next_stretch
from cbvir_core.errors import ComparisonBusy, UnknownVideo
from cbvir_core.index import FrameIndex
from cbvir_core.store import Comparison, KeyframeRow, Store, VideoRecord
from cbvir_core.types import VideoId

COMPARISON_THREADS = 2
"""Videos that are compared at once: faiss and most of numpy run beside each other."""


@dataclass(frozen=True, slots=True)
class ComparisonProgress:
    """How far a comparison is: seconds of video and videos, those done in earlier calls not counted; segments
    that were found in this call."""

    done_s: float = 0.0
    total_s: float = 0.0
    videos_done: int = 0
    videos: int = 0
    found: int = 0


ComparisonListener = Callable[[ComparisonProgress], None]
"""Called before each stretch, by several threads; it may wait, and what it raises ends the comparison."""


@dataclass(slots=True)
class _ComparisonRun:
    """What the threads of one call share.  `numbers` are those of the comparisons that have begun."""

    comparer: StretchComparer
    listener: ComparisonListener | None
    numbers: dict[VideoId, int]
    waiting: SimpleQueue[VideoRecord] = field(default_factory=SimpleQueue)
    progress: ComparisonProgress = ComparisonProgress()
    lock: threading.Lock = field(default_factory=threading.Lock)
    failed: threading.Event = field(default_factory=threading.Event)

    def add(self, done_s: float = 0.0, videos: int = 0, found: int = 0) -> None:
        """Count what was done."""
        with self.lock:
            known = self.progress
            self.progress = replace(
                known,
                done_s=known.done_s + done_s,
                videos_done=known.videos_done + videos,
                found=known.found + found,
            )


class DuplicateFinder:
    """Compares the videos of a store with each other, and keeps what they share in the store.

    Videos are numbered as their comparison begins, and each is compared with those of lower numbers: all of
    them are in the index by then, so no pair is left out and none is compared twice.  What was compared
    stays compared; a later call goes on with what is new.
    """

    def __init__(self, store: Store, index: FrameIndex, threads: int = COMPARISON_THREADS) -> None:
        self._store, self._index, self._threads = store, index, threads
        self._running = threading.Lock()
        self._closing = threading.Event()

    def run(
        self, within: Collection[VideoId] | None = None, listener: ComparisonListener | None = None
    ) -> ComparisonProgress:
        """Compare all videos, or those `within`, that have not been yet; return what was done.

        A video whose frames wait for their codes is left to a later call.  Ends early where `close` is
        called.  Raises ComparisonBusy while another call runs, DiskFull, and what the listener raises; what
        was found until then is kept.
        """
        with self._alone():
            self._store.use_compared_codec(self._store.frame_codec() or "")
            numbers = {video: known.number for video, known in self._store.comparisons().items()}
            run = _ComparisonRun(StretchComparer(self._store, self._index), listener, numbers)
            while waiting := self._waiting_videos(within):
                self._compare_all(run, waiting)
                if self._closing.is_set():
                    break
            return run.progress

    def close(self) -> None:
        """End a call under way after its stretches.  May be called twice."""
        self._closing.set()
        with self._running:
            pass

    def _compare_all(self, run: _ComparisonRun, waiting: Sequence[tuple[VideoRecord, float]]) -> None:
        total_s = run.progress.done_s + sum(left_s for _, left_s in waiting)
        run.progress = replace(run.progress, total_s=total_s, videos=run.progress.videos_done + len(waiting))
        for record, _ in waiting:
            run.waiting.put(record)
        with ThreadPoolExecutor(self._threads, thread_name_prefix="cbvir-compare") as pool:
            working = [pool.submit(self._work, run) for _ in range(self._threads)]
        for one in working:
            one.result()

    def _work(self, run: _ComparisonRun) -> None:
        """Compare one video after the other until none waits or something fails."""
        try:
            while not self._stops(run):
                try:
                    record = run.waiting.get_nowait()
                except Empty:
                    return
                self._compare_video(run, record)
        except BaseException:
            run.failed.set()
            raise

    def _compare_video(self, run: _ComparisonRun, record: VideoRecord) -> None:
        """Compare the rest of a video; leave it where it is forgotten or read again meanwhile."""
        with run.lock:  # whoever gets a higher number finds this one
            known = self._store.begin_comparison(record.video_id)
            if known is None:
                return
            run.numbers[record.video_id] = known.number
        scenes = self._scenes(record.video_id)
        while known is not None and known.scenes < len(scenes):
            if self._stops(run):
                return
            if run.listener is not None:
                run.listener(run.progress)
            known = self._compare_stretch(run, record.video_id, scenes, known)
        if known is not None:
            self._store.advance_comparison(record.video_id, known, max(record.keyframes, len(scenes)), ())
            run.add(videos=1)

    def _compare_stretch(
        self, run: _ComparisonRun, video_id: VideoId, scenes: Sequence[KeyframeRow], known: Comparison
    ) -> Comparison | None:
        """Compare the next stretch of a video and store what was found; return how far it is then."""
        stretch = next_stretch(video_id, scenes, known.scenes)
        own = np.array([scene.row for scene in scenes], np.int64)

        def is_before(other: VideoId) -> bool:
            return run.numbers.get(other, known.number) < known.number

        found = run.comparer.compare(stretch, own, is_before)
        if self._closing.is_set():
            return None  # an index that is closed finds nothing
        after = self._store.advance_comparison(video_id, known, stretch.done, found)
        done_s = scenes[stretch.done - 1].scene_end_s - scenes[known.scenes].scene_start_s
        run.add(done_s=done_s, found=len(found))
        return after

    def _waiting_videos(self, within: Collection[VideoId] | None) -> list[tuple[VideoRecord, float]]:
        """Return the videos that are still to be compared, the oldest first, each with the seconds left."""
        if self._closing.is_set():
            return []
        known, waiting = self._store.comparisons(), list[tuple[VideoRecord, float]]()
        for record in self._store.videos():
            done = known[record.video_id].scenes if record.video_id in known else -1
            wanted = within is None or record.video_id in within
            if wanted and record.complete and done < record.keyframes and self._is_coded(record):
                share = 1.0 - max(0, done) / max(1, record.keyframes)
                waiting.append((record, share * (record.duration_s or 0.0)))
        waiting.sort(key=lambda one: (one[0].added_at, one[0].video_id))
        return waiting

    def _is_coded(self, record: VideoRecord) -> bool:
        return not self._store.rows_without_frames(1, record.video_id)

    def _scenes(self, video_id: VideoId) -> list[KeyframeRow]:
        try:
            return self._store.keyframes(video_id)
        except UnknownVideo:
            return []

    def _stops(self, run: _ComparisonRun) -> bool:
        return run.failed.is_set() or self._closing.is_set()

    @contextmanager
    def _alone(self) -> Iterator[None]:
        if not self._running.acquire(blocking=False):
            raise ComparisonBusy("videos are being compared with each other already")
        try:
            yield
        finally:
            self._running.release()
