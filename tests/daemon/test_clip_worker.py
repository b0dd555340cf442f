"""Clips that are asked with are decoded in a process of their own, as this process would decode them."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from fractions import Fraction
from multiprocessing import Pipe
from pathlib import Path

import numpy as np
import pytest

from cbvir_core.errors import DamagedVideo, FileUnreadable, NotAVideo, ServiceStopping
from cbvir_core.keyframes import cut_near, open_clip
from cbvir_core.types import Frame
from cbvird.worker import wire
from cbvird.worker.clips import ClipWorker
from support.films import Film
from support.services import Service


@pytest.fixture
def stop() -> threading.Event:
    return threading.Event()


@pytest.fixture
def clips(stop: threading.Event) -> ClipWorker:
    return ClipWorker(timeout_s=20, memory_mb=2048, stop=stop)


def test_a_worker_reads_what_this_process_reads(clips: ClipWorker, films: list[Film]) -> None:
    path = films[0].path
    with open_clip(path) as here, clips.open(path) as there:
        assert there.info == here.info
        assert there.sample_s == here.sample_s
        pairs = list(zip(here.frames, there.frames, strict=True))
    assert len(pairs) >= 18
    for one, other in pairs:
        assert one.time == other.time
        np.testing.assert_array_equal(one.image, other.image)


def test_a_worker_finds_the_cut_that_this_process_finds(clips: ClipWorker, films: list[Film]) -> None:
    film = films[0]
    assert film.shots[-1].transition == "cut"
    times_s = (film.shots[-1].start_s + 0.2, film.middles[-1])
    here = [cut_near(film.path, time_s) for time_s in times_s]
    assert [clips.cut_near(film.path, time_s) for time_s in times_s] == here
    assert here[0] == pytest.approx(film.shots[-1].start_s, abs=0.1)


def test_what_reading_raises_arrives(clips: ClipWorker, tmp_path: Path) -> None:
    (tmp_path / "text.mp4").write_text("no film")
    with pytest.raises(NotAVideo), clips.open(tmp_path / "text.mp4"):
        pass
    with pytest.raises(FileUnreadable), clips.open(tmp_path / "nothing.mp4"):
        pass


def test_a_clip_that_ends_its_process_costs_itself_alone(clips: ClipWorker, films: list[Film]) -> None:
    with pytest.raises(DamagedVideo, match="SIGKILL"):
        _read_after(clips, films[0], lambda: os.kill(_worker(), signal.SIGKILL))
    with clips.open(films[0].path) as opened:
        assert next(opened.frames)


def test_a_stopping_service_ends_the_reading(
    clips: ClipWorker, stop: threading.Event, films: list[Film]
) -> None:
    def stand_still() -> None:
        os.kill(_worker(), signal.SIGSTOP)
        stop.set()

    with pytest.raises(ServiceStopping):
        _read_after(clips, films[0], stand_still)


@pytest.mark.parametrize(
    ("time", "shape"), [("x", (2, 2, 3)), ("1", (2, 2)), ("1", (0, 2, 3)), ("1", (9, 9, 3))]
)
def test_a_frame_that_makes_no_sense_is_none(time: str, shape: tuple[int, ...]) -> None:
    ours, theirs = Pipe()
    with ours, theirs:
        theirs.send_bytes(wire._header("FoundFrame", {"time": time, "shape": shape}))
        theirs.send_bytes(b"\0" * 12)
        with pytest.raises(ValueError, match=r".+"):
            wire.receive(ours)
        wire.send(theirs, wire.FoundFrame(Frame(Fraction(1, 3), np.zeros((2, 2, 3), np.uint8))))
        # What was left of the first message ends here; a worker that sends such is ended at once.


def test_the_service_opens_no_clip_itself(make_service: Callable[..., Service], films: list[Film]) -> None:
    """While its worker stands still, the file is open there and nowhere in the service."""
    service = make_service()
    service.index([films[0].path])
    answers: list[int] = []

    def ask() -> None:
        response = service.http.post("/v1/query/clip", content=films[0].path.read_bytes())
        answers.append(response.status_code)
        results.extend(response.json()["results"])

    results: list[dict[str, object]] = []
    asking = threading.Thread(target=ask)
    asking.start()
    worker = service.worker()
    os.kill(worker, signal.SIGSTOP)
    try:
        uploads = str(service.data / "uploads")
        assert not [name for name in _open_files(service.pid) if name.startswith(uploads)]
    finally:
        os.kill(worker, signal.SIGCONT)
    asking.join(60)
    assert answers == [200]
    assert results[0]["path"] == str(service.videos / films[0].path.name)


def _read_after(clips: ClipWorker, film: Film, event: Callable[[], None]) -> None:
    """Read a clip; something happens behind its first frame."""
    with clips.open(film.path) as opened:
        next(opened.frames)
        event()
        list(opened.frames)


def _worker() -> int:
    """The process id of the worker of this process."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        for pid in _descendants(os.getpid()):
            if Path(f"/proc/{pid}/comm").read_text().strip() == "cbvird-decode":
                return pid
    raise AssertionError("no worker")


def _descendants(pid: int) -> Iterator[int]:
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            yield int(child)
            yield from _descendants(int(child))


def _open_files(pid: int) -> list[str]:
    names = []
    for link in Path(f"/proc/{pid}/fd").iterdir():
        try:
            names.append(str(link.readlink()))
        except OSError:
            continue
    return names
