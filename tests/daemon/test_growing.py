"""Recordings that grow, with a real service and processes that record: found meanwhile, and one video."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from hashlib import blake2b
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from cbvir_core.decode import fingerprint, is_growing
from cbvir_core.types import VideoId
from cbvird.ingest.growing import MAX_GROWING_FILES
from support.films import Film, draw_film
from support.growing import Recorder, write_recording
from support.services import PATIENCE_S, Service, frame_at

SETTLE_S = 0.3
RECORDING_S = 64.0
OPENING_S = 54.0
"""Seconds that are written at once: bars are looked for in the first 40."""

NULL_PACKET = bytes([0x47, 0x1F, 0xFF, 0x10])
"""The head of a packet of a transport stream that belongs to nothing."""

NULL_PACKETS = 2_000
"""So many that a recorder takes minutes to write them."""

REFUSED = "file is taken in when it has stopped growing"
"""What the log says of such a file."""


@pytest.fixture(scope="module")
def service(make_service: Callable[..., Service]) -> Service:
    return make_service(settle_s=SETTLE_S, timeout_s=PATIENCE_S, growing=["*.ts", "while it grows/*"])


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Film:
    """What is recorded, over and over."""
    return draw_film(tmp_path_factory.mktemp("film") / "film.mp4", seed=50, shots=8, size=(160, 90))


@pytest.fixture(scope="module")
def recorded(film: Film, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The recording, whole."""
    return write_recording(film.path, tmp_path_factory.mktemp("recorded") / "whole.ts", RECORDING_S)


@pytest.fixture
def whole(recorded: Path, tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """The recording as a content of the test's own."""
    return another(recorded, tmp_path / "whole.ts", request.node.name)


def another(recorded: Path, path: Path, name: str) -> Path:
    """Write a recording that shows the same and is another content: at its end lie packets of no program."""
    number = blake2b(name.encode(), digest_size=32).digest()
    path.write_bytes(recorded.read_bytes() + (NULL_PACKET + number.ljust(184, b"\xff")) * NULL_PACKETS)
    return path


def opening_of(whole: Path) -> int:
    """The bytes of the first `OPENING_S` seconds."""
    shown = whole.stat().st_size - NULL_PACKETS * 188
    return round(shown * OPENING_S / RECORDING_S)


def row_of(service: Service, path: Path) -> dict[str, Any]:
    row = service.video(path)
    assert row is not None
    return row


def assert_one_whole_video(service: Service, path: Path, whole: Path) -> None:
    """The path is one video, with the identity of its content and every scene of it once."""
    row = row_of(service, path)
    assert row["video_id"] == fingerprint(whole) == fingerprint(path)
    assert (row["state"], row["error"]) == ("indexed", None)
    rows = service.get("/v1/videos")["videos"]
    assert sum(str(path) in one["paths"] for one in rows) == 1
    assert not any(is_growing(VideoId(one["video_id"])) for one in rows if one["video_id"])
    scenes = service.keyframes(row["video_id"])
    times = [scene["time_s"] for scene in scenes]
    assert len(times) == row["keyframes"] == len(set(times))
    assert times == sorted(times)
    assert scenes[0]["scene_start_s"] == 0.0
    for one, following in pairwise(scenes):
        assert one["scene_end_s"] == pytest.approx(following["scene_start_s"])
    assert row["duration_s"] == pytest.approx(RECORDING_S, abs=15)
    assert scenes[-1]["scene_end_s"] == pytest.approx(row["duration_s"], abs=1.0)
    status = service.get("/v1/status")
    assert status["keyframes"] == sum(one["keyframes"] for one in rows)


def until_ended(service: Service, path: Path, whole: Path) -> None:
    """Wait for the identity of the content; a recording that is cut off may have a damaged last frame."""
    wanted = fingerprint(whole)
    service.until(
        lambda: (service.video(path) or {}).get("video_id") == wanted, "it has the identity of its content"
    )
    service.until_state(path, "indexed", "partial")


def test_a_recording_is_found_while_it_grows_and_is_one_video_at_the_end(
    service: Service, film: Film, whole: Path, films: list[Film]
) -> None:
    path = service.videos / "recording.ts"
    with Recorder(whole, path, at_once=opening_of(whole)) as recorder:
        service.until_keyframes(path, 4)
        answer = service.query(frame_at(film.path, film.middles[0]))
        assert recorder.is_recording
        first = answer["results"][0]
        assert first["path"] == str(path)
        start_s = first["scene_start_s"] % film.duration_s  # the film is recorded over and over
        length_s = first["scene_end_s"] - first["scene_start_s"]
        assert film.shows(film.middles[0], start_s, start_s + length_s)
        row = row_of(service, path)
        assert (row["state"], row["error"], is_growing(row["video_id"])) == ("working", None, True)
        assert first["video_id"] == row["video_id"]
        # The only decoder is free for others meanwhile.
        other = service.drop(films[1].path)
        service.until_state(other, "indexed")
        assert recorder.is_recording
        # What is shown of it is shown while it grows.
        details = service.get(f"/v1/videos/{row['video_id']}")
        assert details["codec"] == "h264"
        frame = service.http.get(f"/v1/videos/{row['video_id']}/frame.jpg", params={"t": 5.0, "w": 160})
        assert (frame.status_code, frame.headers["x-cbvir-source"]) == (200, "frame")
        span = {"start_s": 2.0, "end_s": 4.0, "side": 160}
        clip = service.http.get(f"/v1/videos/{row['video_id']}/clip.mp4", params=span)
        assert clip.is_success, clip.text
        recorder.finish()
    until_ended(service, path, whole)
    assert_one_whole_video(service, path, whole)
    assert service.http.get(f"/v1/videos/{row['video_id']}").status_code == 404


def test_afterwards_a_scan_a_restart_a_rename_and_a_copy_cost_nothing(service: Service) -> None:
    path = service.videos / "recording.ts"
    before = row_of(service, path)
    service.post("/v1/rescan")
    service.until(lambda: not service.get("/v1/status")["scanning"], "it is scanned")
    assert row_of(service, path) == before
    service.restart()
    service.until(lambda: not service.get("/v1/status")["scanning"], "it is scanned")
    assert row_of(service, path) == before
    renamed = path.rename(path.with_name("renamed.ts"))
    service.until_state(renamed, "indexed")
    assert row_of(service, renamed)["video_id"] == before["video_id"]
    copy = service.drop(renamed, "copy.ts")
    service.until_state(copy, "indexed")
    service.until(
        lambda: set(row_of(service, copy)["paths"]) == {str(copy), str(renamed)}, "both paths are known"
    )
    assert row_of(service, copy)["keyframes"] == before["keyframes"]


@pytest.mark.parametrize("by", [signal.SIGTERM, signal.SIGKILL])
def test_a_restart_in_the_middle_begins_it_anew_without_doubles_or_losses(
    service: Service, whole: Path, by: signal.Signals
) -> None:
    path = service.videos / f"restarted {by.name}.ts"
    with Recorder(whole, path, at_once=opening_of(whole)) as recorder:
        service.until_keyframes(path, 4)
        before = time.monotonic()
        service.stop(by)
        assert time.monotonic() - before < 15
        service.start()
        service.until_state(path, "working")
        service.until_keyframes(path, 4)
        assert recorder.is_recording
        recorder.finish()
    until_ended(service, path, whole)
    assert_one_whole_video(service, path, whole)


def test_a_recording_that_is_renamed_while_it_grows_is_read_on(service: Service, whole: Path) -> None:
    path = service.videos / "channel 5.ts"
    with Recorder(whole, path, at_once=opening_of(whole)) as recorder:
        service.until_keyframes(path, 4)
        path = path.rename(path.with_name("The news.ts"))
        service.until(lambda: service.video(path) is not None, "it is known by its new name")
        recorder.finish()
    until_ended(service, path, whole)
    assert_one_whole_video(service, path, whole)


def test_a_recording_that_pauses_for_longer_than_the_wait_is_one_video_in_the_end(
    service: Service, whole: Path
) -> None:
    path, half = service.videos / "paused.ts", whole.with_name("half.ts")
    half.write_bytes(whole.read_bytes()[: opening_of(whole)])
    with Recorder(half, path, at_once=40_000) as recorder:
        service.until_state(path, "working")
        recorder.finish()
    until_ended(service, path, half)
    former = row_of(service, path)["video_id"]
    with Recorder(whole, path, at_once=0) as recorder:
        service.until(lambda: path.stat().st_size > half.stat().st_size, "it goes on")
        service.post("/v1/rescan")
        service.until(
            lambda: is_growing(VideoId(row_of(service, path)["video_id"] or "")), "it is followed again"
        )
        recorder.finish()
    until_ended(service, path, whole)
    assert_one_whole_video(service, path, whole)
    assert service.http.get(f"/v1/videos/{former}").status_code == 404


def test_a_recording_that_was_taken_for_finished_before_it_began_is_followed(
    service: Service, whole: Path
) -> None:
    path = service.videos / "slow to begin.ts"
    path.write_bytes(whole.read_bytes()[: 2 * 188])
    service.until_state(path, "failed")
    with Recorder(whole, path, at_once=40_000) as recorder:
        service.until_state(path, "working")
        assert recorder.is_recording
        recorder.finish()
    until_ended(service, path, whole)
    assert_one_whole_video(service, path, whole)


def test_a_recording_that_is_begun_again_under_its_name_is_the_new_one(
    service: Service, whole: Path, recorded: Path
) -> None:
    path, former = service.videos / "again.ts", another(recorded, whole.with_name("former.ts"), "former")
    with Recorder(former, path, at_once=opening_of(former)):
        service.until_keyframes(path, 4)
    path.write_bytes(b"")
    with Recorder(whole, path, at_once=20_000) as recorder:
        service.until_state(path, "working")
        recorder.finish()
    until_ended(service, path, whole)
    assert_one_whole_video(service, path, whole)


def test_a_recording_that_is_deleted_while_it_grows_is_forgotten(service: Service, whole: Path) -> None:
    path = service.videos / "deleted.ts"
    with Recorder(whole, path, at_once=opening_of(whole)):
        service.until_keyframes(path, 4)
        path.unlink()
        service.until(lambda: service.video(path) is None, "it is forgotten")
    assert service.error(path) is None


def test_a_known_recording_that_is_copied_slowly_is_another_path_of_it(service: Service, whole: Path) -> None:
    there = service.drop(whole, "known.ts")
    service.until_state(there, "indexed")  # it rests, and is a file like any other
    known, path = row_of(service, there), service.videos / "slow copy.ts"
    with Recorder(whole, path, at_once=40_000) as recorder:
        service.until_state(path, "working")
        recorder.finish()
    until_ended(service, path, whole)
    row = row_of(service, path)
    assert set(row["paths"]) == {str(there), str(path)}
    assert (row["video_id"], row["keyframes"]) == (known["video_id"], known["keyframes"])


def test_what_can_be_read_only_whole_is_taken_in_when_it_has_stopped_growing(
    service: Service, films: list[Film]
) -> None:
    folder = service.videos / "while it grows"
    folder.mkdir()
    path, whole = folder / "index at the end.mp4", films[2].path
    with Recorder(whole, path, at_once=40_000) as recorder:
        service.until(lambda: REFUSED in service.log.read_text(), "it is known to be readable only whole")
        service.until_state(path, "waiting")
        assert recorder.is_recording
        recorder.finish()
    service.until_state(path, "indexed")
    assert row_of(service, path)["video_id"] == fingerprint(whole)
    assert service.error(path) is None


def test_more_recordings_than_are_followed_wait_for_their_turn(
    make_service: Callable[..., Service], recorded: Path, films: list[Film], tmp_path: Path
) -> None:
    service = make_service(settle_s=SETTLE_S, timeout_s=PATIENCE_S, growing=["*.ts"])
    short = tmp_path / "short.ts"
    short.write_bytes(recorded.read_bytes()[: 188 * 600])
    recordings: list[tuple[Path, Path, Recorder]] = []
    try:
        for number in range(MAX_GROWING_FILES + 1):
            source = another(short, tmp_path / f"{number}.ts", str(number))
            path = service.videos / f"recording {number}.ts"
            recordings.append((source, path, Recorder(source, path, at_once=40_000)))
        service.until(lambda: states(service).count("working") == MAX_GROWING_FILES, "so many are followed")
        assert states(service).count("waiting") == 1
        other = service.drop(films[1].path)
        service.until_state(other, "indexed")
        for _, _, recorder in recordings:
            assert recorder.is_recording
            recorder.finish()
        for source, path, _ in recordings:
            until_ended(service, path, source)
    finally:
        for _, _, recorder in recordings:
            recorder.__exit__()
        service.stop()


def states(service: Service) -> list[str]:
    return [row["state"] for row in service.get("/v1/videos")["videos"]]


def test_a_real_clip_is_found_while_it_is_recorded(service: Service, shared: Path, tmp_path: Path) -> None:
    clip = shared / "videos" / "mmaction2--demo.mp4"
    whole = another(write_recording(clip, tmp_path / "real.ts", RECORDING_S), tmp_path / "whole.ts", "real")
    path = service.videos / "real.ts"
    with Recorder(whole, path, at_once=opening_of(whole)) as recorder:
        service.until_keyframes(path, 4)
        answer = service.query(frame_at(clip, 1.0))
        assert recorder.is_recording
        assert answer["results"][0]["path"] == str(path)
        recorder.finish()
    until_ended(service, path, whole)
    assert_one_whole_video(service, path, whole)
