"""Decode workers by themselves: what they say, and how they end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from fractions import Fraction
from multiprocessing import Pipe
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cbvir_core.decode import STILL_SIDE, FinishedFile, GrowingFile, fingerprint, is_growing
from cbvir_core.errors import DecodeCrashed, DecodeMemory, DecodeTimeout
from cbvir_core.keyframes import KeyframeOptions, KeyframeReader, extract_keyframes
from cbvir_core.types import Keyframe, VideoId, VideoInfo
from cbvird.worker import process as worker
from cbvird.worker import wire
from cbvird.worker.process import DecodeTask
from cbvird.worker.supervisor import DecodeStopped, DecodeWorker
from support.films import Film, letterboxed
from support.growing import write_recording

VIDEO = VideoId("ab" * 16)


def keyframe(time_s: float = 1.0) -> Keyframe:
    image = np.full((4, 6, 3), int(time_s) % 256, np.uint8)
    return Keyframe(time_s, time_s, time_s + 1, image)


# --- messages ---


@given(
    st.text(min_size=1).filter(lambda text: "\0" not in text),
    st.fractions(min_value=0, max_denominator=10**6),
    st.none() | st.floats(0, 1e6),
)
def test_a_message_arrives_as_it_was_sent(name: str, start: Fraction, duration_s: float | None) -> None:
    info = VideoInfo(
        Path("/") / name, VIDEO, 1, "mp4", "h264", 2, 2, 90, Fraction(4, 3), Fraction(1, 90000), start,
        duration_s, None,
    )  # fmt: skip
    ours, theirs = Pipe()
    with ours, theirs:
        for message in (
            wire.Probed(info),
            wire.FoundBorders((0, 38, 320, 218)),
            wire.DecodeProgress(1.5, 2),
            wire.Failed("code", name),
        ):
            wire.send(theirs, message)
            assert wire.receive(ours) == message


def test_a_keyframe_arrives_with_its_picture() -> None:
    ours, theirs = Pipe()
    with ours, theirs:
        wire.send(theirs, wire.FoundKeyframe(keyframe(7.0)))
        message = wire.receive(ours)
    assert isinstance(message, wire.FoundKeyframe)
    assert message.keyframe == keyframe(7.0)
    assert np.array_equal(message.keyframe.image, keyframe(7.0).image)
    assert message.keyframe.thumbnails is None


# --- worker ---


def task(path: Path, memory_mb: int = 2048) -> DecodeTask:
    return DecodeTask(path, "auto", KeyframeOptions(), memory_mb)


def test_a_worker_takes_a_film_apart(films: list[Film]) -> None:
    with DecodeWorker(task(films[0].path), timeout_s=30, stop=threading.Event()) as decoder:
        assert decoder.probe().path == films[0].path
        *before, last = decoder.messages()
        pid = decoder.pid
    assert isinstance(last, wire.Finished)
    assert last.damaged == 0
    assert last.position_s == pytest.approx(films[0].duration_s, abs=0.5)
    assert sum(isinstance(message, wire.FoundKeyframe) for message in before) >= 4
    assert not Path(f"/proc/{pid}").exists()


def test_a_worker_tells_of_borders_before_it_sends_what_it_cut_to_them(
    films: list[Film], tmp_path: Path
) -> None:
    boxed = letterboxed(films[0], tmp_path / "boxed.mp4")
    with DecodeWorker(task(boxed), timeout_s=30, stop=threading.Event()) as decoder:
        decoder.probe()
        first, *others = (m for m in decoder.messages() if not isinstance(m, wire.DecodeProgress))
    assert isinstance(first, wire.FoundBorders)
    left, top, right, bottom = first.borders
    sent = [message.keyframe.image for message in others if isinstance(message, wire.FoundKeyframe)]
    assert {image.shape for image in sent} == {(bottom - top, right - left, 3)}
    assert not any(isinstance(message, wire.FoundBorders) for message in others)


def test_a_worker_sends_the_thumbnails_of_every_scene(films: list[Film]) -> None:
    expected = list(extract_keyframes(films[0].path, max_side=STILL_SIDE))
    with DecodeWorker(task(films[0].path), timeout_s=30, stop=threading.Event()) as decoder:
        decoder.probe()
        sent = [message.keyframe for message in decoder.messages() if isinstance(message, wire.FoundKeyframe)]
    assert sent == expected
    for one, other in zip(sent, expected, strict=True):
        assert one.thumbnails is not None
        assert other.thumbnails is not None
        assert np.array_equal(one.thumbnails.times_s, other.thumbnails.times_s)
        assert np.array_equal(one.thumbnails.frames, other.thumbnails.frames)


def test_a_worker_follows_a_film_to_its_end(films: list[Film], tmp_path: Path) -> None:
    """With a sandbox around it; `test_growing.py` has films that grow."""
    path = write_recording(films[0].path, tmp_path / "film.ts", films[0].duration_s)
    following = replace(task(path), quiet_s=1.0)
    with DecodeWorker(following, timeout_s=30, stop=threading.Event()) as decoder:
        assert is_growing(decoder.probe().video_id)
        *before, ended, last = decoder.messages()
    assert isinstance(last, wire.Finished)
    status = path.stat()
    assert ended == FinishedFile(fingerprint(path), status.st_size, status.st_mtime_ns)
    keyframes = [message.keyframe for message in before if isinstance(message, wire.FoundKeyframe)]
    with GrowingFile(path, 0.0) as file, KeyframeReader(path, growing=file) as expected:
        assert keyframes == list(expected)


def test_a_worker_that_waits_says_so_and_is_stopped(films: list[Film], tmp_path: Path) -> None:
    path = write_recording(films[0].path, tmp_path / "film.ts", films[0].duration_s)
    following, stop = replace(task(path), quiet_s=3600.0), threading.Event()
    positions: list[float] = []
    with DecodeWorker(following, timeout_s=30, stop=stop) as decoder:
        decoder.probe()
        messages = decoder.messages()
        while len(positions) < 3 or len(set(positions[-3:])) > 1:
            if isinstance(message := next(messages), wire.DecodeProgress):
                positions.append(message.position_s)
        stop.set()
        with pytest.raises(DecodeStopped):
            list(messages)


def test_a_worker_loads_neither_torch_nor_openvino() -> None:
    code = "import sys, cbvird.worker.process; print(*sys.modules)"
    paths = os.pathsep.join(sys.path)
    loaded = subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, "PYTHONPATH": paths}, capture_output=True, check=True
    )
    assert not {b"torch", b"openvino", b"lmdb", b"fastapi"} & set(loaded.stdout.split())


def test_a_worker_that_is_killed_is_a_crash_with_the_signal_s_name(long_film: Film) -> None:
    with DecodeWorker(task(long_film.path), timeout_s=30, stop=threading.Event()) as decoder:
        decoder.probe()
        messages = decoder.messages()
        next(messages)
        os.kill(decoder.pid, signal.SIGABRT)
        with pytest.raises(DecodeCrashed, match="SIGABRT"):
            list(messages)


def test_a_worker_that_stops_is_a_timeout(long_film: Film) -> None:
    def stopped_in_the_middle() -> None:
        decoder.probe()
        messages = decoder.messages()
        next(messages)
        os.kill(decoder.pid, signal.SIGSTOP)
        list(messages)

    # On a busy machine it may be too slow before it is stopped: that is a timeout as well.
    with (
        DecodeWorker(task(long_film.path), timeout_s=1, stop=threading.Event()) as decoder,
        pytest.raises(DecodeTimeout, match="1 s"),
    ):
        stopped_in_the_middle()


def test_a_worker_that_grows_is_ended(long_film: Film) -> None:
    greedy = task(long_film.path, memory_mb=16)
    with (
        DecodeWorker(greedy, timeout_s=30, stop=threading.Event()) as decoder,
        pytest.raises(DecodeMemory, match=r"decode\.memory_mb"),
    ):
        decoder.probe()


def test_a_worker_that_cannot_be_started_costs_one_try(
    films: list[Film], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(descriptors: list[int]) -> tuple[int, int]:
        raise ConnectionRefusedError("Connection refused")

    monkeypatch.setattr("multiprocessing.forkserver.connect_to_new_process", refuse)
    with pytest.raises(DecodeCrashed, match="could be started"):
        DecodeWorker(task(films[0].path), timeout_s=30, stop=threading.Event())


def of_process(pid: int) -> list[str]:
    """State, parent and more, as the kernel tells them."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def test_a_fork_server_that_dies_costs_one_try(films: list[Film]) -> None:
    """In the middle of a start; the next one starts it anew."""
    with DecodeWorker(task(films[0].path), timeout_s=30, stop=threading.Event()) as decoder:
        server = int(of_process(decoder.pid)[1])
    os.kill(server, signal.SIGSTOP)
    killer = threading.Timer(0.5, os.kill, (server, signal.SIGKILL))
    killer.start()
    with pytest.raises(DecodeCrashed, match="could be started"):
        DecodeWorker(task(films[0].path), timeout_s=30, stop=threading.Event())
    killer.join()
    while of_process(server)[0] != "Z":
        time.sleep(0.01)
    with DecodeWorker(task(films[0].path), timeout_s=30, stop=threading.Event()) as decoder:
        assert decoder.probe().path == films[0].path


def test_a_worker_tells_that_it_lives_while_it_looks_for_borders(
    films: list[Film], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "PROGRESS_INTERVAL_S", 0.0)
    boxed = letterboxed(films[0], tmp_path / "boxed.mp4")
    ours, theirs = Pipe()
    with ours, theirs, ThreadPoolExecutor(1) as threads:
        working = threads.submit(worker.take_apart, theirs, task(boxed))
        assert isinstance(wire.receive(ours), wire.Probed)
        ours.send_bytes(wire.GO_ON)
        assert wire.receive(ours) == wire.DecodeProgress(0.0, 0)
        told = []
        while not working.done() or ours.poll():
            if ours.poll(0.1):
                told.append(wire.receive(ours))
        assert isinstance(working.result(), wire.Finished)
    assert any(isinstance(message, wire.FoundBorders) for message in told), "it was not through with looking"


def test_a_stopping_service_interrupts_a_silent_worker(long_film: Film) -> None:
    stop = threading.Event()
    with DecodeWorker(task(long_film.path), timeout_s=30, stop=stop) as decoder:
        decoder.probe()
        messages = decoder.messages()
        next(messages)
        os.kill(decoder.pid, signal.SIGSTOP)
        stop.set()
        with pytest.raises(DecodeStopped):
            list(messages)
