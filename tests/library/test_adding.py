"""What is added, once or twice, whole or damaged, is kept and found; what is removed is not."""

from __future__ import annotations

from pathlib import Path
from shutil import copyfile

import numpy as np
import pytest

from cbvir_core.decode import decode_still, probe
from cbvir_core.errors import DamagedVideo, NotAPicture, NotAVideo, StoreBusy, UnknownVideo
from cbvir_core.search import SearchOptions
from cbvir_core.types import Hit, Keyframe, KeyframeId
from support.films import Film
from support.libraries import LibraryOpener
from support.services import frame_at


def test_the_same_content_twice_is_one_video(
    films: list[Film], open_library: LibraryOpener, tmp_path: Path
) -> None:
    first, second = tmp_path / "first.mp4", tmp_path / "second.mp4"
    copyfile(films[0].path, first)
    copyfile(films[0].path, second)
    picture = frame_at(first, films[0].middles[0])
    with open_library() as library:
        before = library.add(first)
        after = library.add(second)
        assert after.paths == (first, second)
        assert after.keyframes == before.keyframes == library.counts().keyframes
        first.unlink()
        assert library.search(picture).results[0].path == second


def test_pictures_larger_than_a_still_are_shrunk_once(films: list[Film], open_library: LibraryOpener) -> None:
    info = probe(films[0].path)
    large = Keyframe(0.0, 0.0, 1.0, np.full((300, 1200, 3), 77, dtype=np.uint8))
    with open_library() as library:
        library.begin(info)
        library.append(info.video_id, [large])
        still = decode_still(library.still(KeyframeId(info.video_id, 0)))
    assert still.shape == (128, 512, 3)
    assert abs(int(still.mean()) - 77) <= 1


def test_what_was_removed_is_not_found(films: list[Film], open_library: LibraryOpener) -> None:
    picture = frame_at(films[0].path, films[0].middles[0])
    with open_library() as library:
        library.add(films[0].path)
        library.add(films[1].path)
        gone = library.remove(films[0].path)
        answer = library.search(picture)
        assert answer.results
        assert gone.video_id not in {hit.keyframe_id.video for hit in answer.results}
        with pytest.raises(UnknownVideo):
            library.remove(gone.video_id)


def test_what_was_added_is_there_after_a_restart(films: list[Film], open_library: LibraryOpener) -> None:
    picture = frame_at(films[0].path, films[0].middles[0])
    with open_library() as library:
        library.add(films[0].path)
        before = library.search(picture).results
    with open_library() as library:
        assert library.search(picture).results == before


def test_a_try_that_was_cut_short_leaves_nothing_doubled(
    films: list[Film], open_library: LibraryOpener
) -> None:
    def crash(position_s: float, duration_s: float | None) -> None:
        raise RuntimeError("the process dies here")

    with open_library() as library:
        with pytest.raises(RuntimeError, match="dies here"):
            library.add(films[0].path, crash)
        (cut_short,) = library.videos()
        assert not cut_short.complete
        assert cut_short.keyframes > 0
    with open_library() as library:
        record = library.add(films[0].path)
        assert record.complete
        assert library.counts().keyframes == record.keyframes == len(library.keyframes(record.video_id))
        picture = frame_at(films[0].path, films[0].middles[0])
        hits = library.search(picture, SearchOptions(top=100)).results
        assert len({hit.keyframe_id for hit in hits}) == len(hits) == record.keyframes


def test_a_keyframe_is_found_while_its_video_is_being_added(
    films: list[Film], open_library: LibraryOpener
) -> None:
    picture = frame_at(films[0].path, films[0].middles[0])
    found: list[tuple[bool, Hit]] = []

    def look(position_s: float, duration_s: float | None) -> None:
        (record,) = library.videos()
        assert duration_s is not None
        assert 0 < position_s <= duration_s
        found.append((record.complete, library.search(picture).results[0]))

    with open_library() as library:
        library.add(films[0].path, look)
    complete, hit = found[0]
    assert not complete
    assert films[0].shows(films[0].middles[0], hit.scene_start_s, hit.scene_end_s)


def test_damage_is_counted_and_the_rest_is_kept(
    films: list[Film], open_library: LibraryOpener, tmp_path: Path
) -> None:
    path = tmp_path / "damaged.mp4"
    data = bytearray(films[0].path.read_bytes())
    moov = data.index(b"moov")
    middle = range(len(data) // 3, len(data) // 3 + 8000) if moov > len(data) // 2 else range(moov, moov)
    for at in middle:
        data[at] = 0xA5
    path.write_bytes(data)
    with open_library() as library:
        record = library.add(path)
        assert record.complete
        assert record.keyframes > 0
        assert record.damaged > 0


def test_what_is_no_video_leaves_nothing_behind(open_library: LibraryOpener, tmp_path: Path) -> None:
    text = tmp_path / "text.mp4"
    text.write_text("this is no video" * 100)
    with open_library() as library:
        with pytest.raises((NotAVideo, DamagedVideo)):
            library.add(text)
        assert library.videos() == []
        with pytest.raises(NotAPicture):
            library.search(text)


def test_one_process_at_a_time(open_library: LibraryOpener) -> None:
    with open_library(), pytest.raises(StoreBusy):
        open_library()
