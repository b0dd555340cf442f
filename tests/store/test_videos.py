"""Videos: identity by content, paths, begin and end of ingest."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from cbvir_core.errors import StoreError, UnknownVideo
from cbvir_core.store import Generation, Store
from cbvir_core.types import VideoId
from support.store_makers import MakeInfo, MakeKeyframes, MakeRows

A, B = VideoId("aa11"), VideoId("aa22")


def test_a_video_is_recorded_and_completed(store: Store, info: MakeInfo) -> None:
    assert store.begin(info("aa11"))
    before = store.video(A)
    assert before is not None
    assert not before.complete
    assert (before.paths, before.duration_s, before.added_at) == ((Path("/media/aa11.mp4"),), 9.5, 1000.0)
    store.finish(A, damaged=3, duration_s=8.0)
    after = store.video(A)
    assert after is not None
    assert (after.complete, after.damaged, after.duration_s) == (True, 3, 8.0)
    assert store.videos() == [after]


def test_a_list_reads_again_only_what_has_changed(store: Store, info: MakeInfo) -> None:
    store.begin(info("aa11"))
    store.begin(info("aa22", "/two.mp4"))
    first, second = store.videos()
    assert [one is other for one, other in zip(store.videos(), (first, second), strict=True)] == [True, True]
    store.finish(B, damaged=0, duration_s=3.0)
    kept, changed = store.videos()
    assert kept is first
    assert (changed.complete, changed.duration_s) == (True, 3.0)
    store.forget(A)
    assert store.videos() == [changed]
    assert store.videos()[0] is changed


def test_finish_keeps_the_duration_of_the_container_where_none_is_measured(
    store: Store, info: MakeInfo
) -> None:
    store.begin(info("aa11"))
    store.finish(A, damaged=0, duration_s=None)
    record = store.video(A)
    assert record is not None
    assert record.duration_s == 9.5


def test_stills_have_the_size_of_the_box_they_are_cut_to(store: Store, info: MakeInfo) -> None:
    store.begin(info("aa11"))
    store.put_borders(A, (175, 10, 337, 288))
    store.finish(A, damaged=0, duration_s=None)
    record = store.video(A)
    assert record is not None
    assert (record.borders, record.still_size) == ((175, 10, 337, 288), (162, 278))
    with pytest.raises(UnknownVideo):
        store.put_borders(B, (0, 0, 1, 1))


def test_the_same_content_at_two_paths_is_one_video(store: Store, info: MakeInfo) -> None:
    store.begin(info("aa11", "/one.mp4"))
    store.finish(A, damaged=0, duration_s=None)
    assert not store.begin(info("aa11", "/two.mp4"))
    assert [record.paths for record in store.videos()] == [(Path("/one.mp4"), Path("/two.mp4"))]
    assert store.find("/one.mp4") == store.find("/two.mp4")


def test_a_move_changes_the_path_and_no_row(
    store: Store, info: MakeInfo, keyframes: MakeKeyframes, unit_rows: MakeRows, generation: Generation
) -> None:
    store.begin(info("aa11", "/one.mp4"))
    store.append(A, keyframes(3), generation, unit_rows(3))
    rows = store.keyframes(A)
    store.move_path(Path("/one.mp4"), Path("/sub/two.mp4"))
    assert store.keyframes(A) == rows
    assert store.find("/sub/two.mp4").video_id == A
    assert store.video_at(Path("/one.mp4")) is None


def test_a_move_overwrites_what_was_at_its_target(store: Store, info: MakeInfo) -> None:
    one, two, three = Path("/one.mp4"), Path("/two.mp4"), Path("/three.mp4")
    store.begin(info("aa11", str(one)))
    store.begin(info("aa22", str(two)))
    store.add_path(B, three)
    store.move_path(one, two)
    assert [record.paths for record in store.videos()] == [(two,), (three,)]
    store.move_path(two, three)
    assert [(record.video_id, record.paths) for record in store.videos()] == [(A, (three,))]


def test_a_move_between_two_paths_of_one_video_leaves_one(store: Store, info: MakeInfo) -> None:
    one, two = Path("/one.mp4"), Path("/two.mp4")
    store.begin(info("aa11", str(one)))
    store.add_path(A, two)
    store.move_path(one, two)
    assert store.find("aa11").paths == (two,)


def test_a_move_of_an_unknown_file_drops_what_it_overwrites(store: Store, info: MakeInfo) -> None:
    store.move_path(Path("/never.mp4"), Path("/nor-this.mp4"))
    store.begin(info("aa11", "/one.mp4"))
    store.move_path(Path("/never.mp4"), Path("/one.mp4"))
    assert store.videos() == []


def test_a_path_belongs_to_the_content_that_is_there_now(store: Store, info: MakeInfo) -> None:
    store.begin(info("aa11", "/one.mp4"))
    store.begin(info("aa22", "/one.mp4"))
    old = store.video(A)
    assert old is not None
    assert old.paths == ()
    assert store.find("/one.mp4").video_id == B


def test_a_video_without_paths_is_kept(store: Store, info: MakeInfo) -> None:
    store.begin(info("aa11", "/one.mp4"))
    store.remove_path(A, Path("/one.mp4"))
    store.remove_path(A, Path("/never.mp4"))
    assert [record.paths for record in store.videos()] == [()]
    store.add_path(A, Path("/sub/../back.mp4"))
    assert store.find("/back.mp4").video_id == A


def test_a_video_is_forgotten_with_its_last_path(
    store: Store, info: MakeInfo, keyframes: MakeKeyframes, unit_rows: MakeRows, generation: Generation
) -> None:
    one, two = Path("/one.mp4"), Path("/two.mp4")
    store.begin(info("aa11", str(one)))
    rows = store.append(A, keyframes(2), generation, unit_rows(2))
    store.add_path(A, two)
    store.drop_path(Path("/never.mp4"))
    store.drop_path(one)
    assert [record.paths for record in store.videos()] == [(two,)]
    store.drop_path(two)
    assert store.videos() == []
    assert store.video_at(two) is None
    assert store.keyframe_rows(rows) == [None, None]


def test_a_video_with_damaged_frames_is_read_again_when_its_file_comes_again(
    store: Store, info: MakeInfo, keyframes: MakeKeyframes, unit_rows: MakeRows, generation: Generation
) -> None:
    """Its holes may have been filled in bytes that its content fingerprint does not cover."""
    store.begin(info("aa11", "/one.mp4"))
    store.append(A, keyframes(2), generation, unit_rows(2))
    store.finish(A, damaged=3, duration_s=None)
    assert not store.begin(info("aa11", "/copy.mp4")), "a copy gains a path alone"
    assert store.begin(info("aa11", "/one.mp4"))
    record = store.video(A)
    assert record is not None
    assert (record.complete, record.damaged, len(record.paths)) == (False, 0, 2)
    assert store.keyframes(A) == []
    store.finish(A, damaged=0, duration_s=None)
    assert not store.begin(info("aa11", "/one.mp4"))


def test_find_takes_paths_and_unique_beginnings_of_ids(
    store: Store, info: MakeInfo, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    store.begin(info("aa11", str(tmp_path / "here.mp4")))
    store.begin(info("aa22"))
    assert store.find("here.mp4").video_id == A
    assert store.find("AA1").video_id == A
    assert store.find("aa22").video_id == B
    with pytest.raises(UnknownVideo, match="2 videos"):
        store.find("aa")
    for text in ("", "ff", "/nowhere.mp4", "a\0b", "ä" * 600):
        with pytest.raises(UnknownVideo):
            store.find(text)


def test_names_that_are_no_utf8_and_very_long_ones_survive(store: Store, info: MakeInfo) -> None:
    strange = os.fsdecode(b"/media/\xff\xfe.mp4")
    long = "/" + "/".join(["d" * 200] * 18) + "/film.mp4"
    store.begin(info("aa11", strange))
    store.add_path(A, Path(long))
    assert store.find(strange).paths == (Path(strange), Path(long))
    assert store.find(long).video_id == A


def test_unknown_videos_are_refused(
    store: Store, info: MakeInfo, keyframes: MakeKeyframes, unit_rows: MakeRows, generation: Generation
) -> None:
    with pytest.raises(UnknownVideo):
        store.append(A, keyframes(1), generation, unit_rows(1))
    with pytest.raises(UnknownVideo):
        store.forget(A)
    with pytest.raises(UnknownVideo):
        store.keyframes(A)
    with pytest.raises(UnknownVideo):
        store.finish(A, damaged=0, duration_s=None)
    assert store.video(A) is None
    assert store.video(VideoId("")) is None


def test_nothing_is_added_to_a_complete_video(
    store: Store, info: MakeInfo, keyframes: MakeKeyframes, unit_rows: MakeRows, generation: Generation
) -> None:
    store.begin(info("aa11"))
    store.finish(A, damaged=0, duration_s=None)
    with pytest.raises(StoreError, match="complete"):
        store.append(A, keyframes(1), generation, unit_rows(1))


def test_beginning_again_leaves_no_doubles_and_uses_new_rows(
    store: Store, info: MakeInfo, keyframes: MakeKeyframes, unit_rows: MakeRows, generation: Generation
) -> None:
    store.begin(info("aa11", "/one.mp4"))
    first = store.append(A, keyframes(5), generation, unit_rows(5))
    assert store.begin(info("aa11", "/two.mp4"))
    assert store.keyframes(A) == []
    second = store.append(A, keyframes(4), generation, unit_rows(4))
    assert set(first).isdisjoint(second)
    assert [row.keyframe_id.number for row in store.keyframes(A)] == [0, 1, 2, 3]
    record = store.video(A)
    assert record is not None
    assert (record.keyframes, record.paths) == (4, (Path("/one.mp4"), Path("/two.mp4")))
    assert store.counts().keyframes == 4


def test_forgetting_deletes_rows_and_leaves_tombstones(
    store: Store, info: MakeInfo, keyframes: MakeKeyframes, unit_rows: MakeRows, generation: Generation
) -> None:
    for name in ("aa11", "aa22"):
        store.begin(info(name))
    gone = store.append(A, keyframes(3), generation, unit_rows(3))
    kept = store.append(B, keyframes(2), generation, unit_rows(2))
    store.forget(A)
    assert [record.video_id for record in store.videos()] == [B]
    assert store.keyframe_rows(gone) == [None, None, None]
    assert store.still_of_row(gone[0]) is None
    assert not store.filter_rows(generation, gone).any()
    assert store.changes(generation, 0).forgotten.tolist() == gone
    assert store.counts().keyframes == 2
    assert store.video_at(Path("/media/aa11.mp4")) is None
    assert store.begin(info("aa11"))
    assert min(store.append(A, keyframes(1), generation, unit_rows(1))) > max(kept)
