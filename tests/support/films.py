"""Drawn films whose cuts are known, for tests, the demo and benchmarks.

Everything follows from the seed.  A film is a list of shots.  A shot is a painted scene larger than the
picture, a camera that pans, zooms or shakes over it, things that move in it, and a transition to the next
shot.  I-frames have a fixed distance, so they do not reveal the cuts.  To draw some, in ``tests/``:

    ../.venv/bin/python -m support.films FOLDER --count 3
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np

from cbvir_core.decode import read_frames
from support.scenery import PAINTERS, Colour, Picture, Rng, ball, palette

MARGIN = 1.4  # a scene is painted this much larger than the picture, so that the camera can move
BLEND_S = 0.6  # of a dissolve, and of a fade through black


@dataclass(frozen=True)
class Shot:
    """One shot: its span, the kind of its scene, and the transition at its start.

    Where that is a dissolve or a fade, the span starts in the middle of it.  Shots of the same scene have
    the same number in `scene`.
    """

    start_s: float
    end_s: float
    kind: str
    transition: str
    scene: int


@dataclass(frozen=True)
class Film:
    """A drawn film and its shots."""

    path: Path
    shots: tuple[Shot, ...]

    @property
    def duration_s(self) -> float:
        """The end of the last shot."""
        return self.shots[-1].end_s

    @property
    def middles(self) -> list[float]:
        """The middle of each shot, away from dissolves, in seconds."""
        return [(shot.start_s + shot.end_s) / 2 for shot in self.shots]

    def shows(self, time_s: float, start_s: float, end_s: float) -> bool:
        """Return whether the scene at a time is also shown in a span; a scene may come back."""
        scene = next(shot.scene for shot in self.shots if shot.start_s <= time_s < shot.end_s)
        return any(
            shot.start_s < end_s and start_s < shot.end_s for shot in self.shots if shot.scene == scene
        )


@dataclass(frozen=True)
class _Mover:
    shape: str
    colour: Colour
    size: float
    height: float
    speed: float


@dataclass(frozen=True)
class _Scene:
    kind: str
    canvas: Picture
    colours: list[Colour]
    start: tuple[float, float, float]  # where the camera looks: x and y in [0, 1], zoom
    end: tuple[float, float, float]
    shake: float
    exposure: float  # by how much the light changes
    movers: tuple[_Mover, ...]
    flash: bool


def _scene(rng: Rng, kind: str, canvas: Picture, colours: list[Colour], closer: float = 1.0) -> _Scene:
    x, y, zoom = rng.uniform(0.25, 0.75), rng.uniform(0.4, 0.6), closer * rng.uniform(0.95, 1.1)
    travel = rng.choice([0.0, 0.1, 0.25])
    end = (
        float(np.clip(x + rng.normal(0, travel), 0, 1)),
        float(np.clip(y + rng.normal(0, travel / 2), 0, 1)),
        zoom * float(rng.choice([1.0, 1.0, 0.9, 1.12])),
    )
    movers = tuple(_mover(rng, colours) for _ in range(int(rng.integers(0, 4))))
    shake, exposure = float(rng.choice([0, 0, 0.004])), float(rng.choice([0, 0, 0.12]))
    return _Scene(kind, canvas, colours, (x, y, zoom), end, shake, exposure, movers, bool(rng.random() < 0.1))


def _mover(rng: Rng, colours: list[Colour]) -> _Mover:
    shape = str(rng.choice(["ball", "bird", "car", "figure"]))
    size = rng.uniform(0.2, 0.32) if shape == "figure" else rng.uniform(0.04, 0.1)
    colour = colours[int(rng.integers(0, 6))]
    return _Mover(shape, colour, size, rng.uniform(0.3, 0.9), rng.uniform(-0.2, 0.2))


def _draw_mover(picture: Picture, mover: _Mover, t: float) -> None:
    h, w = picture.shape[:2]
    s = mover.size * h
    x = (0.5 + mover.speed * (t - 2)) % 1.2 * w - 0.1 * w
    y = mover.height * h + 0.02 * h * np.sin(4 * t)
    if mover.shape == "ball":
        ball(picture, x, y, s, mover.colour)
    elif mover.shape == "bird":
        wing = s * np.sin(9 * t)
        line = np.array([[x - s, y - wing], [x, y], [x + s, y - wing]], np.float64).astype(np.int32)
        cv2.polylines(picture, [line], False, mover.colour, 3, cv2.LINE_AA)
    elif mover.shape == "figure":
        cv2.ellipse(
            picture, (int(x), h), (int(0.6 * s), int(1.4 * s)), 0, 0, 360, mover.colour, -1, cv2.LINE_AA
        )
        ball(picture, x, h - 1.6 * s, 0.35 * s, (225, 180, 150))
    else:
        cv2.rectangle(
            picture, (int(x - 1.5 * s), int(y - 0.5 * s)), (int(x + 1.5 * s), int(y)), mover.colour, -1
        )
        for wheel in (-0.8, 0.8):
            cv2.circle(picture, (int(x + wheel * s), int(y)), int(0.3 * s), (20, 20, 20), -1, cv2.LINE_AA)


def _camera_picture(scene: _Scene, size: tuple[int, int], t: float, length: float) -> Picture:
    """Return the picture of the camera t seconds into a shot of that length."""
    w, h = size
    u = min(max(t / length, 0.0), 1.0)
    x, y, zoom = (a + (b - a) * u for a, b in zip(scene.start, scene.end, strict=True))
    zoom = max(zoom, 1.03 / MARGIN)
    left = x * (w * MARGIN - w / zoom) + scene.shake * w * np.sin(7.1 * t)
    top = y * (h * MARGIN - h / zoom) + scene.shake * w * np.cos(5.3 * t)
    x0, y0 = max(0, int(left)), max(0, int(top))
    window = scene.canvas[y0 : y0 + round(h / zoom), x0 : x0 + round(w / zoom)]
    picture = cv2.resize(window, size, interpolation=cv2.INTER_LINEAR)
    for mover in scene.movers:
        _draw_mover(picture, mover, t)
    if scene.exposure:
        picture = cv2.convertScaleAbs(picture, alpha=1 + scene.exposure * np.sin(0.9 * t))
    if scene.flash and 0 <= t - 0.6 * length < 0.12:
        picture = cv2.addWeighted(picture, 0.25, np.full_like(picture, 255), 0.75, 0)
    return np.asarray(picture, np.uint8)


def _next_scene(rng: Rng, before: _Scene | None, size: tuple[int, int]) -> _Scene:
    """Return a new scene, sometimes with the colours or kind of the last one, or a closer view of it."""
    kinds, colours = [kind for kind in PAINTERS if before is None or kind != before.kind], palette(rng)
    kind, choice = str(rng.choice(kinds)), rng.random()
    if before is not None and choice < 0.12:
        return _scene(rng, before.kind, before.canvas, before.colours, closer=1.9)
    if before is not None and choice < 0.35:
        colours = before.colours
        kind = before.kind if choice < 0.22 else kind
    canvas = PAINTERS[kind](rng, int(size[0] * MARGIN), int(size[1] * MARGIN), colours)
    return _scene(rng, kind, canvas, colours)


def _plan(rng: Rng, shots: int, size: tuple[int, int]) -> tuple[list[Shot], list[_Scene]]:
    """Plan the shots in order and the scenes that they show."""
    planned: list[Shot] = []
    scenes: list[_Scene] = []
    start = 0.0
    for number in range(shots):
        length = round(float(np.clip(rng.lognormal(1.2, 0.45), 1.5, 8.0)), 2)
        transition = str(rng.choice(["cut", "dissolve", "fade"], p=[0.75, 0.18, 0.07])) if number else "cut"
        earlier = [shot.scene for shot in planned[:-2] if shot.scene != planned[-1].scene]
        if earlier and rng.random() < 0.12:
            scene = earlier[int(rng.integers(0, len(earlier)))]
        else:
            scene = len(scenes)
            scenes.append(_next_scene(rng, scenes[planned[-1].scene] if planned else None, size))
        planned.append(Shot(start, start + length, scenes[scene].kind, transition, scene))
        start = round(start + length, 2)
    return planned, scenes


def _pictures(
    shots: list[Shot], scenes: list[_Scene], size: tuple[int, int], rate: int, rng: Rng
) -> Iterator[Picture]:
    grain = [rng.integers(0, 7, (size[1], size[0], 3), dtype=np.uint8) for _ in range(4)]
    position = 0
    for frame in range(round(shots[-1].end_s * rate)):
        t = frame / rate
        while t >= shots[position].end_s and position + 1 < len(shots):
            position += 1
        picture = _blended(shots, scenes, size, position, t)
        yield cv2.subtract(picture, grain[frame % 4])


def _blended(
    shots: list[Shot], scenes: list[_Scene], size: tuple[int, int], position: int, t: float
) -> Picture:
    """Return the picture at t, mixed with that of the other shot (or black) inside a transition."""
    shot = shots[position]
    picture = _camera_picture(scenes[shot.scene], size, t - shot.start_s, shot.end_s - shot.start_s)
    for other, cut, transition in (
        (position - 1, shot.start_s, shot.transition),
        (position + 1, shot.end_s, shots[position + 1].transition if position + 1 < len(shots) else "cut"),
    ):
        distance = abs(t - cut) / BLEND_S
        if transition == "cut" or distance >= 0.5 or other < 0:
            continue
        if transition == "fade":
            return np.asarray(cv2.convertScaleAbs(picture, alpha=2 * distance), np.uint8)
        there = shots[other]
        mixed_in = _camera_picture(scenes[there.scene], size, t - there.start_s, there.end_s - there.start_s)
        return np.asarray(cv2.addWeighted(picture, 0.5 + distance, mixed_in, 0.5 - distance, 0), np.uint8)
    return picture


def write_video(
    path: Path, pictures: Iterable[Picture], size: tuple[int, int], rate: int, gop: int = 100
) -> None:
    """Encode RGB pictures of one size (width, height); the suffix of `path` chooses the container."""
    codec = "libx264" if "libx264" in av.codecs_available else "mpeg4"
    rules = f"scenecut=0:keyint={gop}:min-keyint={gop}:bframes=2"  # B-frames, so that decoding can skip some
    quality = {"preset": "ultrafast", "crf": "24", "x264-params": rules}
    with av.open(str(path), "w") as container:
        options = quality if codec == "libx264" else {"qscale": "4", "sc_threshold": "1000000000"}
        stream = container.add_stream(codec, rate=rate, options=options)
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height = size
        stream.pix_fmt, stream.gop_size, stream.thread_count = "yuv420p", gop, 2
        for number, picture in enumerate(pictures):
            frame = av.VideoFrame.from_ndarray(
                cv2.cvtColor(picture, cv2.COLOR_RGB2YUV_I420), format="yuv420p"
            )
            frame.pts, frame.time_base = number, Fraction(1, rate)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


LETTERBOX_BAR_PIXELS = 38
"""Height of the bars of `letterboxed`: blocks of the codec lie across their edges."""


def letterboxed(film: Film, path: Path) -> Path:
    """Write a copy of a drawn film with bars above and below."""
    with read_frames(film.path, samples_per_s=None, mode="every") as reader:
        pictures = [
            cv2.copyMakeBorder(f.image, LETTERBOX_BAR_PIXELS, LETTERBOX_BAR_PIXELS, 0, 0, cv2.BORDER_CONSTANT)
            for f in reader
        ]
    height, width = pictures[0].shape[:2]
    write_video(path, pictures, (width, height), 12)
    return path


def draw_film(
    path: Path,
    *,
    seed: int,
    shots: int = 12,
    size: tuple[int, int] = (640, 360),
    rate: int = 25,
    gop: int = 100,
) -> Film:
    """Draw a film of `shots` shots of 1.5 to 8 s (about 3.7 s on average), and return it with its cuts.

    The suffix of `path` chooses the container.  `gop` is the distance of I-frames in frames.
    """
    rng = np.random.default_rng(seed)
    planned, scenes = _plan(rng, shots, size)
    write_video(path, _pictures(planned, scenes, size, rate, rng), size, rate, gop)
    return Film(path, tuple(planned))


def loop_film(film: Film, path: Path, duration_s: float) -> Film:
    """Write a long film that repeats the packets of a short one, without encoding."""
    length, shots = film.duration_s, []
    with av.open(str(film.path)) as source, av.open(str(path), "w") as target:
        stream = source.streams.video[0]
        copy = target.add_stream_from_template(stream)
        for turn in range(max(1, round(duration_s / length))):
            assert stream.time_base is not None
            shift = round(turn * length / stream.time_base)
            source.seek(0)
            for packet in source.demux(stream):
                if packet.dts is None or packet.pts is None:
                    continue
                packet.pts, packet.dts, packet.stream = packet.pts + shift, packet.dts + shift, copy
                target.mux(packet)
            start = turn * length
            shots += [
                Shot(s.start_s + start, s.end_s + start, s.kind, s.transition, s.scene) for s in film.shots
            ]
    return Film(path, tuple(shots))


def cut_together(
    path: Path, parts: Iterable[tuple[Film, int]], rate: int = 12, longest_s: float = math.inf
) -> Film:
    """Write a film of shots, given by number, of other films of one size, with hard cuts between them.

    The rest of a dissolve or fade at either end of a shot is left out.  Of a shot that takes more than
    `longest_s` seconds, its middle is taken.
    """
    pictures: list[Picture] = []
    shots: list[Shot] = []
    known: list[tuple[Film, int]] = []
    for film, number in parts:
        shot, start_s = film.shots[number], len(pictures) / rate
        with read_frames(film.path, samples_per_s=rate, mode="every") as frames:
            length_s, middle_s = shot.end_s - shot.start_s - BLEND_S, (shot.start_s + shot.end_s) / 2
            begin, end = (middle_s + side * min(length_s, longest_s) / 2 for side in (-1, 1))
            pictures += [frame.image for frame in frames if begin <= frame.time_s < end]
        if (film, shot.scene) not in known:
            known.append((film, shot.scene))
        scene = known.index((film, shot.scene))
        shots.append(Shot(start_s, len(pictures) / rate, shot.kind, "cut", scene))
    height, width = pictures[0].shape[:2]
    write_video(path, pictures, (width, height), rate)
    return Film(path, tuple(shots))


def main() -> None:
    """Draw films into a folder."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--count", type=int, default=3)
    parser.add_argument("--shots", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    for seed in range(options.seed, options.seed + options.count):
        film = draw_film(options.folder / f"film-{seed}.mp4", seed=seed, shots=options.shots)
        print(f"{film.path}: {len(film.shots)} shots, {film.duration_s:.1f} s")


if __name__ == "__main__":
    main()
