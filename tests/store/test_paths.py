"""What lies in a folder, by the tables of paths: the same as reading every record gives."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cbvir_core.store import PathMap, Store, check_store
from cbvir_core.store.records import VideoRecord
from cbvir_core.types import VideoId, VideoInfo
from support.store_makers import MakeInfo

LONG = "l" * 240
NAMES = ["a", "a b", "ab", "B", "\N{LATIN SMALL LETTER E WITH ACUTE}", os.fsdecode(b"\xff"), LONG, LONG + "m"]
PATHS = st.lists(st.sampled_from(NAMES), min_size=1, max_size=5).map(lambda names: Path("/", *names))
FOLDERS = st.one_of(st.just(Path("/")), PATHS)
VIDEOS = st.sampled_from(["aa11", "aa22", "bb33", "cc44"])
CHANGES = st.one_of(
    st.tuples(st.just("begin"), VIDEOS, PATHS),
    st.tuples(st.just("add"), VIDEOS, PATHS),
    st.tuples(st.just("remove"), VIDEOS, PATHS),
    st.tuples(st.just("drop"), PATHS),
    st.tuples(st.just("move"), PATHS, PATHS),
    st.tuples(st.just("forget"), VIDEOS),
    st.tuples(st.just("relocate"), st.dictionaries(PATHS, PATHS, max_size=2)),
)


def change(store: Store, make_info: MakeInfo, kind: str, *what: object) -> None:
    """Change the store as `CHANGES` says; what names an unknown video does nothing."""
    known = {str(video.video_id) for video in store.videos()}
    match (kind, *what):
        case ("begin", str(name), Path() as path):
            store.begin(make_info(name, str(path)))
        case ("add", str(name), Path() as path) if name in known:
            store.add_path(VideoId(name), path)
        case ("remove", str(name), Path() as path) if name in known:
            store.remove_path(VideoId(name), path)
        case ("forget", str(name)) if name in known:
            store.forget(VideoId(name))
        case ("drop", Path() as path):
            store.drop_path(path)
        case ("move", Path() as source, Path() as target):
            store.move_path(source, target)
        case ("relocate", dict() as folders):
            store.relocate(PathMap(folders))


def by_parts(path: Path) -> list[bytes]:
    return [os.fsencode(part) for part in path.parts]


def slow_paths(records: list[VideoRecord], folder: Path) -> list[tuple[Path, VideoId]]:
    """Every path in a folder with its video, found by reading every record."""
    found = [(path, record.video_id) for record in records for path in record.paths]
    return sorted((pair for pair in found if folder in pair[0].parents), key=lambda pair: by_parts(pair[0]))


def pages(store: Store, folder: Path, size: int, *, down: bool) -> Iterator[tuple[Path, VideoId]]:
    """Every path in a folder, page by page."""
    after = None
    while page := store.paths_in(folder, size, after, down=down):
        yield from ((path, record.video_id) for path, record in page)
        after = page[-1][0]


def assert_like_the_slow_truth(store: Store, folder: Path, size: int) -> None:
    records = store.videos()
    paths = slow_paths(records, folder)
    assert list(pages(store, folder, size, down=False)) == paths
    assert list(pages(store, folder, size, down=True)) == paths[::-1]
    videos = list(dict.fromkeys(video for _, video in paths))
    assert [record.video_id for record in store.videos_in(folder)] == videos
    assert store.count_in(folder) == len(videos)
    below = {folder / path.relative_to(folder).parts[0] for path, _ in paths if path.parent != folder}
    expected = {name: len({video for _, video in slow_paths(records, name)}) for name in below}
    assert store.folders_in(folder) == expected


@settings(max_examples=60, deadline=None)
@given(st.lists(CHANGES, min_size=1, max_size=12), st.lists(FOLDERS, max_size=3), st.integers(1, 4))
def test_a_folder_holds_what_reading_every_record_finds(
    make_info: MakeInfo, changes: list[tuple[str, object]], folders: list[Path], size: int
) -> None:
    with tempfile.TemporaryDirectory() as name:
        with Store.open(Path(name), first_map_bytes=1 << 20) as store:
            for each in changes:
                change(store, make_info, *each)
            lived_in = {folder for video in store.videos() for path in video.paths for folder in path.parents}
            for folder in {*folders, Path("/"), *lived_in}:
                assert_like_the_slow_truth(store, folder, size)
            for video in store.videos():
                assert [store.video_at(path) for path in video.paths] == [video] * len(video.paths)
            asked = [*folders, *(path for video in store.videos() for path in video.paths)]
            without = [path for path in asked if store.video_at(path) is None]
            assert store.paths_without_video(asked) == without
        assert check_store(Path(name)).faults == ()


@pytest.fixture(name="make_info", scope="module")
def make_info_fixture() -> MakeInfo:
    """The function of the fixture `info`, which holds nothing, for all examples of a property."""
    rest = (1, "mp4", "h264", 64, 36, 0, Fraction(1), Fraction(1), Fraction(0), 1.0, 25.0)
    return lambda name, path: VideoInfo(Path(path), VideoId(name), *rest)
