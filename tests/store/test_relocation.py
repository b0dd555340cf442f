"""Paths of a restored store: every video is found where its file is now, and nowhere else."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cbvir_core.store import PathMap, Store
from support.store_makers import MakeInfo

NAMES = st.lists(st.sampled_from(["a", "b", "c"]), min_size=1, max_size=4)


@given(NAMES, NAMES, NAMES)
def test_a_path_in_a_renamed_folder_moves_with_it(old: list[str], new: list[str], path: list[str]) -> None:
    source, target, file = Path("/", *old), Path("/", *new), Path("/", *path)
    moved = PathMap({source: target})(file)
    assert moved == (target / file.relative_to(source) if file.is_relative_to(source) else file)


def test_the_longest_folder_counts_and_names_are_whole() -> None:
    moved = PathMap({Path("/media"): Path("/m"), Path("/media/films"): Path("/f")})
    assert moved(Path("/media/films/a.mp4")) == Path("/f/a.mp4")
    assert moved(Path("/media/film/a.mp4")) == Path("/m/film/a.mp4")
    assert moved(Path("/mediathek/a.mp4")) == Path("/mediathek/a.mp4")


@pytest.mark.parametrize("folders", [{}, {Path("/x"): Path("/y")}])
def test_a_map_is_true_where_it_says_something(folders: dict[Path, Path]) -> None:
    assert bool(PathMap(folders)) == bool(folders)


def test_videos_are_found_at_their_new_paths_alone(store: Store, info: MakeInfo) -> None:
    one, other = info("one", "/old/one.mp4"), info("other", "/else/other.mp4")
    for video in (one, other):
        store.begin(video)
        store.finish(video.video_id, damaged=0, duration_s=1.0)
    store.add_path(one.video_id, Path("/old/copy.mp4"))
    assert store.relocate(PathMap({Path("/old"): Path("/new")})) == 2
    found = store.video_at(Path("/new/copy.mp4"))
    assert found == store.video_at(Path("/new/one.mp4")) == store.video(one.video_id)
    assert found is not None
    assert found.paths == (Path("/new/one.mp4"), Path("/new/copy.mp4"))
    assert store.video_at(Path("/old/one.mp4")) is None
    assert store.video_at(Path("/else/other.mp4")) == store.video(other.video_id)


def test_two_folders_that_became_one_give_one_path(store: Store, info: MakeInfo) -> None:
    video = info("one", "/a/one.mp4")
    store.begin(video)
    store.add_path(video.video_id, Path("/b/one.mp4"))
    store.relocate(PathMap({Path("/a"): Path("/c"), Path("/b"): Path("/c")}))
    found = store.video_at(Path("/c/one.mp4"))
    assert found is not None
    assert found.paths == (Path("/c/one.mp4"),)
