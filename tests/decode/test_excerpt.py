"""A part of a video as an MP4 of its own."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from cbvir_core.decode import Excerpt, probe, read_frames, write_excerpt
from cbvir_core.errors import DamagedVideo

RATE = 25
TONE_HZ = 440.0


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten seconds, 201 x 151, that grow brighter, with a tone that begins after five seconds."""
    path = tmp_path_factory.mktemp("film") / "film.mkv"
    with av.open(str(path), "w") as output:
        pictures = output.add_stream("libx264", rate=RATE, options={"g": "50", "crf": "10"})
        pictures.width, pictures.height, pictures.pix_fmt = 201, 151, "yuv444p"
        sound = output.add_stream("libopus", rate=48000, layout="mono")
        for number in range(10 * RATE):
            image = np.full((151, 201, 3), number, np.uint8)
            output.mux(pictures.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        output.mux(pictures.encode(None))
        times = np.arange(10 * 48000) / 48000
        wave = (0.5 * np.sin(2 * np.pi * TONE_HZ * times) * (times >= 5)).astype(np.float32)
        for begin in range(0, len(wave), 960):
            samples = av.AudioFrame.from_ndarray(wave[None, begin : begin + 960], format="flt", layout="mono")
            samples.sample_rate, samples.pts, samples.time_base = 48000, begin, Fraction(1, 48000)
            output.mux(sound.encode(samples))
        output.mux(sound.encode(None))
    return path


def loudness(path: Path) -> list[tuple[float, float]]:
    """The time and root mean square of each piece of sound."""
    with av.open(str(path)) as source:
        return [
            (float(heard.time or 0), float(np.sqrt(np.mean(heard.to_ndarray() ** 2))))
            for heard in source.decode(audio=0)
        ]


def test_pictures_and_sound_keep_their_times(film: Path, tmp_path: Path) -> None:
    target = tmp_path / "part.mp4"
    told: list[float] = []
    write_excerpt(film, Excerpt(target, 4.0, 6.5, 960), told.append)
    info = probe(target)
    assert (info.codec, info.width, info.height) == ("h264", 200, 150)
    with read_frames(target, samples_per_s=None, mode="every") as frames:
        shown = [(frame.time_s, float(frame.image.mean())) for frame in frames]
    assert len(shown) == 63
    assert told == sorted(told)
    assert told[-1] == pytest.approx(6.48, abs=0.03)
    for time_s, brightness in shown:
        assert brightness == pytest.approx((4.0 + time_s) * RATE, abs=4)
    heard = loudness(target)
    assert max(level for time_s, level in heard if time_s < 0.9) < 0.01
    assert min(level for time_s, level in heard if 1.1 < time_s < 2.3) > 0.2
    assert 2.3 < heard[-1][0] < 2.6
    with av.open(str(target)) as source:
        assert source.streams.audio[0].codec_context.name == "aac"
    assert b"moov" in target.read_bytes()[:64]  # the index is in front of the pictures


def test_a_large_picture_is_shrunk_and_colours_stay(film: Path, tmp_path: Path) -> None:
    source, target = tmp_path / "colour.mp4", tmp_path / "part.mp4"
    colours = [(200, 30, 30), (30, 200, 30), (30, 30, 200)]
    with av.open(str(source), "w") as output:
        pictures = output.add_stream("libx264", rate=RATE)
        pictures.width, pictures.height, pictures.pix_fmt = 1280, 720, "yuv420p"
        image = np.zeros((720, 1280, 3), np.uint8)
        for number, colour in enumerate(colours):
            cv2.rectangle(image, (number * 400, 0), (number * 400 + 400, 720), colour, -1)
        frame = av.VideoFrame.from_ndarray(image, format="rgb24").reformat(
            format="yuv420p", dst_colorspace="itu709"
        )
        for _ in range(RATE):
            frame.pts = None
            output.mux(pictures.encode(frame))
        output.mux(pictures.encode(None))
    write_excerpt(source, Excerpt(target, 0.2, 0.5, 320))
    with read_frames(target, samples_per_s=None, mode="every") as frames:
        shown = next(frames).image
    assert shown.shape == (180, 320, 3)
    for number, colour in enumerate(colours):
        assert np.abs(shown[90, number * 100 + 50].astype(int) - colour).max() < 12


def test_a_part_without_a_picture_is_an_error(film: Path, tmp_path: Path) -> None:
    with pytest.raises(DamagedVideo, match="no picture from 50 s"):
        write_excerpt(film, Excerpt(tmp_path / "part.mp4", 50.0, 51.0, 960))
    assert not (tmp_path / "part.mp4").exists()
