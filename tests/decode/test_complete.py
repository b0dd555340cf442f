"""A file that is cut anywhere is never called complete."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cbvir_core.decode import container_complete
from cbvir_core.errors import FileUnreadable, NotAVideo


def test_a_whole_film_is_complete(film: Path) -> None:
    assert container_complete(film) is True


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(share=st.floats(min_value=0, max_value=1, exclude_max=True))
def test_no_beginning_of_an_mp4_is_complete(film: Path, tmp_path: Path, share: float) -> None:
    data = film.read_bytes()
    part = tmp_path / "part.mp4"
    part.write_bytes(data[: int(len(data) * share)])
    assert container_complete(part) is not True


@pytest.mark.parametrize("name", ["film.mkv", "film.avi", "film.mov"])
def test_cut_and_whole_in_other_containers(make_film: Callable[..., Path], name: str) -> None:
    whole = make_film(name=name, codec="mpeg4")
    assert container_complete(whole) is True
    data = whole.read_bytes()
    whole.write_bytes(data[: len(data) * 2 // 3])
    assert container_complete(whole) is False


def test_the_index_may_come_first(make_film: Callable[..., Path]) -> None:
    assert container_complete(make_film(container={"movflags": "faststart"})) is True


def test_padding_behind_the_last_box_does_no_harm(film: Path, tmp_path: Path) -> None:
    padded = tmp_path / "padded.mp4"
    padded.write_bytes(film.read_bytes() + bytes(1000))
    assert container_complete(padded) is True


def test_a_box_with_a_64_bit_length(tmp_path: Path) -> None:
    path = tmp_path / "long.mp4"
    index = (8).to_bytes(4) + b"moov"
    path.write_bytes(index + (1).to_bytes(4) + b"mdat" + (20).to_bytes(8) + b"data")
    assert container_complete(path) is True
    path.write_bytes(index + (1).to_bytes(4) + b"mdat" + (21).to_bytes(8) + b"data")
    assert container_complete(path) is False


@pytest.mark.parametrize("container", [{"movflags": "frag_keyframe+empty_moov"}, {"live": "1"}])
def test_files_written_piece_by_piece_do_not_tell(
    make_film: Callable[..., Path], container: dict[str, str]
) -> None:
    path = make_film(name="live.mkv" if "live" in container else "live.mp4", container=container)
    whole = container_complete(path)
    assert whole is None or ("movflags" in container and whole is True)


@pytest.mark.parametrize("data", [b"hello world\n", b"\0" * 20, b"G" * 188, b"\x1a\x45\xdf\xa3", b"x"])
def test_other_bytes_do_not_tell(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "film.ts"
    path.write_bytes(data)
    assert container_complete(path) is None


def test_nothing_is_not_complete(tmp_path: Path) -> None:
    path = tmp_path / "film.mp4"
    path.touch()
    assert container_complete(path) is False
    with pytest.raises(NotAVideo):
        container_complete(tmp_path)


def test_a_file_that_may_not_be_looked_at_is_unreadable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def forbid(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "stat", forbid)
    with pytest.raises(FileUnreadable, match="may not be read"):
        container_complete(tmp_path / "film.mp4")
