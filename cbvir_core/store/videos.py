"""Videos: identity by content, begin and end of their ingest."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from cbvir_core.decode import FinishedFile
from cbvir_core.errors import UnknownVideo
from cbvir_core.store import tables
from cbvir_core.store.comparison_tables import delete_comparison
from cbvir_core.store.environment import Table, Transaction
from cbvir_core.store.path_tables import absolute_path, put_with_path, read_video_at
from cbvir_core.store.paths import PathStore, forget_video, rename_video
from cbvir_core.store.records import VideoRecord, load_video
from cbvir_core.types import Box, VideoId, VideoInfo


@dataclass(frozen=True, slots=True)
class VideoCounts:
    """Numbers of all videos, and of those at some path that are incomplete, or complete with damaged frames.

    `pathless` videos are at no path any more.
    """

    videos: int
    incomplete: int
    partial: int
    pathless: int


class VideoStore(PathStore):
    """The videos of a `Store`, with their paths."""

    def begin(self, info: VideoInfo) -> bool:
        """Open a video for `append`; return whether its keyframes are still to be stored.

        False: the video is complete, and only the path was added.  True: it is incomplete now, and the
        rows of an earlier ingest, which was interrupted, are deleted, so that none is stored twice.  A
        video with damaged frames whose file comes again is read again: its holes may have been filled in
        bytes that its content fingerprint does not cover.  The caller must run only one ingest of the same
        video at a time.
        """

        def work(txn: Transaction) -> bool:
            known = _read_video(txn, info.video_id)
            read_again = known is not None and known.damaged and absolute_path(info.path) in known.paths
            if known is not None and known.complete and not read_again:
                put_with_path(txn, known, info.path)
                return False
            record = VideoRecord.new(info, self._clock())
            if known is not None:
                tables.delete_rows(txn, tables.rows_of_video(txn, info.video_id))
                delete_comparison(txn, info.video_id)
                record = replace(record, paths=known.paths, added_at=known.added_at)
            put_with_path(txn, record, info.path)
            return True

        return self._environment.write(work)

    def put_borders(self, video_id: VideoId, borders: Box) -> None:
        """Record the box that the stills of a video are cut to: left, top, right, bottom.

        Call it before the first `append`, since a query needs the box.  Raises UnknownVideo.
        """
        self._environment.write(
            lambda txn: tables.put_video(txn, replace(tables.read_video(txn, video_id), borders=borders))
        )

    def finish(self, video_id: VideoId, *, damaged: int, duration_s: float | None) -> None:
        """Mark a video complete.  With `duration_s` None the container's duration stays.

        Raises UnknownVideo.
        """

        def work(txn: Transaction) -> None:
            record = tables.read_video(txn, video_id)
            duration = record.duration_s if duration_s is None else duration_s
            tables.put_video(txn, replace(record, complete=True, damaged=damaged, duration_s=duration))

        self._environment.write(work)

    def finish_growing(
        self, growing: VideoId, finished: FinishedFile, *, damaged: int, duration_s: float
    ) -> VideoRecord:
        """Give a video whose file has ended the identity of its content, and mark it complete.

        All of it is one transaction.  What is stored of a content that is known already stays, and what was
        stored while the file grew is forgotten; the paths are added in any case.  An ingest of the same
        content that was interrupted is forgotten instead.  Raises UnknownVideo.
        """

        def work(txn: Transaction) -> VideoRecord:
            record, known = tables.read_video(txn, growing), _read_video(txn, finished.video_id)
            if known is not None and known.complete:
                forget_video(txn, record)
                kept, paths = known, record.paths
            else:
                if known is not None:
                    forget_video(txn, known)
                kept, paths = rename_video(txn, record, finished.video_id), known.paths if known else ()
                kept = replace(
                    kept,
                    complete=True,
                    damaged=damaged,
                    duration_s=duration_s,
                    size_bytes=finished.size_bytes,
                )
                tables.put_video(txn, kept)
            for path in paths:
                put_with_path(txn, kept, path)
                kept = kept.with_path(path)
            return kept

        return self._environment.write(work)

    def forget(self, video_id: VideoId) -> None:
        """Delete everything that is stored of a video, never its file.  Raises UnknownVideo."""

        self._environment.write(lambda txn: forget_video(txn, tables.read_video(txn, video_id)))

    def videos(self) -> list[VideoRecord]:
        """Return all videos, in order of id; a video that has not changed is the same record as before."""
        with self._environment.read() as txn:
            number, (shown, before) = txn.number, self._last_list
            if number == shown:
                return [record for _, record in before.values()]
            listed: dict[bytes, tuple[bytes, VideoRecord]] = {}
            for key, value in txn.scan(Table.VIDEOS, b"\0"):
                known = before.get(key)
                if known is None or known[0] != value:
                    known = bytes(value), load_video(value)
                listed[key] = known
        self._last_list = number, listed
        return [record for _, record in listed.values()]

    def video_counts(self) -> VideoCounts:
        """Count the videos; takes no longer with many of them."""
        with self._environment.read() as txn:
            sizes = (txn.size(table) for table in (Table.INCOMPLETE, Table.PARTIAL, Table.PATHLESS))
            return VideoCounts(txn.size(Table.VIDEOS), *sizes)

    def partial_videos(self) -> list[VideoRecord]:
        """Return the complete videos with a path of which frames were damaged, in order of id."""
        return self._listed_videos(Table.PARTIAL)

    def pathless_videos(self) -> list[VideoRecord]:
        """Return the videos that are at no path any more, in order of id."""
        return self._listed_videos(Table.PATHLESS)

    def _listed_videos(self, table: Table) -> list[VideoRecord]:
        with self._environment.read() as txn:
            ids = [VideoId(key.decode("ascii")) for key in txn.keys(table, b"\0")]
            return [tables.read_video(txn, video_id) for video_id in ids]

    def video(self, video_id: VideoId) -> VideoRecord | None:
        """Return one video, or None."""
        with self._environment.read() as txn:
            return _read_video(txn, video_id)

    def find(self, text: str) -> VideoRecord:
        """Return the video that `text` names: by one of its paths, or by the beginning of its id.

        Raises UnknownVideo where it names no video, or the beginning of several ids.
        """
        with self._environment.read() as txn:
            if known := _video_at_text(txn, text):
                return known
            prefix = text.lower().encode("utf-8", "surrogateescape")
            found = [load_video(value) for _, value in txn.scan(Table.VIDEOS, prefix, prefix)] if text else []
        if len(found) == 1:
            return found[0]
        if found:
            raise UnknownVideo(f"{len(found)} videos have an id that begins with {text!r}; write more of it")
        raise UnknownVideo(f"no video goes by {text!r}; use a path or the beginning of an id")


def _read_video(txn: Transaction, video_id: VideoId) -> VideoRecord | None:
    value = txn.get(Table.VIDEOS, video_id.encode()) if video_id else None
    return None if value is None else load_video(value)


def _video_at_text(txn: Transaction, text: str) -> VideoRecord | None:
    """Return the video whose file is at the path that a person wrote, or None."""
    if not text or "\0" in text:
        return None
    return read_video_at(txn, absolute_path(Path(text).expanduser()))
