"""The parts of the ingest by themselves: messages, worker, writer, claims, threads, socket."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import stat
import subprocess
import sys
import threading
from collections.abc import Callable
from fractions import Fraction
from multiprocessing import Pipe
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cbvir_core.errors import DecodeCrashed, DecodeMemory, DecodeTimeout, DiskFull, StoreBusy
from cbvir_core.keyframes import KeyframeOptions
from cbvir_core.types import Keyframe, VideoId, VideoInfo
from cbvird import wire
from cbvird.board import BACKLOG, Board
from cbvird.crew import Crew
from cbvird.decoder import Decoder, Stopped
from cbvird.ingest import Claims
from cbvird.listener import Peer, is_welcome, listening, peer
from cbvird.worker import Task
from cbvird.writer import BATCH, CAPACITY, Sink, Writer
from films import Film

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
        for message in (wire.Probed(info), wire.Progress(1.5, 2), wire.Failed("code", name)):
            wire.send(theirs, message)
            assert wire.receive(ours) == message


def test_a_keyframe_arrives_with_its_picture() -> None:
    ours, theirs = Pipe()
    with ours, theirs:
        wire.send(theirs, wire.Found(keyframe(7.0)))
        message = wire.receive(ours)
    assert isinstance(message, wire.Found)
    assert message.keyframe == keyframe(7.0)
    assert np.array_equal(message.keyframe.image, keyframe(7.0).image)


# --- worker ---


def task(path: Path, memory_mb: int = 2048) -> Task:
    return Task(path, "auto", KeyframeOptions(), memory_mb)


def test_a_worker_takes_a_film_apart(films: list[Film]) -> None:
    with Decoder(task(films[0].path), timeout_s=30, stop=threading.Event()) as decoder:
        assert decoder.probe().path == films[0].path
        *before, last = decoder.messages()
        pid = decoder.pid
    assert isinstance(last, wire.Finished)
    assert last.damaged == 0
    assert last.position_s == pytest.approx(films[0].duration_s, abs=0.5)
    assert sum(isinstance(message, wire.Found) for message in before) >= 4
    assert not Path(f"/proc/{pid}").exists()


def test_a_worker_loads_neither_torch_nor_openvino() -> None:
    code = "import sys, cbvird.worker; print(*sys.modules)"
    paths = os.pathsep.join(sys.path)
    loaded = subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, "PYTHONPATH": paths}, capture_output=True, check=True
    )
    assert not {b"torch", b"openvino", b"lmdb", b"fastapi"} & set(loaded.stdout.split())


def test_a_worker_that_is_killed_is_a_crash_with_the_signal_s_name(long_film: Film) -> None:
    with Decoder(task(long_film.path), timeout_s=30, stop=threading.Event()) as decoder:
        decoder.probe()
        messages = decoder.messages()
        next(messages)
        os.kill(decoder.pid, signal.SIGABRT)
        with pytest.raises(DecodeCrashed, match="SIGABRT"):
            list(messages)


def test_a_worker_that_stops_is_a_timeout(long_film: Film) -> None:
    with Decoder(task(long_film.path), timeout_s=1, stop=threading.Event()) as decoder:
        decoder.probe()
        messages = decoder.messages()
        next(messages)
        os.kill(decoder.pid, signal.SIGSTOP)
        with pytest.raises(DecodeTimeout, match="1 s"):
            list(messages)


def test_a_worker_that_grows_is_ended(long_film: Film) -> None:
    greedy = task(long_film.path, memory_mb=16)
    with (
        Decoder(greedy, timeout_s=30, stop=threading.Event()) as decoder,
        pytest.raises(DecodeMemory, match=r"decode\.memory_mb"),
    ):
        decoder.probe()


def test_a_stopping_service_interrupts_a_silent_worker(long_film: Film) -> None:
    stop = threading.Event()
    with Decoder(task(long_film.path), timeout_s=30, stop=stop) as decoder:
        decoder.probe()
        messages = decoder.messages()
        next(messages)
        os.kill(decoder.pid, signal.SIGSTOP)
        stop.set()
        with pytest.raises(Stopped):
            list(messages)


# --- writer ---


class Shelf:
    """Stands in for the library at the writer's edge: keeps what is appended, or has no room."""

    def __init__(self) -> None:
        self.batches: list[tuple[VideoId, list[float]]] = []
        self.full: set[VideoId] = set()
        self.open = threading.Event()
        self.open.set()

    def append(self, video_id: VideoId, keyframes: list[Keyframe], /) -> None:
        self.open.wait()
        if video_id in self.full:
            raise DiskFull("no room")
        self.batches.append((video_id, [keyframe.time_s for keyframe in keyframes]))

    def times(self, video_id: VideoId) -> list[float]:
        return [time for owner, times in self.batches for time in times if owner == video_id]


def test_keyframes_of_all_videos_are_written_in_order() -> None:
    shelf = Shelf()
    with Crew() as crew:
        writer = Writer(shelf, crew.stop)
        crew.start("write", writer.run)
        sinks = [Sink(VideoId(f"{number:032x}")) for number in range(3)]
        for number in range(40):
            for sink in sinks:
                writer.put(sink, keyframe(number))
        for sink in sinks:
            writer.drain(sink)
    for sink in sinks:
        assert shelf.times(sink.video_id) == list(range(40))
    assert max(len(times) for _, times in shelf.batches) <= BATCH


def test_a_full_disk_stops_one_video_and_no_other() -> None:
    shelf = Shelf()
    with Crew() as crew:
        writer = Writer(shelf, crew.stop)
        crew.start("write", writer.run)
        poor, rich = Sink(VIDEO), Sink(VideoId("cd" * 16))
        shelf.full.add(poor.video_id)
        writer.put(poor, keyframe())
        writer.put(rich, keyframe())
        with pytest.raises(DiskFull):
            writer.drain(poor)
        with pytest.raises(DiskFull):
            writer.put(poor, keyframe())
        writer.drain(rich)
    assert shelf.times(rich.video_id) == [1.0]


def test_a_slow_store_makes_the_decoder_wait() -> None:
    shelf = Shelf()
    shelf.open.clear()
    with Crew() as crew:
        writer = Writer(shelf, crew.stop)
        crew.start("write", writer.run)
        put = 0

        def fill() -> None:
            nonlocal put
            sink = Sink(VIDEO)
            with contextlib.suppress(Stopped):
                while True:
                    writer.put(sink, keyframe())
                    put += 1

        filler = threading.Thread(target=fill)
        filler.start()
        filler.join(1.5)
        assert filler.is_alive()
        assert put <= CAPACITY + BATCH
        crew.stop.set()
        shelf.open.set()
        filler.join(5)
        assert not filler.is_alive()


# --- claims, board, crew ---


def test_the_same_content_is_read_once_at_a_time() -> None:
    claims = Claims()
    assert claims.take(VIDEO, Path("a"))
    assert not claims.take(VIDEO, Path("b"))
    assert not claims.take(VIDEO, Path("c"))
    assert claims.release(VIDEO) == [Path("b"), Path("c")]
    assert claims.take(VIDEO, Path("b"))


def test_a_slow_listener_misses_the_oldest_events() -> None:
    board = Board()
    with board.listening() as listener:
        for number in range(BACKLOG + 10):
            board.publish("video", number=number)
        assert [event.data["number"] for event in listener.take()] == list(range(10, BACKLOG + 10))
        assert listener.take() == []


def test_progress_of_a_file() -> None:
    board = Board()
    assert board.times_real_time() is None
    with board.working(Path("a")) as current:
        current.duration_s, current.position_s, current.size_bytes = 200.0, 50.0, 1000
        assert current.per_cent == 25.0
        assert current.bytes_left == 750.0
        assert current.eta_s(current.started + 10.0) == 30.0
        assert board.current() == [current]
    assert board.current() == []
    assert (board.times_real_time() or 0) > 0


def test_background_work_yields_to_queries() -> None:
    board = Board()
    with board.asking():
        assert not board.quiet(0.0)
    assert not board.quiet(60.0)
    assert board.quiet(0.0)


def test_a_dead_thread_ends_the_crew_with_its_exception() -> None:
    def die(stop: threading.Event) -> None:
        raise RuntimeError("a bug")

    crew = Crew()
    with pytest.raises(RuntimeError, match="a bug"):
        _run_until_stop(crew, die)
    assert not crew.alive()


def _run_until_stop(crew: Crew, body: Callable[[threading.Event], None]) -> None:
    with crew:
        crew.start("idle", _wait)
        crew.start("body", body)
        assert crew.stop.wait(10)


def _wait(stop: threading.Event) -> None:
    stop.wait(30)


def test_background_threads_run_at_low_priority() -> None:
    seen: list[int] = []

    def look(stop: threading.Event) -> None:
        seen.append(os.getpriority(os.PRIO_PROCESS, threading.get_native_id()))

    with Crew() as crew:
        crew.start("low", look, nice=10)
    assert seen == [os.getpriority(os.PRIO_PROCESS, 0) + 10]


# --- socket ---


def test_a_socket_is_private_and_a_stale_one_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "s"
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as stale:
        stale.bind(str(path))
    with listening(path, []) as served:
        assert stat.S_IMODE(path.stat().st_mode) == 0o660
        with pytest.raises(StoreBusy, match=str(os.getpid())), listening(path, []):
            pass
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
            client.connect(str(path))
            while True:
                accepted, _ = served.accept()
                with accepted:
                    if peer(accepted).pid == os.getpid():
                        break
            assert peer(client).uid == os.geteuid()
    assert not path.exists()


def test_a_passed_socket_is_taken(tmp_path: Path) -> None:
    passed = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    with listening(tmp_path / "unused", [passed]) as served:
        assert served is passed
    assert not (tmp_path / "unused").exists()


def test_strangers_are_not_welcome(tmp_path: Path) -> None:
    path = tmp_path / "s"
    path.touch()
    group = path.stat().st_gid
    me, stranger = os.geteuid(), os.geteuid() + 4242
    assert is_welcome(Peer(1, me, frozenset()), path)
    assert is_welcome(Peer(1, 0, frozenset()), path)
    assert is_welcome(Peer(1, stranger, frozenset({group})), path)
    assert not is_welcome(Peer(1, stranger, frozenset({group + 4242})), path)
    assert not is_welcome(Peer(1, stranger, frozenset()), tmp_path / "gone")
