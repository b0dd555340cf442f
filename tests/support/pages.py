"""Makers of what people photograph and screenshot a film in: pages, chats, players, telephones, screens.

Every maker takes a seeded generator and pictures; the first picture is the one that is looked for, the
others are what else a page shows.  It returns the page and where the picture lies in it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image as Pillow
from PIL import ImageDraw, ImageFont

Picture = npt.NDArray[np.uint8]
Rng = np.random.Generator
Colour = tuple[int, int, int]
Corners = npt.NDArray[np.float32]

LETTERS = "etaoinshrdlucmfwypvbgkqjxz"


@dataclass(frozen=True)
class Page:
    """A drawn page and the corners of the picture in it: from the upper left one, clockwise, in pixels."""

    image: Picture
    corners: Corners

    @property
    def box(self) -> tuple[float, float, float, float]:
        low, high = self.corners.min(axis=0), self.corners.max(axis=0)
        return float(low[0]), float(low[1]), float(high[0]), float(high[1])


class Canvas:
    """Paper to draw on; colours of one theme, light or dark."""

    def __init__(self, rng: Rng, width: int, height: int) -> None:
        self.rng, self.width, self.height = rng, width, height
        self.dark = bool(rng.random() < 0.4)
        base = int(rng.integers(16, 45)) if self.dark else int(rng.integers(232, 256))
        tint = rng.integers(-6, 7, 3)
        self.paper: Colour = rgb(base + tint)
        self.ink: Colour = rgb(np.full(3, 225 if self.dark else 35) + tint)
        self.pale: Colour = rgb(np.full(3, 130) + tint)
        self.accent: Colour = rgb(rng.integers(30, 230, 3))
        self.page = Pillow.new("RGB", (width, height), self.paper)
        self.draw = ImageDraw.Draw(self.page)

    def panel(self, box: Sequence[float], fill: Colour, radius: float = 0) -> None:
        self.draw.rounded_rectangle(tuple(round(v) for v in box), radius, fill)

    def shade(self, by: int) -> Colour:
        """Return the colour of the paper, a little lighter or darker."""
        return rgb(np.array(self.paper) + (by if self.dark else -by))

    def disc(self, x: float, y: float, radius: float, fill: Colour) -> None:
        self.draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill)

    def text(self, box: Sequence[float], size: int, ink: Colour | None = None, gap: float = 1.5) -> float:
        """Draw lines of words that fill the box; return where they end."""
        left, top, right, bottom = box
        font = ImageFont.load_default(size)
        y = top
        while y + size * 1.2 <= bottom:
            full = self.rng.random() < 0.8
            limit = (right - left) * (1 if full else self.rng.uniform(0.3, 0.9))
            line = ""
            while font.getlength(longer := f"{line} {word(self.rng)}") < limit:
                line = longer
            self.draw.text((left, y), line.strip(), fill=ink or self.ink, font=font)
            y += size * gap
        return y

    def paste(self, picture: Picture, left: float, top: float, width: float, radius: int = 0) -> Corners:
        """Paste the picture at this width; return its corners."""
        w, h = round(width), max(1, round(width * picture.shape[0] / picture.shape[1]))
        small = cv2.resize(
            picture, (w, h), interpolation=cv2.INTER_AREA if w < picture.shape[1] else cv2.INTER_CUBIC
        )
        mask = Pillow.new("L", (w, h), 0)
        ImageDraw.Draw(mask).rounded_rectangle((0, 0, w - 1, h - 1), radius, 255)
        x, y = round(left), round(top)
        self.page.paste(Pillow.fromarray(small), (x, y), mask)
        return rectangle(x, y, x + w, y + h)

    def done(self, corners: Corners) -> Page:
        return Page(saved(np.asarray(self.page), self.rng), corners)


def rgb(values: npt.ArrayLike) -> Colour:
    r, g, b = (int(v) for v in np.clip(values, 0, 255))
    return r, g, b


def word(rng: Rng) -> str:
    letters = np.minimum(rng.geometric(0.11, int(rng.integers(2, 11))) - 1, 25)
    return "".join(LETTERS[int(n)] for n in letters)


def rectangle(left: float, top: float, right: float, bottom: float) -> Corners:
    return np.array([[left, top], [right, top], [right, bottom], [left, bottom]], np.float32)


def saved(image: Picture, rng: Rng) -> Picture:
    """Return the picture as a JPEG of quality 50 to 95 leaves it."""
    quality = int(rng.integers(50, 96))
    data = cv2.imencode(".jpg", image[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    decoded = cv2.imdecode(data, cv2.IMREAD_COLOR)
    assert decoded is not None
    return np.ascontiguousarray(decoded[..., ::-1])


def fitted(picture: Picture, width: float, height: float) -> float:
    """Return the width at which the picture fits into a space."""
    return float(min(width, height * picture.shape[1] / picture.shape[0]))


# ---------------------------------------------------------------- the makers


def article(rng: Rng, pictures: Sequence[Picture]) -> Page:
    """A news page: bar of links, headline, picture, caption, text, perhaps a column of small pictures."""
    width, height = int(rng.integers(900, 1500)), int(rng.integers(800, 1200))
    page = Canvas(rng, width, height)
    page.panel((0, 0, width, 50), page.accent if rng.random() < 0.5 else page.shade(14))
    page.text((20, 14, width * 0.5, 40), 18)
    margin = width * rng.uniform(0.04, 0.14)
    aside = width * rng.uniform(0.2, 0.3) if rng.random() < 0.6 else 0
    column = width - 2 * margin - (aside + 30 if aside else 0)
    y = page.text((margin, 80, margin + column, 80 + 90), 36) + 8
    y = page.text((margin, y, margin + column * 0.4, y + 30), 15, page.pale) + 14
    size = fitted(pictures[0], column * (1 if rng.random() < 0.6 else rng.uniform(0.5, 0.9)), height * 0.55)
    corners = page.paste(pictures[0], margin, y, size, int(rng.choice([0, 0, 6, 14])))
    y = page.text((margin, corners[2, 1] + 8, margin + size, corners[2, 1] + 30), 14, page.pale) + 12
    page.text((margin, y, margin + column, height), int(rng.integers(16, 22)))
    if aside:
        y, left = 90.0, width - margin - aside
        for other in pictures[1:4]:
            small = page.paste(other, left, y, fitted(other, aside, height * 0.2))
            y = page.text((left, small[2, 1] + 6, left + aside, small[2, 1] + 60), 16) + 20
    return page.done(corners)


def gallery(rng: Rng, pictures: Sequence[Picture]) -> Page:
    """A grid of results, of which one is large."""
    width, height = int(rng.integers(900, 1400)), int(rng.integers(700, 1000))
    page = Canvas(rng, width, height)
    page.panel((width * 0.25, 18, width * 0.75, 54), page.shade(18), 18)
    page.text((width * 0.28, 26, width * 0.6, 52), 16, page.pale)
    size = fitted(pictures[0], width * rng.uniform(0.45, 0.6), height * 0.7)
    corners = page.paste(pictures[0], 24, 80, size)
    page.text((24, corners[2, 1] + 12, 24 + size, height), 17)
    left = 24 + size + 24
    cell = (width - left - 24 - 12) / 2
    for number, other in enumerate(pictures[1:7]):
        x, y = left + (cell + 12) * (number % 2), 80 + (cell * 0.62 + 34) * (number // 2)
        page.paste(other, x, y, fitted(other, cell, cell * 0.62))
        page.text((x, y + cell * 0.62 + 4, x + cell, y + cell * 0.62 + 24), 13)
    return page.done(corners)


def chat(rng: Rng, pictures: Sequence[Picture]) -> Page:
    """A conversation on a telephone: wallpaper, bubbles, avatars, one bubble with the picture."""
    width, height = int(rng.integers(540, 760)), int(rng.integers(1000, 1400))
    page = Canvas(rng, width, height)
    if rng.random() < 0.5:
        ramp = np.linspace(0, 1, height)[:, None, None]
        low, high = (
            (rng.integers(20, 90, 3), rng.integers(20, 90, 3))
            if page.dark
            else rng.integers(150, 240, (2, 3))
        )
        sky = np.broadcast_to(low * (1 - ramp) + high * ramp, (height, width, 3)).astype(np.uint8)
        page.page.paste(Pillow.fromarray(np.ascontiguousarray(sky)))
    page.panel((0, 0, width, 90), page.shade(10))
    page.disc(60, 50, 26, page.accent)
    page.text((100, 30, width * 0.7, 60), 22)
    y = bubbles(page, 120, height * rng.uniform(0.15, 0.35))
    right = bool(rng.random() < 0.5)
    size = fitted(pictures[0], width * rng.uniform(0.6, 0.8), height * 0.4)
    left = width - size - 26 if right else 70
    tall = size * pictures[0].shape[0] / pictures[0].shape[1]
    if rng.random() < 0.6:
        page.panel(
            (left - 8, y - 8, left + size + 8, y + tall + 44), page.accent if right else page.shade(24), 14
        )
        page.text((left + 4, y + tall + 8, left + size, y + tall + 40), 19)
    corners = page.paste(pictures[0], left, y, size, int(rng.choice([0, 10, 18])))
    bubbles(page, y + tall + 64, height - 110)
    page.panel((16, height - 80, width - 16, height - 20), page.shade(20), 28)
    return page.done(corners)


def bubbles(page: Canvas, top: float, bottom: float) -> float:
    y = top
    while y + 60 < bottom:
        right = bool(page.rng.random() < 0.5)
        wide, tall = page.width * page.rng.uniform(0.3, 0.65), float(page.rng.choice([44, 74, 104]))
        left = page.width - wide - 26 if right else 70
        page.panel((left, y, left + wide, y + tall), page.accent if right else page.shade(24), 16)
        page.text((left + 14, y + 8, left + wide - 10, y + tall), 20)
        if not right:
            page.disc(36, y + 20, 20, page.pale)
        y += tall + 16
    return y


def player(rng: Rng, pictures: Sequence[Picture]) -> Page:
    """A window of a player with a title bar, black around the film, and controls below or over it."""
    width, height = int(rng.integers(900, 1500)), int(rng.integers(620, 950))
    page = Canvas(rng, width, height)
    side = width * rng.uniform(0.2, 0.3) if rng.random() < 0.4 else 0
    head, foot = int(rng.integers(28, 46)), int(rng.integers(40, 80))
    stage = width - side, height - head - foot
    page.panel((0, 0, width, head), page.shade(16))
    page.text((width * 0.4, head * 0.2, width * 0.6, head), round(head * 0.5))
    for number in range(3):
        page.disc(18 + 22 * number, head / 2, 7, rgb(rng.integers(60, 255, 3)))
    page.panel((0, head, stage[0], height), (0, 0, 0) if rng.random() < 0.7 else page.shade(8))
    size = fitted(pictures[0], stage[0] - 2 * int(rng.choice([0, 0, 30])), stage[1])
    tall = size * pictures[0].shape[0] / pictures[0].shape[1]
    corners = page.paste(pictures[0], (stage[0] - size) / 2, head + (stage[1] - tall) / 2, size)
    if rng.random() < 0.6:
        page.panel((0, height - foot, stage[0], height), page.shade(12))
    controls(page, corners, foot)
    for number, other in enumerate(pictures[1:5] if side else []):
        y = head + 14 + number * side * 0.75
        page.paste(other, stage[0] + 10, y, fitted(other, side - 20, side * 0.5))
        page.text((stage[0] + 10, y + side * 0.53, width - 10, y + side * 0.7), 13)
    return page.done(corners)


def controls(page: Canvas, corners: Corners, foot: int) -> None:
    """A time line and buttons below the film, or over its lower edge."""
    over = page.rng.random() < 0.35
    left, right = (float(corners[0, 0]), float(corners[1, 0])) if over else (0.0, page.width * 0.7)
    y = float(corners[2, 1]) - foot * 0.9 if over else page.height - foot * 0.9
    page.panel((left + 16, y, right - 16, y + 5), (150, 150, 150), 2)
    page.panel((left + 16, y, left + (right - left) * page.rng.uniform(0.1, 0.9), y + 5), page.accent, 2)
    x = left + 30
    for _ in range(5):
        page.disc(x, y + foot * 0.45, foot * 0.14, (235, 235, 235))
        x += foot * page.rng.uniform(0.6, 1.3)
    page.text((x, y + foot * 0.35, x + 120, y + foot * 0.8), 15, (230, 230, 230))


def telephone(rng: Rng, pictures: Sequence[Picture]) -> Page:
    """A post in an app: status bar, avatar and name, the picture from side to side, icons, text."""
    width, height = int(rng.integers(540, 800)), int(rng.integers(1000, 1500))
    page = Canvas(rng, width, height)
    page.text((20, 10, 100, 36), 18)
    page.disc(50, 110, 28, page.accent)
    page.text((94, 84, width * 0.6, 140), 20)
    y = 160.0
    if rng.random() < 0.5:
        y = page.text((20, y, width - 20, y + 80), 20) + 12
    inset = float(rng.choice([0, 0, 16]))
    size = fitted(pictures[0], width - 2 * inset, height * 0.6)
    corners = page.paste(pictures[0], (width - size) / 2, y, size, int(rng.choice([0, 14])) if inset else 0)
    y = float(corners[2, 1]) + 34
    for number in range(4):
        page.disc(40 + 70 * number, y, 15, page.ink)
    page.text((20, y + 34, width - 20, height - 90), 20)
    page.panel((0, height - 70, width, height), page.shade(12))
    return page.done(corners)


def screen(rng: Rng, pictures: Sequence[Picture]) -> Page:
    """A photograph of a screen: a room, a bezel, perspective, glare, moire, blur, noise."""
    width, height = int(rng.integers(900, 1400)), int(rng.integers(700, 1050))
    room = cv2.resize(
        rng.uniform(0, 1, (6, 8, 3)).astype(np.float32), (width, height), interpolation=cv2.INTER_CUBIC
    )
    room = (20 + rng.uniform(0.2, 0.6) * 255 * np.clip(room, 0, 1)).astype(np.float32)
    for _ in range(int(rng.integers(2, 7))):  # shelves, posters, the edge of a table
        near = int(rng.integers(-100, width)), int(rng.integers(-100, height))
        far = near[0] + int(rng.integers(60, width)), near[1] + int(rng.integers(30, 400))
        cv2.rectangle(room, near, far, rng.uniform(15, 200, 3).tolist(), -1)
    picture = pictures[0]
    h, w = picture.shape[:2]
    rim = round(0.04 * w * rng.uniform(0.3, 1.5))
    bezel = np.full((h + 2 * rim, w + 2 * rim, 3), int(rng.integers(5, 40)), np.uint8)
    glare = np.linspace(0, rng.uniform(0, 70), w)[None, :, None] * np.linspace(1, 0, h)[:, None, None]
    wave = 1 + 0.05 * np.sin(np.arange(w)[None, :, None] * rng.uniform(0.5, 1.5))
    bezel[rim : rim + h, rim : rim + w] = np.clip(picture * wave + glare, 0, 255)
    size = fitted(bezel, width * rng.uniform(0.6, 0.85), height * rng.uniform(0.6, 0.85))
    tall = size * bezel.shape[0] / bezel.shape[1]
    x, y = rng.uniform(0.04, 0.96 - size / width) * width, rng.uniform(0.04, 0.96 - tall / height) * height
    target = rectangle(x, y, x + size, y + tall) + rng.uniform(-0.05, 0.05, (4, 2)).astype(np.float32) * size
    matrix = cv2.getPerspectiveTransform(
        rectangle(0, 0, bezel.shape[1], bezel.shape[0]), target.astype(np.float32)
    )
    seen = cv2.warpPerspective(bezel, matrix, (width, height), flags=cv2.INTER_AREA)
    mask = cv2.warpPerspective(np.full(bezel.shape[:2], 1.0, np.float32), matrix, (width, height))[..., None]
    view = cv2.GaussianBlur(room * (1 - mask) + seen * mask, (0, 0), rng.uniform(0.4, 1.6))
    view = view + rng.normal(0, rng.uniform(1, 5), view.shape)
    corners = cv2.perspectiveTransform(rectangle(rim, rim, rim + w, rim + h)[None], matrix)[0]
    return Page(saved(np.clip(view, 0, 255).astype(np.uint8), rng), corners.astype(np.float32))


def window(rng: Rng, pictures: Sequence[Picture]) -> Page:
    """Bars on all four sides."""
    h, w = pictures[0].shape[:2]
    left, top, right, bottom = (round(side * rng.uniform(0.06, 0.25)) for side in (w, h, w, h))
    colour = rgb(np.full(3, rng.choice([0, 0, 16, 255, 128])))
    page = np.full((h + top + bottom, w + left + right, 3), colour, np.uint8)
    page[top : top + h, left : left + w] = pictures[0]
    return Page(saved(page, rng), rectangle(left, top, left + w, top + h))


def captioned(rng: Rng, pictures: Sequence[Picture]) -> Page:
    """A bar above and perhaps one below, with bold words in them."""
    picture = pictures[0]
    h, w = picture.shape[:2]
    above, below = (
        round(h * rng.uniform(0.14, 0.35)),
        round(h * rng.uniform(0.12, 0.3)) * int(rng.integers(0, 2)),
    )
    page = Canvas(rng, w, h + above + below)
    fill = rgb(np.full(3, rng.choice([0, 255])))
    page.panel((0, 0, w, h + above + below), fill)
    ink = rgb(255 - np.array(fill))
    size = max(11, round(above / rng.uniform(2.2, 4.5)))
    for top, bottom in ((0, above), (above + h, above + h + below)):
        pad = (bottom - top) * 0.12
        page.text((w * 0.04, top + pad, w * 0.97, bottom - pad / 2), size, ink, 1.3)
    return page.done(page.paste(picture, 0, above, w))


def blurred(rng: Rng, pictures: Sequence[Picture]) -> Page:
    """The picture upright, between blurred and darkened enlargements of itself."""
    h, w = pictures[0].shape[:2]
    tall = int(rng.integers(360, 720))
    narrow = cut(pictures[0], rng.uniform(0.5, 0.85), rng) if w > h * 0.9 else pictures[0]
    wide = round(tall * rng.uniform(1.5, 1.9))
    size = round(tall * narrow.shape[1] / narrow.shape[0])
    cover = cv2.resize(narrow, (wide, round(wide * narrow.shape[0] / narrow.shape[1])))
    top = (cover.shape[0] - tall) // 2
    page = cv2.GaussianBlur(cover[top : top + tall], (0, 0), tall * rng.uniform(0.02, 0.05))
    page = (page * rng.uniform(0.5, 1.0)).astype(np.uint8)
    left = (wide - size) // 2
    page[:, left : left + size] = cv2.resize(narrow, (size, tall), interpolation=cv2.INTER_AREA)
    return Page(saved(page, rng), rectangle(left, 0, left + size, tall))


def cut(picture: Picture, aspect: float, rng: Rng) -> Picture:
    """Return an upright part of a picture."""
    h, w = picture.shape[:2]
    narrow = round(h * aspect)
    left = int(rng.integers(0, w - narrow + 1))
    return picture[:, left : left + narrow]


Maker = Callable[[Rng, Sequence[Picture]], Page]

BOXED: dict[str, Maker] = {"window": window, "captioned": captioned, "blurred": blurred}
PAGES: dict[str, Maker] = {
    "article": article,
    "gallery": gallery,
    "chat": chat,
    "player": player,
    "telephone": telephone,
    "screen": screen,
}
MAKERS: dict[str, Maker] = {**PAGES, **BOXED}
