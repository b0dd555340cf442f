"""Folders that a query is limited to, the videos in them, and which path of a video is named."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from cbvir_core.errors import UnknownVideo
from cbvir_core.store import Store, VideoRecord, absolute_path


def videos_within(store: Store, places: Iterable[Path | str]) -> list[VideoRecord]:
    """Return the videos that lie in one of the folders, or are named by path or id.

    Raises UnknownVideo for a place that names no video, or more than one by the beginning of an id.
    """
    found = (video for place in places for video in _within(store, place))
    return list({video.video_id: video for video in found}.values())


def folder_of(place: Path | str) -> Path:
    """Return a place as a path in the form of those that are stored."""
    return absolute_path(Path(place).expanduser())


def existing_path(video: VideoRecord, within: Iterable[Path | str] = ()) -> Path:
    """Return the first of the video's paths that exists; the first at all where none does (offline).

    Of a video at several paths, one that lies in a folder that was asked for comes first.
    """
    folders = [folder_of(place) for place in within]
    paths = sorted(video.paths, key=lambda path: not any(path.is_relative_to(each) for each in folders))
    return next(filter(is_online, paths), paths[0])


def is_online(path: Path) -> bool:
    """Return whether a file is at the path now."""
    try:
        return path.exists()
    except OSError:  # a folder that may not be entered any more
        return False


def _within(store: Store, place: Path | str) -> list[VideoRecord]:
    folder = folder_of(place)
    if (video := store.video_at(folder)) is not None:
        return [video]
    below = store.videos_in(folder)
    if below and str(place):  # an empty name is no place, though as a path it is the working folder
        return below
    try:
        return [store.find(str(place))]
    except UnknownVideo:
        if not isinstance(place, Path):
            raise
        raise UnknownVideo(f"no known video is {place} or lies in it") from None
