"""Bytes that are right: what our own writers make, for fuzzing to begin with."""

from __future__ import annotations

import io
import json
import struct
from collections.abc import Iterator
from dataclasses import asdict
from fractions import Fraction
from pathlib import Path

import numpy as np
import safetensors.numpy

from cbvir_core.decode import FinishedFile
from cbvir_core.index import frame_manifest, manifest
from cbvir_core.index.vector_index import SourceIdentity
from cbvir_core.store import VideoRecord, records
from cbvir_core.types import Keyframe, Thumbnails, VideoId, VideoInfo
from cbvir_core.verify import LocalFeatures, packing
from cbvir_core.weights.file import METADATA_KEY
from cbvir_shared.backup_stream import chunk_record, digest_of, manifest_record
from cbvird.care.chunks import chunks_of
from cbvird.worker import wire

TIMES = (Fraction(1), Fraction(1, 90), Fraction(0), 1.0, 25.0)
INFO = VideoInfo(Path("/a.mp4"), VideoId("a" * 32), 9, "mp4", "h264", 64, 36, 0, *TIMES)

FORM = b'b\n--b\r\ncontent-disposition: form-data; name="p"; filename="p.jpg"\r\n\r\nbytes\r\n--b--\r\n'

EXPORT = json.dumps(
    {"results": [{"video_id": "a", "path": "/a.mp4", "start_s": 0, "end_s": 2, "time_s": 1, "label": "x"}]}
).encode()


class SentLine:
    """A connection that holds messages which were sent, each with its length."""

    def __init__(self, data: bytes = b"") -> None:
        self._stream = io.BytesIO(data)

    def send_bytes(self, data: bytes) -> None:
        self._stream.write(struct.pack("<I", len(data)) + data)

    def recv_bytes(self, most: int | None = None) -> bytes:
        head = self._stream.read(4)
        if len(head) < 4:
            raise EOFError
        (length,) = struct.unpack("<I", head)
        if most is not None and length > most:
            raise OSError("bad message length")
        return self._stream.read(length)

    @property
    def sent(self) -> bytes:
        return self._stream.getvalue()


def messages() -> Iterator[bytes]:
    """Yield what a decode worker sends, one message each."""
    picture = np.zeros((2, 3, 3), np.uint8)
    strip = Thumbnails(np.array([0.5]), np.zeros((1, 2, 3), np.uint8))
    keyframe = Keyframe(0.5, 0.0, 1.0, picture, 0.5, strip)
    for message in (
        wire.Probed(INFO),
        wire.FoundKeyframe(keyframe),
        wire.FoundScene(None),
        wire.FoundBorders((0, 0, 9, 9)),
        FinishedFile(INFO.video_id, 9, 1),
        wire.Failed("bad", "it is"),
    ):
        line = SentLine()
        wire.send(line, message)  # type: ignore[arg-type]
        yield line.sent


def backup_stream_bytes() -> bytes:
    data = next(chunks_of([(b"key", b"value")]))
    return chunk_record("store/rows", digest_of(data), data) + manifest_record({"format": 1})


def video_bytes() -> bytes:
    return records.dump_video(VideoRecord.new(INFO, 1e9))


def features_bytes() -> bytes:
    """Return packed local features of no point, of a picture of one pixel."""
    empty = np.zeros((0, 2), np.float32)
    none = np.zeros(0, np.float32)
    return packing.pack(
        LocalFeatures(8, 8, empty, none, none, np.zeros((0, 128), np.uint8), np.zeros((4, 4), np.uint8))
    )


def weights_bytes() -> bytes:
    header = {"architecture": "mobilenet_v2", "label": "x", "preprocess": {"long_side": 224}, "details": {}}
    return safetensors.numpy.save({"a": np.zeros(2, np.float32)}, metadata={METADATA_KEY: json.dumps(header)})


def manifest_bytes() -> bytes:
    made = manifest.Manifest.empty(SourceIdentity("a", 1, "b"))
    return json.dumps({"format": manifest.MANIFEST_FORMAT} | asdict(made)).encode()


def frame_manifest_bytes() -> bytes:
    source = asdict(SourceIdentity("a", 1, "b"))
    fields = {"format": frame_manifest.FRAME_MANIFEST_FORMAT, "source": source, "number": 1, "position": 2}
    return json.dumps(fields | {"files": []}).encode()
