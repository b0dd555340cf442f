"""The download of weight files from a server on this machine that misbehaves where a test wants it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from cbvir_core.embed import fetch_profile, import_files
from cbvir_core.errors import DiskFull, DownloadFailed, InputError, WeightsDamaged, WeightsMismatch
from cbvir_core.weights import WeightsSource, download, find_profile, fingerprint, official_sources, verify
from support.mirror import Mirror, mirroring


@pytest.fixture
def server() -> Iterator[Mirror]:
    with mirroring() as state:
        yield state


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


DATA = bytes(range(256)) * 1000
NAME = f"net-{hashlib.sha256(DATA).hexdigest()[:8]}.pth"


def test_a_file_arrives_with_progress(server: Mirror, tmp_path: Path) -> None:
    server.files[NAME] = DATA
    seen: list[tuple[str, int, int | None]] = []
    path = download(f"{server.url}/{NAME}", tmp_path, lambda *step: seen.append(step))
    assert path.read_bytes() == DATA
    assert seen[-1] == (NAME, len(DATA), len(DATA))
    assert [here for _, here, _ in seen] == sorted(here for _, here, _ in seen)
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("ranges", [True, False])
def test_a_cut_download_goes_on(server: Mirror, tmp_path: Path, ranges: bool) -> None:
    server.files[NAME], server.cut = DATA, 100_000
    with pytest.raises(DownloadFailed, match="cut off after 100,000 of 256,000 bytes"):
        download(f"{server.url}/{NAME}", tmp_path)
    (part,) = tmp_path.iterdir()
    assert part.stat().st_size == 100_000
    server.cut, server.ranges = None, ranges
    assert download(f"{server.url}/{NAME}", tmp_path).read_bytes() == DATA
    assert server.requested_ranges == [None, "bytes=100000-"]


def test_a_part_that_is_the_whole(server: Mirror, tmp_path: Path) -> None:
    server.files[NAME] = DATA
    (tmp_path / f"{NAME}.part").write_bytes(DATA)
    assert download(f"{server.url}/{NAME}", tmp_path).read_bytes() == DATA


def test_a_part_of_another_file(server: Mirror, tmp_path: Path) -> None:
    server.files[NAME] = DATA
    (tmp_path / f"{NAME}.part").write_bytes(DATA + b"more")
    with pytest.raises(DownloadFailed, match="from the start"):
        download(f"{server.url}/{NAME}", tmp_path)
    assert download(f"{server.url}/{NAME}", tmp_path).read_bytes() == DATA


def test_a_wrong_hash(server: Mirror, tmp_path: Path) -> None:
    server.files["net-01234567.pth"] = DATA
    with pytest.raises(WeightsDamaged, match=r"net-01234567\.pth gave a file without the SHA-256"):
        download(f"{server.url}/net-01234567.pth", tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_nothing_there_and_nobody_there(server: Mirror, tmp_path: Path) -> None:
    with pytest.raises(DownloadFailed, match="404"):
        download(f"{server.url}/absent.pth", tmp_path)
    with pytest.raises(DownloadFailed, match="models import"):
        download("http://127.0.0.1:9/net.pth", tmp_path)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_no_room_on_the_disk(server: Mirror, tmp_path: Path) -> None:
    server.files[NAME] = DATA
    (tmp_path / f"{NAME}.part").symlink_to("/dev/full")
    with pytest.raises(DiskFull, match="no room"):
        download(f"{server.url}/{NAME}", tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_fetch_takes_what_is_missing(
    server: Mirror, tmp_path: Path, filter_file: Path, solar_file: Path
) -> None:
    server.files = {"a.safetensors": filter_file.read_bytes(), "b.safetensors": solar_file.read_bytes()}
    sources = [
        WeightsSource("filter", f"{server.url}/a.safetensors"),
        WeightsSource("refine", f"{server.url}/b.safetensors"),
    ]
    assert len(fetch_profile("mine", tmp_path, sources=sources).files) == 2
    assert fingerprint(find_profile("mine", tmp_path).filter) == fingerprint(filter_file)
    (tmp_path / "mine" / "refine.safetensors").unlink()
    server.requested_ranges.clear()
    fetch_profile("mine", tmp_path, sources=sources)
    assert len(server.requested_ranges) == 1
    assert all(check.good for check in verify(tmp_path) if check.profile == "mine")
    assert list((tmp_path / ".downloads").iterdir()) == []


def test_a_file_for_the_other_role_is_refused_and_the_profile_stays(
    server: Mirror, tmp_path: Path, filter_file: Path, solar_file: Path
) -> None:
    import_files("moreso", [filter_file], tmp_path)
    server.files = {"b.safetensors": (tmp_path / "moreso" / "filter.safetensors").read_bytes()}
    with pytest.raises(
        WeightsMismatch,
        match=f"{server.url}/b.safetensors is for another architecture: mobilenet_v2 is no refine",
    ):
        fetch_profile("moreso", tmp_path, sources=[WeightsSource("refine", f"{server.url}/b.safetensors")])
    assert find_profile("moreso", tmp_path).refine is None
    assert [check.good for check in verify(tmp_path) if check.profile == "moreso"] == [True]


def test_a_mirror_has_the_same_names() -> None:
    plain, mirrored = official_sources(), official_sources("http://mirror/weights/")
    assert [source.file_name for source in plain] == [source.file_name for source in mirrored]
    assert mirrored[0] == WeightsSource("filter", "http://mirror/weights/mobilenet_v2-b0353104.pth")


def test_a_filter_without_solar_is_kept(server: Mirror, tmp_path: Path, filter_file: Path) -> None:
    server.files = {"a.safetensors": filter_file.read_bytes(), "b.pth": b"<html>sign in</html>"}
    sources = [
        WeightsSource("filter", f"{server.url}/a.safetensors"),
        WeightsSource("refine", f"{server.url}/b.pth"),
    ]
    with pytest.raises(WeightsDamaged):
        fetch_profile("moreso", tmp_path, sources=sources)
    profile = find_profile("auto", tmp_path)
    assert (profile.name, profile.refine) == ("moreso", None)


def test_only_moreso_is_published(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="models import mine"):
        fetch_profile("mine", tmp_path)
    with pytest.raises(InputError, match="install cbvir again"):
        fetch_profile("builtin", tmp_path)
    with pytest.raises(InputError, match="cannot name a profile"):
        fetch_profile("NONSENSE", tmp_path)
    filter_source, refine_source = official_sources()
    assert filter_source.url.endswith("mobilenet_v2-b0353104.pth")
    assert refine_source.role == "refine"
