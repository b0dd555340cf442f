"""The part of `Library` that knows its videos: what is stored of each, and at which paths it lies."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from cbvir_core.decode import FinishedFile
from cbvir_core.decode.kept import kept_as_jpeg
from cbvir_core.store import DescriptorCounts, FrameCounts, KeyframeRow, Store, VideoCounts, VideoRecord
from cbvir_core.types import KeyframeId, VideoId


class LibraryVideos:
    """Videos, keyframes and paths of a store.  Thread-safe."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def videos(self) -> list[VideoRecord]:
        """Return all videos, by id."""
        return self._store.videos()

    def video_counts(self) -> VideoCounts:
        """Count the videos; takes no longer with many of them."""
        return self._store.video_counts()

    def partial_videos(self) -> list[VideoRecord]:
        """Return the complete videos with a path of which frames were damaged, by id."""
        return self._store.partial_videos()

    def pathless_videos(self) -> list[VideoRecord]:
        """Return the videos that are at no path any more, by id."""
        return self._store.pathless_videos()

    def video(self, video_id: VideoId) -> VideoRecord | None:
        """Return one video, or None."""
        return self._store.video(video_id)

    def video_at(self, path: Path) -> VideoRecord | None:
        """Return the video whose file is at `path`, or None."""
        return self._store.video_at(path)

    def paths_without_video(self, paths: Iterable[Path]) -> list[Path]:
        """Return those of many paths at which no video is; takes microseconds for each."""
        return self._store.paths_without_video(paths)

    def paths_in(
        self, folder: Path, count: int, after: Path | None = None, *, down: bool = False
    ) -> list[tuple[Path, VideoRecord]]:
        """Return up to `count` paths in a folder with their videos, by path: see `PathStore.paths_in`."""
        return self._store.paths_in(folder, count, after, down=down)

    def count_in(self, folder: Path) -> int:
        """Return how many videos lie in a folder, at any depth; takes no longer with many of them."""
        return self._store.count_in(folder)

    def folders_in(self, folder: Path) -> dict[Path, int]:
        """Return the folders directly in a folder that hold videos, by name, with how many each holds."""
        return self._store.folders_in(folder)

    def find(self, text: str) -> VideoRecord:
        """Return the video with this path or beginning of an id.  Raises UnknownVideo for none or several."""
        return self._store.find(text)

    def keyframes(self, video_id: VideoId) -> list[KeyframeRow]:
        """Return the keyframes of one video, by number.  Raises UnknownVideo."""
        return self._store.keyframes(video_id)

    def still(self, keyframe_id: KeyframeId) -> bytes:
        """Return the still of a keyframe as JPEG.  Raises UnknownVideo."""
        return kept_as_jpeg(self._store.still(keyframe_id))

    def counts(self) -> DescriptorCounts:
        """Count the keyframes, and those that have the descriptors of the weights that answer."""
        return self._store.counts()

    def frame_counts(self) -> FrameCounts:
        """Count the keyframes whose scenes have frame codes, and those that wait for them."""
        return self._store.frame_counts()

    def remove(self, video: Path | str) -> VideoRecord:
        """Forget a video, but not its file, by path or beginning of its id.  Raises UnknownVideo."""
        record = self._store.find(str(video))
        self._store.forget(record.video_id)
        return record

    def finish_growing(
        self, growing: VideoId, finished: FinishedFile, *, damaged: int, duration_s: float
    ) -> VideoRecord:
        """Give a video whose file has ended the identity of its content, and mark it complete.

        Where its content is known already, that video gets its paths, and what was stored while the file grew
        is forgotten.  Raises UnknownVideo.
        """
        return self._store.finish_growing(growing, finished, damaged=damaged, duration_s=duration_s)

    def drop_path(self, path: Path) -> None:
        """Record that no file is at `path` any more; a video that was nowhere else is forgotten."""
        self._store.drop_path(path)

    def remove_path(self, video_id: VideoId, path: Path) -> None:
        """Record that a video is at `path` no more; it is kept, even without any path."""
        self._store.remove_path(video_id, path)

    def move_path(self, source: Path, target: Path) -> None:
        """Record that the file at `source` is now at `target`; what was at `target` is overwritten."""
        self._store.move_path(source, target)
