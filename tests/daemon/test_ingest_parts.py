"""The parts of ingest by themselves: writer, claims, event bus, thread group."""

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
from cbvird.config import DecodeSettings
from cbvird.ingest.ingest import Claims, Ingest, IngestParts
from cbvird.ingest.writer import QUEUE_CAPACITY_KEYFRAMES, WRITE_BATCH_KEYFRAMES, VideoSink, Writer
from cbvird.runtime.event_bus import SUBSCRIPTION_BACKLOG_EVENTS, EventBus
from cbvird.runtime.threads import ThreadGroup
from cbvird.worker import wire
from cbvird.worker.supervisor import DecodeStopped
from support.films import Film

VIDEO = VideoId("ab" * 16)


def keyframe(time_s: float = 1.0) -> Keyframe:
    image = np.full((4, 6, 3), int(time_s) % 256, np.uint8)
    return Keyframe(time_s, time_s, time_s + 1, image)


# --- writer ---


class FakeLibrary:
    """Takes the place of the library for the writer: keeps what is appended, or has a full disk."""

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
    library = FakeLibrary()
    with ThreadGroup() as threads:
        writer = Writer(library, threads.stop)
        threads.start("write", writer.run)
        sinks = [VideoSink(VideoId(f"{number:032x}")) for number in range(3)]
        for number in range(40):
            for sink in sinks:
                writer.put(sink, keyframe(number))
        for sink in sinks:
            writer.drain(sink)
    for sink in sinks:
        assert library.times(sink.video_id) == list(range(40))
    assert max(len(times) for _, times in library.batches) <= WRITE_BATCH_KEYFRAMES


def test_a_full_disk_stops_one_video_and_no_other() -> None:
    library = FakeLibrary()
    with ThreadGroup() as threads:
        writer = Writer(library, threads.stop)
        threads.start("write", writer.run)
        poor, rich = VideoSink(VIDEO), VideoSink(VideoId("cd" * 16))
        library.full.add(poor.video_id)
        writer.put(poor, keyframe())
        writer.put(rich, keyframe())
        with pytest.raises(DiskFull):
            writer.drain(poor)
        with pytest.raises(DiskFull):
            writer.put(poor, keyframe())
        writer.drain(rich)
    assert library.times(rich.video_id) == [1.0]


def test_a_slow_store_makes_the_decoder_wait() -> None:
    library = FakeLibrary()
    library.open.clear()
    with ThreadGroup() as threads:
        writer = Writer(library, threads.stop)
        threads.start("write", writer.run)
        put = 0

        def fill() -> None:
            nonlocal put
            sink = VideoSink(VIDEO)
            with contextlib.suppress(DecodeStopped):
                while True:
                    writer.put(sink, keyframe())
                    put += 1

        filler = threading.Thread(target=fill)
        filler.start()
        filler.join(1.5)
        assert filler.is_alive()
        assert put <= QUEUE_CAPACITY_KEYFRAMES + WRITE_BATCH_KEYFRAMES
        threads.stop.set()
        library.open.set()
        filler.join(5)
        assert not filler.is_alive()


def test_the_network_is_loaded_before_anything_is_written() -> None:
    library = FakeLibrary()
    library.open.clear()
    with ThreadGroup() as threads:
        writer = Writer(library, threads.stop)
        threads.start("write", writer.run)
        assert not writer.loaded.wait(0.2)
        library.open.set()
        assert writer.loaded.wait(10)
    assert library.batches == []


def test_weights_that_cannot_be_loaded_do_not_end_the_writer() -> None:
    library = FakeLibrary()
    library.weights_are_good = False
    with ThreadGroup() as threads:
        writer = Writer(library, threads.stop)
        threads.start("write", writer.run)
        assert writer.loaded.wait(10)
        sink = VideoSink(VIDEO)
        writer.put(sink, keyframe())
        writer.drain(sink)
    assert library.times(VIDEO) == [1.0]


# --- one try ---


class Crashing:
    """Stands in for a decoder that dies after some keyframes."""

    def messages(self) -> Iterator[wire.FoundKeyframe]:
        for number in range(WRITE_BATCH_KEYFRAMES + 3):
            yield wire.FoundKeyframe(keyframe(number))
        raise DecodeCrashed("died")


class Half(FakeLibrary):
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
    library, event_bus = Half(), EventBus()
    with ThreadGroup() as threads, event_bus.working(films[0].path) as progress:
        writer = Writer(library, threads.stop)
        threads.start("write", writer.run)
        parts = IngestParts(library, None, writer, event_bus, DecodeSettings(), KeyframeOptions())  # type: ignore[arg-type]
        ingest = Ingest(parts)
        info = probe(films[0].path)
        with pytest.raises(DecodeCrashed):
            ingest._read(Crashing(), info, progress)  # type: ignore[arg-type]
        written = library.times(info.video_id)
    assert written == library.times(info.video_id) == list(range(WRITE_BATCH_KEYFRAMES + 3))


# --- claims, event bus, thread group ---


def test_the_same_content_is_read_once_at_a_time() -> None:
    claims = Claims()
    assert claims.take(VIDEO, Path("a"))
    assert not claims.take(VIDEO, Path("b"))
    assert not claims.take(VIDEO, Path("c"))
    assert claims.release(VIDEO) == [Path("b"), Path("c")]
    assert claims.take(VIDEO, Path("b"))


def test_a_slow_subscriber_misses_the_oldest_events() -> None:
    event_bus = EventBus()
    with event_bus.subscribe() as subscription:
        for number in range(SUBSCRIPTION_BACKLOG_EVENTS + 10):
            event_bus.publish("video", number=number)
        assert [event.data["number"] for event in subscription.take()] == list(
            range(10, SUBSCRIPTION_BACKLOG_EVENTS + 10)
        )
        assert subscription.take() == []


def test_progress_of_a_file() -> None:
    event_bus = EventBus()
    assert event_bus.times_real_time() is None
    with event_bus.working(Path("a")) as progress:
        progress.duration_s, progress.position_s, progress.size_bytes = 200.0, 50.0, 1000
        assert progress.per_cent == 25.0
        assert progress.bytes_left == 750.0
        assert progress.eta_s(progress.started + 10.0) == 30.0
        assert event_bus.in_progress() == [progress]
    assert event_bus.in_progress() == []
    assert (event_bus.times_real_time() or 0) > 0


def test_a_file_that_grows_says_nothing_of_the_speed() -> None:
    event_bus = EventBus()
    with event_bus.working(Path("grows"), at_full_speed=False) as growing:
        growing.position_s = 7200.0
        assert event_bus.in_progress() == [growing]
        assert event_bus.times_real_time() is None
        assert event_bus.bytes_per_s() is None
        with event_bus.working(Path("a")) as progress:
            progress.position_s, progress.size_bytes, progress.duration_s = 50.0, 1000, 100.0
            assert event_bus.bytes_per_s() is not None
        busy_s = event_bus._busy_s
        assert (event_bus.times_real_time() or 0) == round(50.0 / busy_s, 1)
    assert event_bus._busy_s == busy_s


def test_two_tries_of_the_same_name_end_one_after_the_other() -> None:
    """A file was renamed while it was read, and another one of its name is read too."""
    event_bus, path = EventBus(), Path("a")
    first, second = event_bus.working(path), event_bus.working(path)
    first.__enter__()
    newer = second.__enter__()
    first.__exit__(None, None, None)
    assert event_bus.in_progress() == [newer]
    second.__exit__(None, None, None)
    assert event_bus.in_progress() == []


def test_background_work_yields_to_queries() -> None:
    event_bus = EventBus()
    with event_bus.query_running():
        assert not event_bus.no_query_for(0.0)
    assert not event_bus.no_query_for(60.0)
    assert event_bus.no_query_for(0.0)


def test_a_dead_thread_ends_the_group_with_its_exception() -> None:
    def die(stop: threading.Event) -> None:
        raise RuntimeError("a bug")

    threads = ThreadGroup()
    with pytest.raises(RuntimeError, match="a bug"):
        _run_until_stop(threads, die)
    assert not threads.alive()


def _run_until_stop(threads: ThreadGroup, body: Callable[[threading.Event], None]) -> None:
    with threads:
        threads.start("idle", _wait)
        threads.start("body", body)
        assert threads.stop.wait(10)


def _wait(stop: threading.Event) -> None:
    stop.wait(30)


def test_background_threads_run_below_the_service() -> None:
    seen: list[int] = []

    def look(stop: threading.Event) -> None:
        seen.append(os.getpriority(os.PRIO_PROCESS, threading.get_native_id()))

    with ThreadGroup() as threads:
        threads.start("low", look, nice=3)
        assert threads.stop.wait(10)
    own = os.getpriority(os.PRIO_PROCESS, threading.get_native_id())
    assert seen == [min(19, own + 3)]
