"""Forgetting a video on request: noted in the jobs first, so that it is ended after a crash."""

from __future__ import annotations

from contextlib import suppress

import structlog

from cbvir_core.errors import CbvirError, StoreError, UnknownVideo
from cbvir_core.library import Library
from cbvir_core.types import VideoId
from cbvird.ingest.job_rows import Job
from cbvird.ingest.jobs import Jobs

LOG = structlog.get_logger(__name__)


def forget_video(library: Library, jobs: Jobs, video_id: VideoId | None, files: list[Job]) -> None:
    """Remove what is known of a video, or of failed `files` that hold none; only a retry takes them in again.

    The note is on disk before anything is removed: the other way round, a scan after a crash would find files
    whose video was lost, and take them in.  Where the video cannot be removed, a full disk for example, the
    note is taken back and the error raised.
    """
    jobs.note_forgotten(files, video_id)
    if video_id is None:
        return
    try:
        with suppress(UnknownVideo):  # its file was deleted in the meantime
            library.remove(video_id)
    except CbvirError:
        jobs.put_back(files)
        raise


def finish_forgetting(library: Library, jobs: Jobs) -> None:
    """Remove the videos that were noted as forgotten before the service died; to be called at the start."""
    for note in jobs.forgotten():
        record = None if note.video_id is None else library.video(note.video_id)
        if record is None or note.path not in record.paths:
            continue  # the rule; other files with this content may have come since
        files = [job for job in map(jobs.get, record.paths) if job is not None]
        try:
            forget_video(library, jobs, record.video_id, files)
        except StoreError as error:  # the disk is full: the next start tries again
            LOG.warning("video cannot be forgotten yet", video=record.video_id, reason=str(error))
        else:
            LOG.info("forgetting was interrupted, it is done now", video=record.video_id)
