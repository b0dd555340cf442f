"""Videos whose files have ended get the identity of their content; nothing of them is lost or doubled."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from cbvir_core.decode import FinishedFile
from cbvir_core.errors import UnknownVideo
from cbvir_core.store import Generation, Store
from cbvir_core.store.check import check_store
from cbvir_core.types import FrameCodes, KeyframeId, VideoId
from support.store_makers import MakeInfo, MakeKeyframes, MakeRows

GROWING, CONTENT = VideoId("g" + "1" * 31), VideoId("c" * 32)
PATH, COPY = Path("/media/recording.ts"), Path("/media/copy.ts")
FINISHED = FinishedFile(CONTENT, 5_000, 77)


@pytest.fixture
def recorded(
    store: Store, generation: Generation, info: MakeInfo, keyframes: MakeKeyframes, unit_rows: MakeRows
) -> list[int]:
    """The rows of a video that grew: six keyframes, of which one waits for its frame codes."""
    store.use_frame_codec("codec")
    codes = FrameCodes(np.zeros(1), np.zeros((1, 5, 34), np.uint8))
    store.begin(info(GROWING, str(PATH)))
    return store.append(GROWING, keyframes(6), generation, unit_rows(6), [codes] * 5 + [None])


@pytest.fixture
def copied(
    store: Store,
    generation: Generation,
    recorded: list[int],
    info: MakeInfo,
    keyframes: MakeKeyframes,
    unit_rows: MakeRows,
) -> list[int]:
    """Rows of the content that the recording has in the end, of a copy whose ingest is not over."""
    store.begin(info(CONTENT, str(COPY)))
    return store.append(CONTENT, keyframes(2), generation, unit_rows(2))


def finish(store: Store) -> None:
    store.finish_growing(GROWING, FINISHED, damaged=1, duration_s=6.0)


def assert_sound(store: Store, tmp_path: Path) -> None:
    store.close()
    assert check_store(tmp_path / "store").faults == ()


def test_rows_stay_and_have_the_new_name(store: Store, recorded: list[int], tmp_path: Path) -> None:
    changes, still = store.last_change(), store.still(KeyframeId(GROWING, 3))
    finish(store)
    record = store.video(CONTENT)
    assert record is not None
    assert record == store.video_at(PATH)
    assert (record.complete, record.damaged, record.duration_s, record.size_bytes) == (True, 1, 6.0, 5_000)
    assert (record.paths, record.keyframes, record.added_at) == ((PATH,), 6, 1000.0)
    assert [row.row for row in store.keyframes(CONTENT)] == recorded
    assert [row.keyframe_id for row in store.keyframes(CONTENT)] == [KeyframeId(CONTENT, n) for n in range(6)]
    assert store.still(KeyframeId(CONTENT, 3)) == still
    assert store.rows_without_frames(10, CONTENT) == recorded[-1:]
    assert store.video(GROWING) is None
    assert store.videos() == store.partial_videos() == [record]
    assert store.last_change() == changes, "indices know rows by number, and no row has changed"
    assert_sound(store, tmp_path)


def test_a_known_content_keeps_its_rows_and_gets_the_path(
    store: Store, recorded: list[int], copied: list[int], tmp_path: Path
) -> None:
    store.finish(CONTENT, damaged=0, duration_s=2.0)
    finish(store)
    record = store.video(CONTENT)
    assert record is not None
    assert (record.paths, record.keyframes, record.duration_s) == ((COPY, PATH), 2, 2.0)
    assert [row.row for row in store.keyframes(CONTENT)] == copied
    assert store.videos() == [record]
    assert store.keyframe_rows(recorded) == [None] * 6
    assert_sound(store, tmp_path)


def test_what_an_interrupted_ingest_left_is_replaced(
    store: Store, recorded: list[int], copied: list[int], tmp_path: Path
) -> None:
    finish(store)
    record = store.video(CONTENT)
    assert record is not None
    assert (record.complete, record.paths, record.keyframes) == (True, (PATH, COPY), 6)
    assert [row.row for row in store.keyframes(CONTENT)] == recorded
    assert store.video_at(COPY) == record
    assert_sound(store, tmp_path)


def test_a_video_that_was_forgotten_meanwhile_is_unknown(store: Store, recorded: list[int]) -> None:
    store.forget(GROWING)
    with pytest.raises(UnknownVideo):
        finish(store)
    assert store.videos() == []
