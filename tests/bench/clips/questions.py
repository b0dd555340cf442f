"""Questions: copies of pieces of films by chance, and where they come from."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from bench.clips.copies import CopyKind, write_caption
from bench.films.making import write_film
from bench.films.plan import FilmPlan


@dataclass(frozen=True)
class Piece:
    """A part of a film: `start_s` and `end_s` in it; in the copy it begins at `at_s`."""

    film: Path
    start_s: float
    end_s: float
    at_s: float


@dataclass(frozen=True)
class ClipQuestion:
    """A copy and the pieces that it was made of; `is_known` where the library has them."""

    kind: CopyKind
    pieces: tuple[Piece, ...]
    is_known: bool

    def file(self, folder: Path) -> Path:
        """Return the file of the copy in `folder`; make it where it is not there yet."""
        content = [asdict(self.kind), [(one.film.name, one.start_s, one.end_s) for one in self.pieces]]
        name = hashlib.sha256(json.dumps(content).encode()).hexdigest()[:16]
        path = folder / f"{self.kind.name.replace(' ', '-')}-{name}.mp4"
        if not path.is_file():
            write_film(path, self._options(folder))
        return path

    def _options(self, folder: Path) -> list[str]:
        inputs: list[str] = []
        for one in self.pieces:
            length = f"{one.end_s - one.start_s:.3f}"
            inputs += ["-ss", f"{one.start_s:.3f}", "-t", length, "-i", str(one.film)]
        count = len(self.pieces)
        streams = "".join(f"[{number}:v:0]" for number in range(count))
        chain = f"{streams}concat=n={count}:v=1:a=0[in];"
        filters = self.kind.filters
        if "[caption]" in filters:
            caption = folder / "caption.png"
            folder.mkdir(parents=True, exist_ok=True)
            write_caption(caption)
            inputs += ["-i", str(caption)]
            chain += filters.replace("[caption]", f"[{count}:v:0]") + "[out]"
        else:
            chain += f"[in]{filters}[out]"
        even = ";[out]scale=trunc(iw/2)*2:trunc(ih/2)*2,setsar=1,format=yuv420p[even]"
        return [*inputs, "-filter_complex", chain + even, "-map", "[even]", *self.kind.encoding]


def clip_questions(
    films: Mapping[Path, FilmPlan], kinds: Sequence[CopyKind], each: int, seed: int, *, is_known: bool
) -> list[ClipQuestion]:
    """Return `each` questions of every kind, of pieces of asked stretches by chance.

    The stretches have the same chance, whatever their length; pieces do not reach over their ends.
    """
    rng = np.random.default_rng([seed, int(is_known)])
    stretches = [
        (film, start_s, end_s)
        for film, plan in sorted(films.items())
        for stretch, start_s, end_s in plan.spans()
        if stretch.asked
    ]
    return [
        ClipQuestion(kind, tuple(_pieces(kind, stretches, rng)), is_known)
        for kind in kinds
        for _ in range(each)
    ]


def _pieces(
    kind: CopyKind, stretches: Sequence[tuple[Path, float, float]], rng: np.random.Generator
) -> list[Piece]:
    long_enough = [one for one in stretches if one[2] - one[1] >= kind.piece_s] or list(stretches)
    pieces: list[Piece] = []
    for number in rng.choice(len(long_enough), kind.pieces, replace=len(long_enough) < kind.pieces):
        film, first_s, last_s = long_enough[int(number)]
        length_s = min(kind.piece_s, last_s - first_s)
        start_s = round(float(rng.uniform(first_s, last_s - length_s)), 3)
        at_s = sum(one.end_s - one.start_s for one in pieces) / kind.speed
        pieces.append(Piece(film, start_s, start_s + length_s, at_s))
    return pieces
