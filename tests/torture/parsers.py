"""Our own parsers, each as a function of bytes, with bytes that are right, and the errors it refuses with.

Video containers and pictures are read by FFmpeg and Pillow in processes of their own (`torture.mutations`).
"""

from __future__ import annotations

import asyncio
import io
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from fastapi import Request
from pydantic import ValidationError
from starlette.exceptions import HTTPException

from cbvir_core.calibration import CalibrationFile
from cbvir_core.decode import encode_still
from cbvir_core.decode.jpeg_markers import read_markers
from cbvir_core.errors import BadRequest, CbvirError, ConfigError, NotAPicture, StoreDamaged
from cbvir_core.evaluate.plainpickle import read_plain_pickle
from cbvir_core.index import frame_manifest, manifest
from cbvir_core.index.written import IndexFileDamaged
from cbvir_core.store import layout, records
from cbvir_core.store.records import Generation
from cbvir_core.types import FrameCodes, Keyframe, KeyframeId, Thumbnails, VideoId
from cbvir_core.verify import packing
from cbvir_core.weights.checksums import CHECKSUMS_FILE, read_checksums
from cbvir_core.weights.file import read_arrays, read_header
from cbvir_shared.backup_stream import BackupCutOff, read_backup
from cbvir_shared.password import PasswordHash
from cbvird.care.chunks import chunks_of, entries_of
from cbvird.care.restore import path_map
from cbvird.config import load_settings
from cbvird.export import annotation_page, as_csv, as_json
from cbvird.http.body import picture_of
from cbvird.http.export import ExportRequest
from cbvird.http.query import region_of
from cbvird.ingest.job_rows import Job, _pack, jobs_of
from cbvird.ingest.job_rows import _key as job_key
from cbvird.runtime.sessions import Sessions
from cbvird.watch.mounts import read_mounts
from cbvird.worker import picture_process, wire
from torture.right_bytes import (
    EXPORT,
    FORM,
    SentLine,
    backup_stream_bytes,
    features_bytes,
    frame_manifest_bytes,
    manifest_bytes,
    messages,
    video_bytes,
    weights_bytes,
)

Run = Callable[[bytes], object]


@dataclass(frozen=True, slots=True)
class Parser:
    """A parser: what it is given, and what it refuses with; any other error is a fault."""

    run: Run
    right: tuple[bytes, ...]
    refusals: tuple[type[Exception], ...] = ()


@cache
def _folder() -> tempfile.TemporaryDirectory[str]:
    """Return a folder for parsers of files, which is deleted at the end of the process."""
    return tempfile.TemporaryDirectory(prefix="cbvir-fuzz-")


def _of_file(name: str, read: Callable[[Path], object]) -> Run:
    """Return a parser of the bytes of a file."""

    def run(data: bytes) -> object:
        path = Path(_folder().name) / name
        path.write_bytes(data)
        return read(path)

    return run


def _of_text(read: Callable[[str], object]) -> Run:
    return lambda data: read(data.decode("utf-8", "surrogateescape"))


def _backup(data: bytes) -> object:
    return list(read_backup(io.BytesIO(data).read))


def _form(data: bytes) -> object:
    """Read a form, as a request that carries a picture."""
    head, _, body = data.partition(b"\n")
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/",
        "query_string": b"",
        "app": None,
        "headers": [(b"content-type", b"multipart/form-data; boundary=" + head[:80])],
    }

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    return asyncio.run(picture_of(Request(scope, receive)))


def _export(data: bytes) -> object:
    results = [one.result() for one in ExportRequest.model_validate_json(data).results]
    return as_csv(results), as_json(results), annotation_page(results)


def _calibration(path: Path) -> object:
    file = CalibrationFile(path)
    generation = Generation(1, "a", None)
    return file.of(generation), file.calibrations(generation), file.details(generation)


@contextmanager
def _reply_memory() -> Iterator[Any]:
    import mmap

    with mmap.mmap(-1, 4096) as shared:
        yield shared


def _picture_reply(data: bytes) -> object:
    with _reply_memory() as shared:
        return picture_process.picture_of_reply(data, shared)


def _sessions(data: bytes) -> object:
    sessions = Sessions(Path(_folder().name) / "page.key")
    return sessions.is_valid(data.decode("latin-1"), 1e9), sessions.redeem(data.decode("latin-1"), 1e9)


def parsers() -> dict[str, Parser]:
    """Return all parsers by name."""
    store = (StoreDamaged,)
    keyframe = Keyframe(0.5, 0.0, 1.0, np.zeros((2, 2, 3), np.uint8), 0.5)
    job = _pack(Job(Path("/a.mp4"), 1, 2, offered_at=3.0))
    strip = Thumbnails(np.array([0.5]), np.zeros((1, 8, 8), np.uint8))
    return {
        "markers of a JPEG": Parser(read_markers, (encode_still(np.zeros((16, 16, 3), np.uint8)),)),
        "messages of a decode worker": Parser(
            lambda data: wire.receive(SentLine(data)),  # type: ignore[arg-type]
            tuple(messages()),
            (EOFError, OSError, ValueError),
        ),
        "answers of a picture process": Parser(
            _picture_reply,
            (b'{"shape": [2, 2, 3]}', b'{"failed": {"code": "not_a_picture", "message": "m"}}'),
            (ValueError, CbvirError),
        ),
        "reports of a sandbox": Parser(
            picture_process.report_of,
            (b'{"landlock": 3, "system_calls": true, "missing": []}',),
            (ValueError,),
        ),
        "stream of a backup": Parser(_backup, (backup_stream_bytes(),), (BackupCutOff,)),
        "chunks of a backup": Parser(entries_of, tuple(chunks_of([(b"key", b"value")])), store),
        "rows of files": Parser(lambda data: list(jobs_of([(job_key(Path("/a.mp4")), data)])), (job,)),
        "videos of the store": Parser(
            lambda data: records.load_video(memoryview(data)), (video_bytes(),), store
        ),
        "generations of the store": Parser(
            lambda data: records.load_generation(memoryview(data)),
            (records.dump_generation(Generation(1, "a", "b")),),
            store,
        ),
        "keyframes of the store": Parser(
            lambda data: layout.unpack_keyframe(1, memoryview(data)),
            (layout.pack_keyframe(KeyframeId(VideoId("a"), 0), keyframe),),
            store,
        ),
        "thumbnails of the store": Parser(
            lambda data: layout.unpack_thumbnails(memoryview(data)), (layout.pack_thumbnails(strip),), store
        ),
        "frame codes of the store": Parser(
            lambda data: layout.unpack_frame_codes(memoryview(data)),
            (layout.pack_frame_codes(FrameCodes(np.arange(2.0), np.zeros((2, 5, 4), np.uint8))),),
            store,
        ),
        "descriptors of the store": Parser(
            lambda data: (
                layout.filter_matrix([memoryview(data)]),
                layout.refine_part(memoryview(data)),
                layout.refine_matrix([memoryview(data)]),
            ),
            (layout.pack_descriptors(np.zeros(3, np.float16), np.zeros(2, np.float16)),),
            store,
        ),
        "local features": Parser(packing.unpack, (features_bytes(),), store),
        "weight files": Parser(
            _of_file("w.safetensors", lambda path: (read_header(path), read_arrays(path))),
            (weights_bytes(),),
            (CbvirError,),
        ),
        "checksums of weights": Parser(
            _of_file(CHECKSUMS_FILE, lambda path: read_checksums(path.parent)),
            (b"00ff  filter.safetensors\n",),
        ),
        "manifest of the index of keyframes": Parser(
            _of_file(manifest.MANIFEST_FILE, lambda path: manifest.read_manifest(path.parent)),
            (manifest_bytes(),),
            (IndexFileDamaged,),
        ),
        "manifest of the index of frames": Parser(
            _of_file(manifest.MANIFEST_FILE, lambda path: frame_manifest._read_manifest(path.parent)),
            (frame_manifest_bytes(),),
        ),
        "calibrations": Parser(
            _of_file("calibration.json", _calibration),
            (b'{"weights_of": ["a", null], "weights": {"plain": [1.0, 2.0]}, "calibrations": 1}',),
        ),
        "configurations": Parser(
            _of_file("config.toml", load_settings),
            (b'[watch]\nfolders = ["/a"]\nsettle_s = 1.5\n[service]\nself_test = "03:30"\n',),
            (ConfigError,),
        ),
        "password files": Parser(
            _of_text(PasswordHash.parse), (str(PasswordHash(b"salt", b"digest")).encode(),), (ValueError,)
        ),
        "cookies of the page": Parser(_sessions, (b"2000000000.abc.00ff",)),
        "tables of mounts": Parser(
            _of_file("mountinfo", read_mounts), (b"36 35 98:0 / /mnt rw - ext4 /dev/a rw\n",)
        ),
        "ids of keyframes": Parser(_of_text(KeyframeId.parse), (b"abc:12",), (ValueError,)),
        "regions of pictures": Parser(_of_text(region_of), (b"1,2,3,4",), (BadRequest,)),
        "folders of a restore": Parser(
            _of_text(lambda text: path_map(text.split("\n"))), (b"/a=/b",), (ConfigError,)
        ),
        "forms with a picture": Parser(_form, (FORM,), (BadRequest, NotAPicture, HTTPException)),
        "results to export": Parser(_export, (EXPORT,), (ValidationError,)),
        "pickles of numbers": Parser(
            read_plain_pickle,
            (b"\x80\x02]q\x00(K\x01K\x02e.", b"\x80\x02}q\x00X\x01\x00\x00\x00aK\x01s."),
            (ValueError,),
        ),
    }
