"""The threads of the ingest by themselves: writer, claims, board, crew."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from cbvir_core.decode import probe
from cbvir_core.errors import DecodeCrashed, DiskFull, WeightsDamaged
from cbvir_core.keyframes import KeyframeOptions
from cbvir_core.types import Keyframe, VideoId, VideoInfo
from cbvird.ingest.ingest import Claims, DecodeOptions, Ingest
from cbvird.ingest.writer import BATCH, CAPACITY, Sink, Writer
from cbvird.runtime.events import BACKLOG, EventBus
from cbvird.runtime.threads import ThreadGroup
from cbvird.worker import wire
from cbvird.worker.supervisor import Stopped
from support.films import Film

VIDEO = VideoId("ab" * 16)


def keyframe(time_s: float = 1.0) -> Keyframe:
    image = np.full((4, 6, 3), int(time_s) % 256, np.uint8)
    return Keyframe(time_s, time_s, time_s + 1, image)


# --- writer ---


class Shelf:
    """Stands in for the library at the writer's edge: keeps what is appended, or has no room."""

    def __init__(self) -> None:
        self.batches: list[tuple[VideoId, list[float]]] = []
        self.full: set[VideoId] = set()
        self.open = threading.Event()
        self.open.set()
        self.weights_are_good = True

    def load_filter(self) -> None:
        self.open.wait()
        if not self.weights_are_good:
            raise WeightsDamaged("no weights")

    def append(self, video_id: VideoId, keyframes: list[Keyframe], /) -> None:
        self.open.wait()
        if video_id in self.full:
            raise DiskFull("no room")
        self.batches.append((video_id, [keyframe.time_s for keyframe in keyframes]))

    def times(self, video_id: VideoId) -> list[float]:
        return [at for owner, times in self.batches for at in times if owner == video_id]


def test_keyframes_of_all_videos_are_written_in_order() -> None:
    shelf = Shelf()
    with ThreadGroup() as crew:
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
    with ThreadGroup() as crew:
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
    with ThreadGroup() as crew:
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


def test_the_network_is_loaded_before_anything_is_written() -> None:
    shelf = Shelf()
    shelf.open.clear()
    with ThreadGroup() as crew:
        writer = Writer(shelf, crew.stop)
        crew.start("write", writer.run)
        assert not writer.loaded.wait(0.2)
        shelf.open.set()
        assert writer.loaded.wait(10)
    assert shelf.batches == []


def test_weights_that_cannot_be_loaded_do_not_end_the_writer() -> None:
    shelf = Shelf()
    shelf.weights_are_good = False
    with ThreadGroup() as crew:
        writer = Writer(shelf, crew.stop)
        crew.start("write", writer.run)
        assert writer.loaded.wait(10)
        sink = Sink(VIDEO)
        writer.put(sink, keyframe())
        writer.drain(sink)
    assert shelf.times(VIDEO) == [1.0]


# --- one try ---


class Crashing:
    """Stands in for a decoder that dies after some keyframes."""

    def messages(self) -> Iterator[wire.Found]:
        for number in range(BATCH + 3):
            yield wire.Found(keyframe(number))
        raise DecodeCrashed("died")


class Half(Shelf):
    """A library that has begun a video and is slow to write it."""

    store = property(lambda self: self)

    def begin(self, info: VideoInfo) -> bool:
        return True

    def video(self, video_id: VideoId) -> None:
        return None

    def append(self, video_id: VideoId, keyframes: list[Keyframe], /) -> None:
        time.sleep(0.1)
        super().append(video_id, keyframes)


def test_nothing_of_a_failed_try_is_written_after_its_end(films: list[Film]) -> None:
    shelf, board = Half(), EventBus()
    with ThreadGroup() as crew, board.working(films[0].path) as current:
        writer = Writer(shelf, crew.stop)
        crew.start("write", writer.run)
        options = DecodeOptions("auto", 30.0, 2048, KeyframeOptions())
        ingest = Ingest(shelf, None, writer, board, options)  # type: ignore[arg-type]
        info = probe(films[0].path)
        with pytest.raises(DecodeCrashed):
            ingest._read(Crashing(), info, current)  # type: ignore[arg-type]
        written = shelf.times(info.video_id)
    assert written == shelf.times(info.video_id) == list(range(BATCH + 3))


# --- claims, board, crew ---


def test_the_same_content_is_read_once_at_a_time() -> None:
    claims = Claims()
    assert claims.take(VIDEO, Path("a"))
    assert not claims.take(VIDEO, Path("b"))
    assert not claims.take(VIDEO, Path("c"))
    assert claims.release(VIDEO) == [Path("b"), Path("c")]
    assert claims.take(VIDEO, Path("b"))


def test_a_slow_listener_misses_the_oldest_events() -> None:
    board = EventBus()
    with board.listening() as listener:
        for number in range(BACKLOG + 10):
            board.publish("video", number=number)
        assert [event.data["number"] for event in listener.take()] == list(range(10, BACKLOG + 10))
        assert listener.take() == []


def test_progress_of_a_file() -> None:
    board = EventBus()
    assert board.times_real_time() is None
    with board.working(Path("a")) as current:
        current.duration_s, current.position_s, current.size_bytes = 200.0, 50.0, 1000
        assert current.per_cent == 25.0
        assert current.bytes_left == 750.0
        assert current.eta_s(current.started + 10.0) == 30.0
        assert board.current() == [current]
    assert board.current() == []
    assert (board.times_real_time() or 0) > 0


def test_two_tries_of_the_same_name_end_one_after_the_other() -> None:
    """A file was renamed while it was read, and another one of its name is read too."""
    board, path = EventBus(), Path("a")
    first, second = board.working(path), board.working(path)
    first.__enter__()
    newer = second.__enter__()
    first.__exit__(None, None, None)
    assert board.current() == [newer]
    second.__exit__(None, None, None)
    assert board.current() == []


def test_background_work_yields_to_queries() -> None:
    board = EventBus()
    with board.asking():
        assert not board.quiet(0.0)
    assert not board.quiet(60.0)
    assert board.quiet(0.0)


def test_a_dead_thread_ends_the_crew_with_its_exception() -> None:
    def die(stop: threading.Event) -> None:
        raise RuntimeError("a bug")

    crew = ThreadGroup()
    with pytest.raises(RuntimeError, match="a bug"):
        _run_until_stop(crew, die)
    assert not crew.alive()


def _run_until_stop(crew: ThreadGroup, body: Callable[[threading.Event], None]) -> None:
    with crew:
        crew.start("idle", _wait)
        crew.start("body", body)
        assert crew.stop.wait(10)


def _wait(stop: threading.Event) -> None:
    stop.wait(30)


def test_background_threads_run_below_the_service() -> None:
    seen: list[int] = []

    def look(stop: threading.Event) -> None:
        seen.append(os.getpriority(os.PRIO_PROCESS, threading.get_native_id()))

    with ThreadGroup() as crew:
        crew.start("low", look, nice=3)
        assert crew.stop.wait(10)
    own = os.getpriority(os.PRIO_PROCESS, threading.get_native_id())
    assert seen == [min(19, own + 3)]
