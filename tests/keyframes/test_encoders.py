"""Whoever encoded a film: mode `auto` finds the shots and the moments that decoding every frame finds."""

from __future__ import annotations

import os
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import pytest
from av.video.frame import VideoFrame

from cbvir_core.decode import read_frames
from cbvir_core.keyframes import KeyframeScore, extract_keyframes, keyframe_score
from cbvir_core.types import Image
from support.films import Film, draw_film

RATE = 12
X265 = "log-level=none:pools=1:frame-threads=1:keyint=60"
ENCODINGS: dict[str, tuple[str, str, str, dict[str, str]]] = {
    "x264 veryfast": ("film.mp4", "libx264", "yuv420p", {"preset": "veryfast"}),
    "x264 slow": ("film.mkv", "libx264", "yuv420p", {"preset": "slow", "g": "60"}),
    "x264 without cuts": ("film.mp4", "libx264", "yuv420p", {"x264-params": "scenecut=0:keyint=100"}),
    "x264 open GOP": ("film.ts", "libx264", "yuv420p", {"x264-params": "open-gop=1:keyint=60"}),
    "x264 many B-frames": ("film.mkv", "libx264", "yuv420p", {"x264-params": "bframes=16:ref=1:b-adapt=0"}),
    "HEVC with CRA": ("film.mp4", "libx265", "yuv420p", {"x265-params": f"{X265}:open-gop=1"}),
    "VP9": ("film.webm", "libvpx-vp9", "yuv420p", {"deadline": "realtime", "cpu-used": "8", "g": "60"}),
    "AV1": ("film.mkv", "libsvtav1", "yuv420p", {"preset": "12", "svtav1-params": "lp=1", "g": "60"}),
    "Motion JPEG": ("film.avi", "mjpeg", "yuvj420p", {"qscale": "4"}),
    "ProRes": ("film.mov", "prores_ks", "yuv422p10le", {}),
    "MPEG-2": ("film.mpg", "mpeg2video", "yuv420p", {"bf": "2", "g": "60", "qscale": "4"}),
}


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Film:
    return draw_film(
        tmp_path_factory.mktemp("film") / "film.mp4", seed=102, shots=7, size=(256, 144), rate=RATE
    )


@pytest.fixture(scope="module")
def pictures(film: Film) -> list[Image]:
    with read_frames(film.path, samples_per_s=None, mode="every") as frames:
        return [frame.image for frame in frames]


@pytest.fixture
def encoded(pictures: list[Image], tmp_path: Path) -> Callable[[str], Path]:
    """`encoded(name)` is the film as one of `ENCODINGS`."""

    def encode(name: str) -> Path:
        file, codec, pixels, options = ENCODINGS[name]
        if codec not in av.codecs_available:
            pytest.skip(f"this FFmpeg has no encoder {codec}")
        policy, parameter = os.sched_getscheduler(0), os.sched_getparam(0)
        with av.open(str(tmp_path / file), "w") as output:
            stream = output.add_stream(codec, rate=RATE, options=options)
            assert isinstance(stream, av.VideoStream)
            stream.height, stream.width, stream.pix_fmt = *pictures[0].shape[:2], pixels
            for number, picture in enumerate(pictures):
                frame = VideoFrame.from_ndarray(picture, "rgb24")
                frame.pts, frame.time_base = number, Fraction(1, RATE)
                output.mux(stream.encode(frame))
            output.mux(stream.encode(None))
        os.sched_setscheduler(0, policy, parameter)  # SVT-AV1 may leave another one behind
        return tmp_path / file

    return encode


QUICK = ("x264 veryfast", "x264 many B-frames", "HEVC with CRA", "VP9")
"""What every test run looks at; the others are among the slow tests."""


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=() if name in QUICK else pytest.mark.slow) for name in ENCODINGS]
)
def test_auto_finds_what_every_frame_finds(name: str, film: Film, encoded: Callable[[str], Path]) -> None:
    path, shots = encoded(name), [(shot.start_s, shot.end_s) for shot in film.shots]
    scores: list[KeyframeScore] = []
    moments: list[list[float]] = []
    for mode in ("every", "auto"):
        keyframes = list(extract_keyframes(path, mode=mode))
        scores.append(keyframe_score(keyframes, shots))
        moments.append([float(t) for k in keyframes if k.frames is not None for t in k.frames.times_s])
    every, auto = scores
    assert auto.accuracy >= every.accuracy - 0.01
    assert every.accuracy >= 0.9
    assert len(moments[1]) >= 0.95 * len(moments[0])
    far = [time for time in moments[0] if min(abs(time - other) for other in moments[1]) > 0.34]
    assert len(far) <= 0.05 * len(moments[0])
