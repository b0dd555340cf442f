"""Painters of what the drawn films show: ten kinds of scene, each from a seeded generator and six colours."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import numpy.typing as npt

Picture = npt.NDArray[np.uint8]
Colour = tuple[int, int, int]
Rng = np.random.Generator

# ---------------------------------------------------------------- colours and textures


def palette(rng: Rng) -> list[Colour]:
    """Return six colours that go together, dark to light: some sets pale, some dark, some nearly grey."""
    hue, spread = rng.uniform(0, 180), rng.choice([12.0, 30.0, 60.0, 90.0])
    saturation, low, high = rng.uniform(25, 210), rng.uniform(15, 70), rng.uniform(170, 255)
    hsv = [
        ((hue + spread * rng.uniform(-1, 1)) % 180, saturation * rng.uniform(0.6, 1.15), value)
        for value in np.linspace(low, high, 6)
    ]
    rgb = cv2.cvtColor(np.clip([hsv], 0, 255).astype(np.uint8), cv2.COLOR_HSV2RGB)[0]
    return [(int(r), int(g), int(b)) for r, g, b in rgb]


def _clouds(rng: Rng, w: int, h: int, cells: int) -> npt.NDArray[np.float32]:
    """Return fractal noise in [0, 1]."""
    total = np.zeros((h, w), np.float32)
    for octave in range(4):
        n = cells * 2**octave
        grid = rng.random((max(2, n * h // w), n), dtype=np.float32)
        total += cv2.resize(grid, (w, h), interpolation=cv2.INTER_CUBIC) / 2**octave
    return np.asarray(cv2.normalize(total, None, 0, 1, cv2.NORM_MINMAX), np.float32)


def _blend(a: Colour, b: Colour, amount: npt.NDArray[np.float32]) -> Picture:
    start, end = np.array(a, np.float32), np.array(b, np.float32)
    mixed = start + (end - start) * amount[..., None]
    return np.clip(mixed, 0, 255).astype(np.uint8)


def _gradient(w: int, h: int, top: Colour, bottom: Colour) -> Picture:
    return _blend(top, bottom, np.repeat(np.linspace(0, 1, h, dtype=np.float32)[:, None], w, axis=1))


def ball(picture: Picture, x: float, y: float, r: float, colour: Colour) -> None:
    """Paint a sphere lit from the upper left."""
    for step in np.linspace(0, 1, 9):
        shade = tuple(min(255, int(c * (0.45 + 0.55 * step) + 60 * step**4)) for c in colour)
        centre = (int(x - r * 0.3 * step), int(y - r * 0.35 * step))
        cv2.circle(picture, centre, max(1, int(r * (1 - 0.85 * step))), shade, -1, cv2.LINE_AA)


def _ridge(rng: Rng, w: int, level: float, height: float) -> npt.NDArray[np.int32]:
    """Return a mountain line across the picture as a closed polygon down to far below it."""
    x = np.linspace(0, w, 60)
    steps = np.cumsum(rng.normal(0, 1, 60))
    y = level - height * (steps - steps.min()) / max(1e-6, np.ptp(steps))
    line = np.stack([x, y], axis=1)
    return np.vstack([line, [[w, 1e4], [0, 1e4]]]).astype(np.int32)


# ---------------------------------------------------------------- what there is to see


def _mountains(rng: Rng, w: int, h: int, c: list[Colour]) -> Picture:
    sky = _gradient(w, h, c[3], c[5])
    clouds = _blend(c[3], c[5], _clouds(rng, w, h, 3))
    picture: Picture = np.asarray(cv2.addWeighted(sky, 0.75, clouds, 0.25, 0), np.uint8)
    ball(picture, rng.uniform(0.1, 0.9) * w, rng.uniform(0.1, 0.3) * h, rng.uniform(0.04, 0.1) * h, c[5])
    for layer, level in enumerate(np.linspace(0.55, 0.9, 4)):
        cv2.fillPoly(picture, [_ridge(rng, w, level * h, 0.35 * h)], c[3 - layer], cv2.LINE_AA)
    for x in rng.uniform(0, w, 30):
        y, s = rng.uniform(0.85, 1.0) * h, rng.uniform(0.04, 0.1) * h
        tree = np.array([[x, y - s], [x - s / 3, y], [x + s / 3, y]]).astype(np.int32)
        cv2.fillPoly(picture, [tree], c[0], cv2.LINE_AA)
    return picture


def _city(rng: Rng, w: int, h: int, c: list[Colour]) -> Picture:
    picture = _gradient(w, h, c[1], c[4])
    for depth, colour in enumerate((c[3], c[2], c[0])):
        x = 0.0
        while x < w:
            width, top = rng.uniform(0.04, 0.12) * w, rng.uniform(0.15 + 0.12 * depth, 0.75) * h
            cv2.rectangle(picture, (int(x), int(top)), (int(x + width), h), colour, -1)
            for wx in np.arange(x + 6, x + width - 10, 14):
                for wy in np.arange(top + 8, h * 0.9, 20):
                    if rng.random() < 0.5:
                        cv2.rectangle(picture, (int(wx), int(wy)), (int(wx) + 7, int(wy) + 10), c[5], -1)
            x += width * rng.uniform(0.9, 1.5)
    cv2.rectangle(picture, (0, int(h * 0.9)), (w, h), c[1], -1)
    return picture


def _room(rng: Rng, w: int, h: int, c: list[Colour]) -> Picture:
    picture = _gradient(w, h, c[4], c[3])
    floor = int(rng.uniform(0.6, 0.8) * h)
    for stripe in range(0, w, int(rng.integers(20, 70))):
        cv2.line(picture, (stripe, 0), (stripe, floor), c[5], 3)
    cv2.rectangle(picture, (0, floor), (w, h), c[1], -1)
    vanishing, boards = (
        (int(rng.uniform(-0.2, 1.2) * w), int(floor - rng.uniform(0.1, 0.4) * h)),
        picture[floor:],
    )
    for x in np.linspace(-w, 2 * w, int(rng.integers(8, 30))):
        cv2.line(boards, (vanishing[0], vanishing[1] - floor), (int(x), h - floor), c[0], 2, cv2.LINE_AA)
    for _ in range(int(rng.integers(2, 5))):
        x, y, s = rng.uniform(0, 0.85) * w, rng.uniform(0.08, 0.35) * h, rng.uniform(0.12, 0.25) * h
        inside = _blend(
            c[int(rng.integers(0, 6))], c[int(rng.integers(0, 6))], _clouds(rng, int(s * 1.3), int(s), 3)
        )
        part = picture[int(y) : int(y) + inside.shape[0], int(x) : int(x) + inside.shape[1]]
        part[:] = inside[: part.shape[0], : part.shape[1]]
        cv2.rectangle(picture, (int(x), int(y)), (int(x + s * 1.3), int(y + s)), c[0], 4)
    x, y = rng.uniform(0.2, 0.6) * w, rng.uniform(0.7, 0.85) * h
    cv2.rectangle(picture, (int(x), int(y)), (int(x + 0.3 * w), h), c[2], -1)
    ball(picture, x + 0.1 * w, y - 0.05 * h, 0.06 * h, c[5])
    return picture


def _portrait(rng: Rng, w: int, h: int, c: list[Colour]) -> Picture:
    wall = _blend(c[1], c[3], _clouds(rng, w, h, 5))
    picture: Picture = np.asarray(cv2.GaussianBlur(wall, (0, 0), 6), np.uint8)
    x, y, r = rng.uniform(0.35, 0.65) * w, rng.uniform(0.4, 0.5) * h, rng.uniform(0.17, 0.25) * h
    skin = tuple(int(v * rng.uniform(0.45, 1.0)) for v in (245, 205, 175))
    p = (int(x), int(y))
    cv2.ellipse(
        picture, (p[0], int(y + 2.5 * r)), (int(1.9 * r), int(1.4 * r)), 0, 0, 360, c[0], -1, cv2.LINE_AA
    )
    cv2.ellipse(
        picture, (p[0], int(y - 0.2 * r)), (int(1.05 * r), int(1.25 * r)), 0, 0, 360, c[0], -1, cv2.LINE_AA
    )
    cv2.rectangle(picture, (int(x - 0.35 * r), p[1]), (int(x + 0.35 * r), int(y + 1.5 * r)), skin, -1)
    cv2.ellipse(picture, p, (int(0.8 * r), int(1.1 * r)), 0, 0, 360, skin, -1, cv2.LINE_AA)
    for side in (-1, 1):
        eye = (int(x + side * 0.35 * r), int(y - 0.2 * r))
        cv2.ellipse(picture, eye, (int(0.16 * r), int(0.09 * r)), 0, 0, 360, (250, 250, 250), -1, cv2.LINE_AA)
        cv2.circle(picture, eye, max(2, int(0.07 * r)), c[0], -1, cv2.LINE_AA)
    cv2.ellipse(
        picture,
        (p[0], int(y + 0.5 * r)),
        (int(0.3 * r), int(0.1 * r)),
        0,
        0,
        180,
        (150, 50, 60),
        3,
        cv2.LINE_AA,
    )
    return picture


def _marble(rng: Rng, w: int, h: int, c: list[Colour]) -> Picture:
    veins = 0.5 + 0.5 * np.sin(12 * _clouds(rng, w, h, int(rng.integers(2, 7))) + rng.uniform(0, 6))
    veined, clouds = _blend(c[0], c[4], veins.astype(np.float32)), _blend(c[5], c[2], _clouds(rng, w, h, 4))
    return np.asarray(cv2.addWeighted(veined, 0.6, clouds, 0.4, 0), np.uint8)


def _glass(rng: Rng, w: int, h: int, c: list[Colour]) -> Picture:
    picture = np.zeros((h, w, 3), np.uint8)
    cells = cv2.Subdiv2D((-w, -h, 3 * w, 3 * h))
    for x, y in rng.uniform(0, 1, (int(rng.integers(25, 90)), 2)):
        cells.insert((float(x * w), float(y * h)))
    for facet in cells.getVoronoiFacetList([])[0]:
        colour, outline = c[int(rng.integers(0, 6))], np.asarray(facet).astype(np.int32)
        cv2.fillConvexPoly(picture, outline, colour, cv2.LINE_AA)
        cv2.polylines(picture, [outline], True, (15, 15, 15), 4, cv2.LINE_AA)
    return picture


def _still_life(rng: Rng, w: int, h: int, c: list[Colour]) -> Picture:
    picture = _gradient(w, h, c[5], c[3])
    table = int(rng.uniform(0.5, 0.75) * h)
    picture[table:] = _blend(c[1], c[2], _clouds(rng, w, h - table, 3))
    for x, y in sorted(rng.uniform((0, table), (w, h), (int(rng.integers(6, 16)), 2)), key=lambda p: p[1]):
        r, colour = rng.uniform(0.05, 0.13) * h, c[int(rng.integers(0, 5))]
        cv2.ellipse(picture, (int(x), int(y)), (int(r * 1.2), int(r * 0.3)), 0, 0, 360, c[0], -1, cv2.LINE_AA)
        if rng.random() < 0.6:
            ball(picture, x, y - r, r, colour)
        else:
            cv2.rectangle(picture, (int(x - r / 2), int(y - 3 * r)), (int(x + r / 2), int(y)), colour, -1)
    return picture


def _sea(rng: Rng, w: int, h: int, c: list[Colour]) -> Picture:
    horizon = int(rng.uniform(0.3, 0.55) * h)
    picture = _gradient(w, h, c[5], c[4])
    picture[horizon:] = _gradient(w, h - horizon, c[3], c[1])
    x = np.arange(0, w + 8, 8)
    for y in np.linspace(horizon, h, 26):
        wave = y + (y - horizon) * 0.05 * np.sin(x / (9 + (y - horizon) / 6) + rng.uniform(0, 6))
        cv2.polylines(picture, [np.stack([x, wave], 1).astype(np.int32)], False, c[4], 2, cv2.LINE_AA)
    bx, s = rng.uniform(0.2, 0.8) * w, rng.uniform(0.1, 0.25) * h
    sail = np.array([[bx, horizon - 2 * s], [bx - s * 0.8, horizon], [bx + s * 0.5, horizon]]).astype(
        np.int32
    )
    cv2.fillPoly(picture, [sail], (240, 235, 225), cv2.LINE_AA)
    cv2.ellipse(picture, (int(bx), horizon), (int(s), int(s * 0.4)), 0, 0, 180, c[0], -1, cv2.LINE_AA)
    return picture


def _slide(rng: Rng, w: int, h: int, c: list[Colour]) -> Picture:
    picture = _gradient(w, h, c[5], (250, 250, 250))
    cv2.rectangle(picture, (0, 0), (w, int(h * 0.28)), c[int(rng.integers(0, 4))], -1)
    words = [
        "Harbour",
        "Meeting",
        "1947",
        "Results",
        "Chapter",
        "North",
        "Council",
        "Archive",
        "Plan",
        "Rivers",
    ]
    for line, y in enumerate(np.arange(0.22, 0.8, 0.11) * h):
        text = " ".join(rng.choice(words, 2 if line == 0 else 4))
        cv2.putText(
            picture, text, (int(0.18 * w), int(y)), cv2.FONT_HERSHEY_DUPLEX, h / 500, c[0], 2, cv2.LINE_AA
        )
    for x in np.arange(0.5, 0.8, 0.07) * w:
        bar = (int(x), int(h * rng.uniform(0.4, 0.75))), (int(x + 0.05 * w), int(0.82 * h))
        cv2.rectangle(picture, *bar, c[int(rng.integers(0, 5))], -1)
    return picture


def _meadow(rng: Rng, w: int, h: int, c: list[Colour]) -> Picture:
    picture = _gradient(w, h, c[4], c[5])
    start = rng.uniform(0.25, 0.5) * h
    cv2.fillPoly(picture, [_ridge(rng, w, start + 0.1 * h, 0.15 * h)], c[1], cv2.LINE_AA)
    for x, y in sorted(rng.uniform((0, start + 0.05 * h), (w, h * 1.1), (900, 2)), key=lambda p: p[1]):
        s, colour = (y / h) ** 2 * 0.09 * h, c[int(rng.integers(0, 3))]
        cv2.line(
            picture, (int(x), int(y)), (int(x + rng.normal(0, s / 3)), int(y - s)), colour, 2, cv2.LINE_AA
        )
        if rng.random() < 0.15:
            cv2.circle(
                picture, (int(x), int(y - s)), max(2, int(s / 5)), c[int(rng.integers(3, 6))], -1, cv2.LINE_AA
            )
    return picture


PAINTERS: dict[str, Callable[[Rng, int, int, list[Colour]], Picture]] = {
    "mountains": _mountains,
    "city": _city,
    "room": _room,
    "portrait": _portrait,
    "marble": _marble,
    "glass": _glass,
    "still life": _still_life,
    "sea": _sea,
    "slide": _slide,
    "meadow": _meadow,
}
