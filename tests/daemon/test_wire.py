"""Keyframes on their way from a decode worker, and what a worker may not say of them."""

from __future__ import annotations

import json
import math
from concurrent.futures import ThreadPoolExecutor
from multiprocessing import Pipe
from multiprocessing.connection import Connection

import numpy as np
import pytest

from cbvir_core.decode import THUMBNAIL_SIDE, FinishedFile
from cbvir_core.keyframes import FRAME_SIDE, MAX_SCENE_FRAMES
from cbvir_core.keyframes.thumbnails import MAX_SCENE_THUMBNAILS
from cbvir_core.types import Keyframe, SampledFrames, Thumbnails, VideoId
from cbvird.worker import wire

TWO = bytes(2 * 8), bytes(2 * 3 * 4)
"""Two times and two thumbnails, 3 high and 4 wide."""

TWO_FRAMES = bytes(2 * 8), bytes(2 * 3 * 4 * 3)
"""Two times and two frames, 3 high and 4 wide."""

UNLIKE = r"shape|buffer size"


def keyframe(thumbnails: Thumbnails | None, frames: SampledFrames | None = None) -> Keyframe:
    return Keyframe(0.5, 0.0, 1.0, np.full((4, 6, 3), 9, np.uint8), thumbnails=thumbnails, frames=frames)


def noise(count: int, height: int, width: int) -> Thumbnails:
    """Not contiguous, as what is cut out of something larger."""
    frames = np.random.default_rng(count).integers(0, 256, (count, height, 2 * width), dtype=np.uint8)
    return Thumbnails(np.arange(2 * count)[::2] / 3, frames[:, :, ::2])


def coloured(count: int, height: int, width: int) -> SampledFrames:
    """Not contiguous either."""
    rng = np.random.default_rng(count)
    pictures = rng.integers(0, 256, (count, height, 2 * width, 3), dtype=np.uint8)
    return SampledFrames(np.arange(2 * count)[::2] / 3, pictures[:, :, ::2])


def over_the_wire(ours: Connection, theirs: Connection, sent: Keyframe) -> Keyframe:
    """The keyframe that arrives; a long message waits for its reader."""
    with ThreadPoolExecutor(1) as sender:
        sending = sender.submit(wire.send, theirs, wire.FoundKeyframe(sent))
        message = wire.receive(ours)
        sending.result()
    assert isinstance(message, wire.FoundKeyframe)
    return message.keyframe


def receive_found(
    strip: object,
    *parts: bytes,
    shape: object = (1, 1, 3),
    picture: bytes = bytes(3),
    frames: object = None,
) -> wire.WorkerMessage | wire.Failed:
    """What the service makes of a keyframe with these bytes for its picture, and for times and thumbnails,
    and for times and frames."""
    fields: dict[str, object] = {
        "time_s": 1.0,
        "scene_start_s": 0.0,
        "scene_end_s": 2.0,
        "quality": 1.0,
        "shape": shape,
    }
    fields |= {"strip": strip, "frames": frames}
    header = json.dumps({"kind": "FoundKeyframe", "fields": fields}).encode()
    ours, theirs = Pipe()
    with ours, theirs:
        for part in (header, picture, *parts):
            theirs.send_bytes(part)
        return wire.receive(ours)


@pytest.mark.parametrize(
    "shape",
    [[2, 3, 4], [2, 3], [2, 3, 3, 1], [-1, 6, 3], [0, 3, 3], [2, 4, 3], [2, -1, 3], 18, [2.0, 3, 3]],
    ids=str,
)
def test_a_picture_of_another_shape_than_said_is_nonsense(shape: object) -> None:
    receive_found(None, shape=[2, 3, 3], picture=bytes(18))
    with pytest.raises(ValueError, match=f"picture|{UNLIKE}"):
        receive_found(None, shape=shape, picture=bytes(18))


@pytest.mark.parametrize(
    "sides",
    [[0, 0, 4], [4, 0, 4, 9], [0, 9, 4, 9], [-1, 0, 4, 9], [0, 0, 4.5, 9], ["0", 0, 4, 9], None, 7],
    ids=str,
)
def test_borders_round_nothing_are_nonsense(sides: object) -> None:
    ours, theirs = Pipe()
    with ours, theirs:
        theirs.send_bytes(json.dumps({"kind": "FoundBorders", "fields": {"borders": sides}}).encode())
        with pytest.raises(ValueError, match="borders"):
            wire.receive(ours)


@pytest.mark.parametrize(
    "size", [(1, 1, 1), (45, 72, 128), (MAX_SCENE_THUMBNAILS, THUMBNAIL_SIDE, THUMBNAIL_SIDE)], ids=str
)
def test_thumbnails_arrive_as_they_were_sent(size: tuple[int, int, int]) -> None:
    sent = noise(*size)
    ours, theirs = Pipe()
    with ours, theirs:
        arrived = over_the_wire(ours, theirs, keyframe(sent)).thumbnails
        assert arrived is not None
        assert np.array_equal(arrived.times_s, sent.times_s)
        assert np.array_equal(arrived.frames, sent.frames)
        assert over_the_wire(ours, theirs, keyframe(None)).thumbnails is None  # nothing is left to read


@pytest.mark.parametrize(
    "strip",
    [[3, 3, 4], [2, 4, 4], [2, 3, 5], [-1, 3, 4], [2, -1, 4], [], [2, 3], [2, 3, 4, 1], 2, [2, 3, 4.0]],
    ids=str,
)
def test_thumbnails_of_another_shape_than_said_are_nonsense(strip: object) -> None:
    receive_found([2, 3, 4], *TWO)
    with pytest.raises(ValueError, match=UNLIKE):
        receive_found(strip, *TWO)


@pytest.mark.parametrize(
    ("times", "frames"),
    [(bytes(8), TWO[1]), (bytes(15), TWO[1]), (TWO[0], bytes(23)), (TWO[0], b""), (b"", TWO[1])],
)
def test_thumbnails_of_another_length_than_said_are_nonsense(times: bytes, frames: bytes) -> None:
    with pytest.raises(ValueError, match=UNLIKE):
        receive_found([2, 3, 4], times, frames)


@pytest.mark.parametrize(
    "strip",
    [(0, 1, 1), (MAX_SCENE_THUMBNAILS + 1, 1, 1), (1, THUMBNAIL_SIDE + 1, 1), (1, 1, THUMBNAIL_SIDE + 1)],
    ids=str,
)
def test_thumbnails_that_no_extractor_makes_are_nonsense(strip: tuple[int, int, int]) -> None:
    with pytest.raises(ValueError, match="shape"):
        receive_found(strip, bytes(8 * strip[0]), bytes(math.prod(strip)))


@pytest.mark.parametrize(
    "size", [(1, 1, 1), (9, 90, 160), (MAX_SCENE_FRAMES, FRAME_SIDE, FRAME_SIDE)], ids=str
)
def test_frames_arrive_as_they_were_sent(size: tuple[int, int, int]) -> None:
    sent = coloured(*size)
    ours, theirs = Pipe()
    with ours, theirs:
        for thumbnails in (None, noise(3, 5, 7)):
            arrived = over_the_wire(ours, theirs, keyframe(thumbnails, sent))
            assert arrived.frames is not None
            assert np.array_equal(arrived.frames.times_s, sent.times_s)
            assert np.array_equal(arrived.frames.pictures, sent.pictures)
            assert (arrived.thumbnails is None) == (thumbnails is None)
        assert over_the_wire(ours, theirs, keyframe(None)).frames is None  # nothing is left to read


@pytest.mark.parametrize(
    "frames",
    [
        [3, 3, 4, 3],
        [2, 4, 4, 3],
        [-1, 3, 4, 3],
        [2, -1, 4, 3],
        [2, 3, 4],
        [2, 3, 4, 1],
        [],
        2,
        [2, 3, 4.0, 3],
    ],
    ids=str,
)
def test_frames_of_another_shape_than_said_are_nonsense(frames: object) -> None:
    receive_found(None, *TWO_FRAMES, frames=[2, 3, 4, 3])
    with pytest.raises(ValueError, match=UNLIKE):
        receive_found(None, *TWO_FRAMES, frames=frames)


@pytest.mark.parametrize(
    ("times", "pictures"),
    [
        (bytes(8), TWO_FRAMES[1]),
        (bytes(15), TWO_FRAMES[1]),
        (TWO_FRAMES[0], bytes(71)),
        (TWO_FRAMES[0], b""),
        (b"", TWO_FRAMES[1]),
    ],
)
def test_frames_of_another_length_than_said_are_nonsense(times: bytes, pictures: bytes) -> None:
    with pytest.raises(ValueError, match=UNLIKE):
        receive_found(None, times, pictures, frames=[2, 3, 4, 3])


@pytest.mark.parametrize("times", [(1.0, 0.5), (0.0, math.nan), (0.0, math.inf)], ids=str)
def test_frames_out_of_the_order_of_time_are_nonsense(times: tuple[float, float]) -> None:
    with pytest.raises(ValueError, match="order of time"):
        receive_found(None, np.array(times).tobytes(), TWO_FRAMES[1], frames=[2, 3, 4, 3])


@pytest.mark.parametrize(
    "size",
    [(0, 1, 1), (MAX_SCENE_FRAMES + 1, 1, 1), (1, FRAME_SIDE + 1, 1), (1, 1, FRAME_SIDE + 1)],
    ids=str,
)
def test_frames_that_no_extractor_makes_are_nonsense(size: tuple[int, int, int]) -> None:
    with pytest.raises(ValueError, match="shape"):
        receive_found(None, bytes(8 * size[0]), bytes(3 * math.prod(size)), frames=[*size, 3])


@pytest.mark.parametrize(
    "changed",
    [{"video_id": ""}, {"video_id": 7}, {"video_id": "g" * 32}, {"size_bytes": "1"}, {"mtime_ns": None}],
    ids=str,
)
def test_a_finished_file_without_an_identity_is_nonsense(changed: dict[str, object]) -> None:
    fields = {"video_id": "0f" * 16, "size_bytes": 1, "mtime_ns": 1}
    ours, theirs = Pipe()
    with ours, theirs:
        for sent in (fields, fields | changed):
            theirs.send_bytes(json.dumps({"kind": "FinishedFile", "fields": sent}).encode())
        assert wire.receive(ours) == FinishedFile(VideoId("0f" * 16), 1, 1)
        with pytest.raises(ValueError, match="a finished file"):
            wire.receive(ours)


@pytest.mark.parametrize(
    "said",
    [
        "null",
        "[" * 50_000,
        '{"kind": "Finished"}',
        '{"kind": "Nothing", "fields": {}}',
        '{"kind": "Finished", "fields": {"what": 1}}',
        '{"kind": "FoundKeyframe", "fields": "text"}',
        '{"kind": "Probed", "fields": {"path": "a", "video_id": "b", "sample_aspect": "1/0"}}',
        '{"kind": "FoundScene", "fields": {}}',
    ],
)
def test_a_message_that_is_none_is_nonsense(said: str) -> None:
    ours, theirs = Pipe()
    with ours, theirs, ThreadPoolExecutor(1) as sender:
        sending = sender.submit(theirs.send_bytes, said.encode())
        with pytest.raises(ValueError, match="none"):
            wire.receive(ours)
        sending.result()
