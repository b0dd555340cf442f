"""Query pictures read by another process: the same pixels, the same sentences, and no harm from bad ones."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow

from cbvir_core.decode import read_picture
from cbvir_core.errors import NotAPicture, ServiceBusy, ServiceStopping
from cbvird.worker import picture_process, pictures
from cbvird.worker.child_processes import ChildNotStarted
from cbvird.worker.pictures import PictureProcess, PictureProcesses
from support.pictures import patches, saved, scan_bomb, size_bomb, turned_by

SIZE = (320, 240)


@pytest.fixture(scope="module")
def reading() -> Iterator[PictureProcesses]:
    with PictureProcesses(threading.Event()) as processes:
        yield processes


@pytest.mark.parametrize(
    "said", [b"null", b"{}", b'{"landlock": "3", "system_calls": 1, "missing": 2}', b"[" * 100_000]
)
def test_a_process_that_says_nonsense_of_its_sandbox_is_none(said: bytes) -> None:
    with pytest.raises(ValueError, match="no re"):
        picture_process.report_of(said)


def plain(mode: str = "RGB") -> Pillow.Image:
    return Pillow.fromarray(patches(*SIZE)).convert(mode)


def grey(kind: type[np.generic], most: float) -> Pillow.Image:
    """A grey picture of numbers other than bytes, up to `most`."""
    return Pillow.fromarray((patches(*SIZE)[..., 0] * np.float64(most / 255)).astype(kind))


def still(kind: str) -> bytes:
    return saved(plain(), kind)


def moving(kind: str) -> bytes:
    """An animation that begins with a black frame."""
    frames = [Pillow.fromarray(patches(*SIZE, seed)) for seed in (1, 2, 3)]
    return saved(Pillow.new("RGB", SIZE), kind, save_all=True, append_images=frames)


KINDS = ("JPEG", "PNG", "WEBP", "AVIF", "HEIF", "GIF", "BMP", "TIFF", "PPM", "JPEG2000")

PICTURES: dict[str, Callable[[], bytes]] = {kind.lower(): partial(still, kind) for kind in KINDS} | {
    "progressive": lambda: saved(plain(), "JPEG", progressive=True),
    "turned": lambda: saved(plain(), "JPEG", exif=turned_by(6)),
    "cmyk": lambda: saved(plain("CMYK"), "JPEG"),
    "cut short": lambda: saved(plain(), "JPEG")[:-2000],
    "16 bits": lambda: saved(grey(np.uint16, 65_535), "PNG"),
    "16 bits, tiff": lambda: saved(grey(np.uint16, 65_535), "TIFF"),
    "floats": lambda: saved(grey(np.float32, 1.0), "TIFF"),
    "compressed tiff": lambda: saved(plain(), "TIFF", compression="tiff_lzw"),
    "transparent": lambda: saved(plain("RGBA"), "PNG"),
    "transparent webp": lambda: saved(plain("RGBA"), "WEBP", lossless=True),
    "palette": lambda: saved(plain("P"), "PNG"),
    "moving": lambda: moving("GIF"),
    "moving webp": lambda: moving("WEBP"),
    "moving avif": lambda: moving("AVIF"),
    "moving png": lambda: moving("PNG"),
}
"""What makes a picture in every format and kind that people send: not made where tests are collected."""


@pytest.mark.parametrize("kind", PICTURES)
def test_the_same_pixels(kind: str, reading: PictureProcesses) -> None:
    data = PICTURES[kind]()
    assert np.array_equal(reading.read(data), read_picture(data))


BAD_PICTURES: dict[str, Callable[[], bytes]] = {
    "text": lambda: b"this is no picture",
    "bomb": lambda: size_bomb(60_000, 60_000),
    "scans": lambda: scan_bomb(2_000),
    "cut png": lambda: saved(plain(), "PNG")[:3000],
    "cut heic": lambda: saved(plain(), "HEIF")[:-300],
    "avif of nothing": lambda: saved(plain(), "AVIF")[:60],
}


@pytest.mark.parametrize("kind", BAD_PICTURES)
def test_the_same_sentences(kind: str, reading: PictureProcesses) -> None:
    data = BAD_PICTURES[kind]()
    with pytest.raises(NotAPicture) as here:
        read_picture(data)
    with pytest.raises(NotAPicture) as there:
        reading.read(data)
    assert str(there.value) == str(here.value)


def test_a_picture_that_takes_too_long_is_ended_and_holds_no_other(
    reading: PictureProcesses, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A JPEG just below the limits of scans and bytes takes three seconds of processor time."""
    monkeypatch.setattr(pictures, "PICTURE_CPU_S", 0)  # and what is left of the second
    image = patches(1600, 1200).copy()
    image[:240] = np.random.default_rng(3).integers(0, 255, (240, 1600, 3), dtype=np.uint8)
    reading.prepare()
    slow, small = scan_bomb(980, image), saved(patches(64, 48), "PNG")
    idle = len(reading.idle)
    assert idle
    with ThreadPoolExecutor(1) as threads:
        ended = threads.submit(reading.read, slow)
        while len(reading.idle) == idle:
            pass
        assert np.array_equal(reading.read(small), read_picture(small))
        assert not ended.done()
        with pytest.raises(NotAPicture, match=r"more than 0 s of processor time.*save it again"):
            ended.result()
    assert np.array_equal(reading.read(small), read_picture(small))


def test_a_process_that_was_killed_costs_no_picture(reading: PictureProcesses) -> None:
    data = saved(patches(64, 48), "PNG")
    before = {process.pid for process in reading.idle}
    for pid in before:
        os.kill(pid, signal.SIGKILL)
    for process in reading.idle:
        process.wait(10)
    assert np.array_equal(reading.read(data), read_picture(data))
    assert not before & {process.pid for process in reading.idle}


def test_a_picture_that_ends_its_process_costs_itself_alone(reading: PictureProcesses) -> None:
    process = PictureProcess()
    os.kill(process.pid, signal.SIGSTOP)
    threading.Timer(0.3, os.kill, (process.pid, signal.SIGSEGV)).start()
    threading.Timer(0.4, os.kill, (process.pid, signal.SIGCONT)).start()
    with pytest.raises(pictures.PictureProcessEnded) as ended:
        process.read(saved(patches(64, 48), "PNG"), lambda: None)
    process.close()
    assert "SIGSEGV" in str(ended.value.error())


def test_memory_that_a_large_picture_took_is_given_back(reading: PictureProcesses) -> None:
    process = PictureProcess()
    data = saved(Pillow.new("L", (5000, 4000), 90), "PNG")
    assert process.read(data, lambda: None).nbytes > pictures.KEPT_SHARED_BYTES
    shared_kb = next(
        int(line.split()[1])
        for line in Path(f"/proc/{process.pid}/status").read_text().splitlines()
        if line.startswith("RssShmem:")
    )
    process.close()
    assert shared_kb < 1024


@pytest.mark.parametrize(
    "reply",
    [b"{}", b'{"shape": [1]}', b'{"shape": [100000, 100000, 3]}', b'{"shape": [-1, 5, 3]}', b"nothing"],
)
def test_a_reply_that_makes_no_sense_is_none(reply: bytes) -> None:
    import mmap

    with pytest.raises(ValueError, match=r"picture|Expecting"):
        picture_process.picture_of_reply(reply, mmap.mmap(-1, 4096))


def test_without_a_process_the_sender_is_told_to_come_back(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: object, **more: object) -> None:
        raise ChildNotStarted("no memory")

    monkeypatch.setattr(pictures, "ChildProcess", refuse)
    with PictureProcesses(threading.Event()) as processes, pytest.raises(ServiceBusy, match="no memory"):
        processes.read(b"")


def test_a_service_that_stops_reads_no_picture() -> None:
    stop = threading.Event()
    with PictureProcesses(stop) as processes:
        processes.prepare()
        assert processes.sandbox is not None
        stop.set()
        with pytest.raises(ServiceStopping):
            processes.read(saved(patches(64, 48), "PNG"))
