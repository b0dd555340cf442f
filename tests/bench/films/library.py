"""The library that is asked: made of the films as files, and kept while code and weights stay the same."""

from __future__ import annotations

import ast
import hashlib
import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import cbvir_core
from bench.cost import cost
from cbvir_core import Library
from cbvir_core.weights import find_profile

NOT_INGEST = frozenset(
    {
        "align",
        "calibration",
        "clips",
        "duplicates",
        "evaluate",
        "localise",
        "regions",
        "search",
        "sequences",
        "train",
        "visil",
        "__pycache__",
    }
)
"""Packages whose code leaves what is stored of a video as it is."""

COMPLETE_MARK = "ingest.json"
"""File beside a complete library: what its ingest cost."""

KEPT_LIBRARIES = 4
"""Libraries that stay, those of earlier code too, so that versions can be compared."""

HOUR_S = 3600.0

TellVideo = Callable[[str], object]
"""Called with the name of each video before it is added."""


@dataclass(frozen=True)
class IngestCost:
    """What it took to add some films in one process, from decoding to the last descriptor."""

    name: str
    films: int
    video_s: float
    wall_s: float
    cpu_s: float
    keyframes: int
    stored_bytes: int

    @property
    def times_real_time(self) -> float:
        """Seconds of video for a second of waiting."""
        return self.video_s / self.wall_s

    @property
    def cpu_s_per_hour(self) -> float:
        """Processor seconds for an hour of video."""
        return self.cpu_s * HOUR_S / self.video_s

    @property
    def bytes_per_hour(self) -> float:
        """Bytes of the library for an hour of video."""
        return self.stored_bytes * HOUR_S / self.video_s


def library_folder(data: Path, films: Sequence[Path]) -> Path:
    """Return the folder of the library with these films, made by this code with these weights."""
    text = json.dumps([sorted(film.name for film in films), code_fingerprint(), _weights_fingerprint()])
    return data / f"library-{hashlib.sha256(text.encode()).hexdigest()[:12]}"


def code_fingerprint(package: Path = Path(cbvir_core.__file__).parent) -> str:
    """Return a hash of the code that takes videos in; comments and layout do not count."""
    digest = hashlib.sha256()
    for path in sorted(package.rglob("*.py")):
        if not NOT_INGEST & set(path.relative_to(package).parts):
            tree = ast.dump(ast.parse(path.read_text("utf-8")))
            digest.update(f"{path.relative_to(package)}\n{tree}\n".encode())
    return digest.hexdigest()


def _weights_fingerprint() -> str:
    profile = find_profile("builtin", None)
    files = [file for file in (profile.filter, profile.refine) if file is not None]
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()


def made_library(
    folder: Path, groups: Mapping[str, Sequence[Path]], tell: TellVideo, *, fresh: bool
) -> tuple[list[IngestCost], bool]:
    """Make the library with these groups of films; return what each took, and whether that was just now."""
    mark = folder / COMPLETE_MARK
    if mark.is_file() and not fresh:
        mark.touch()  # the library that was used longest ago is the first to be removed
        return [IngestCost(**one) for one in json.loads(mark.read_text())], False
    shutil.rmtree(folder, ignore_errors=True)
    _forget_others(folder.parent)
    with Library.open(folder, profile="builtin") as library:
        library.load_filter()
        library.load_refine()  # so that the cost is not that of loading
        costs = [_added(library, folder, name, films, tell) for name, films in groups.items()]
        while library.maintain():
            pass
    mark.write_text(json.dumps([asdict(one) for one in costs], indent=1))
    return costs, True


def _added(library: Library, folder: Path, name: str, films: Sequence[Path], tell: TellVideo) -> IngestCost:
    before, records = stored_bytes(folder), []
    with cost() as spent:
        for film in films:
            tell(film.name)
            records.append(library.add(film).video_id)
        for step in (library.backfill, library.backfill_features):
            while step():
                pass
    videos = [video for video in library.videos() if video.video_id in records]
    return IngestCost(
        name=name,
        films=len(films),
        video_s=sum(video.duration_s or 0.0 for video in videos),
        wall_s=spent.wall_s,
        cpu_s=spent.cpu_s,
        keyframes=sum(video.keyframes for video in videos),
        stored_bytes=stored_bytes(folder) - before,
    )


def stored_bytes(folder: Path) -> int:
    """Return the bytes on disk of a library, without converted networks."""
    files = (path for path in folder.rglob("*") if path.is_file() and "cache" not in path.parts)
    return sum(512 * path.stat().st_blocks for path in files)


def _forget_others(data: Path) -> None:
    """Remove complete libraries not used for long, so that work on ingest does not fill the disk."""
    marks = sorted(data.glob(f"library-*/{COMPLETE_MARK}"), key=lambda mark: mark.stat().st_mtime)
    for mark in marks[: -(KEPT_LIBRARIES - 1)]:
        shutil.rmtree(mark.parent)
