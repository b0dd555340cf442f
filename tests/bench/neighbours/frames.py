"""``python -m bench.neighbours frames``: the index of frames, scanned in registers and as before.

A row is a frame that was kept, and has five views; so 10,000,000 rows are 50,000,000 codes.  Rows are made
(`support.made_rows`) and lie as those of photographs do.  A question is a picture of one view of a kept frame
that was encoded again, described at three sizes, of which the other two say less, and its mirror image, which
is like nothing: six query views.  What is counted is whether the best scene is the right one, and whether it
is among the scenes that a query takes on.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cbvir_core.index.frame_codec import shipped_codec, use_one_thread
from cbvir_core.index.frame_lists import (
    PROBED_LISTS,
    FrameNeighbours,
    FrameSegment,
    nearest_views,
    search_lists,
)
from cbvir_core.index.frame_segments import NO_ROWS, FrameSegments
from cbvir_core.index.vector_index import SourceIdentity
from cbvir_core.search.frames import MAX_FRAME_SCENES, NEAREST_VIEWS
from cbvir_core.types import Floats, FrameCodes, RowNumbers
from support.made_rows import COPY_NOISE, FRAME_VIEWS, RowMaker

VIDEO_S = 3600.0
NOISES = 1.4 * COPY_NOISE, 1.6 * COPY_NOISE, 1.8 * COPY_NOISE
"""Noise of the three sizes, by the length of a view."""

Search = Callable[[Floats], list[FrameNeighbours]]


class PassingFrames:
    """A `FrameSource` that gives each scene away once."""

    identity = SourceIdentity("made", 1, "made")

    def __init__(self) -> None:
        self.scenes: dict[int, FrameCodes] = {}
        self.last_row = 0

    def last_change(self) -> int:
        """Return the last row."""
        return self.last_row

    def read(self, rows: Sequence[int]) -> list[FrameCodes | None]:
        """Return scenes, and forget them."""
        return [self.scenes.pop(row, None) for row in rows]

    def put(self, scenes: Sequence[FrameCodes]) -> RowNumbers:
        """Take in scenes; return their rows."""
        rows = self.last_row + 1 + np.arange(len(scenes))
        self.scenes.update(zip(rows.tolist(), scenes, strict=True))
        self.last_row += len(scenes)
        return rows


@dataclass(frozen=True, slots=True, eq=False)
class FrameQuestion:
    """Query views (6 x P) and the row of the scene that they show."""

    views: Floats
    row: int


def run_frames(line: Sequence[str]) -> None:
    """Build an index of made frame rows, ask in three ways, and print."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.neighbours frames",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--rows", type=int, default=1_000_000, help="frames (default: %(default)s)")
    parser.add_argument("--questions", type=int, default=60, help="questions (default: %(default)s)")
    parser.add_argument("--exact", action="store_true", help="compare with every code decoded, too")
    arguments = parser.parse_args(line)
    use_one_thread()
    with tempfile.TemporaryDirectory() as folder:
        begun = time.process_time()
        segments, questions = made(Path(folder), arguments.rows, arguments.questions)
        files = [*segments._written]
        codes = sum(segment.lists.ntotal for segment in files)
        print(f"{arguments.rows:,} rows, {codes:,} codes in {len(files)} files, ", end="")
        print(f"made in {time.process_time() - begun:.0f} CPU s; one thread", flush=True)
        ways: dict[str, Search] = {
            "every probed code": lambda views: plainly(files, views, PROBED_LISTS),
            "scanned in registers": lambda views: segments.search(views, NEAREST_VIEWS),
        }
        if arguments.exact:
            every = segments.codec.empty_lists().nlist
            ways = {"every code decoded": lambda views: plainly(files, views, every), **ways}
        for name, search in ways.items():
            print(f"  {name:22} {asked(search, questions)}", flush=True)
        segments.close()


def made(folder: Path, rows: int, count: int) -> tuple[FrameSegments, list[FrameQuestion]]:
    """Return segments of so many frames, in files, and questions about some of these."""
    codec, source = shipped_codec(), PassingFrames()
    maker, draws = RowMaker(codec, 0), np.random.default_rng(1)
    segments, held, questions = FrameSegments(folder, source, codec), 0, list[FrameQuestion]()
    while held < rows:
        scenes = maker.video(VIDEO_S).scenes
        added = source.put(scenes)
        segments.add(added)
        segments.note_position(source.last_change())
        held += sum(len(one.codes) for one in scenes)
        while len(questions) < count * min(1.0, held / rows):
            chosen = int(draws.integers(len(scenes)))
            frame, view = draws.integers(len(scenes[chosen].codes)), draws.integers(FRAME_VIEWS)
            original = codec.decode(scenes[chosen].codes[frame, view][np.newaxis])[0]
            other = maker.video(4.0).scenes[0].codes[0, :3]
            views = [_noisy(original, noise, draws) for noise in NOISES] + list(codec.decode(other))
            questions.append(FrameQuestion(np.array(views, np.float32), int(added[chosen])))
        while segments.maintain():
            pass
    segments._end_tail(1)
    while segments.maintain():
        pass
    return segments, questions


def asked(search: Search, questions: Sequence[FrameQuestion]) -> str:
    """Return how often the right scene comes first, and is taken on, and what a search takes."""
    ranks, wall, processor = [], [], []
    for question in questions:
        clock, own = time.perf_counter(), time.thread_time()
        found = search(question.views)
        wall.append(1e3 * (time.perf_counter() - clock))
        processor.append(1e3 * (time.thread_time() - own))
        rows, cosines = (
            np.concatenate(parts) for parts in zip(*((f.rows, f.cosines) for f in found), strict=True)
        )
        order = np.argsort(-cosines, kind="stable")
        _, firsts = np.unique(rows[order], return_index=True)
        ranked = rows[order][np.sort(firsts)][:MAX_FRAME_SCENES].tolist()
        ranks.append(ranked.index(question.row) if question.row in ranked else MAX_FRAME_SCENES)
    rank = np.array(ranks)
    p50, p95, used = np.percentile(wall, 50), np.percentile(wall, 95), np.percentile(processor, 50)
    first, taken = np.mean(rank == 0), np.mean(rank < MAX_FRAME_SCENES)
    return (
        f"right first {first:.3f}  among {MAX_FRAME_SCENES} {taken:.3f}"
        f"  p50 {p50:.1f} ms  p95 {p95:.1f} ms  processor {used:.1f} ms"
    )


def plainly(files: Sequence[FrameSegment], views: Floats, probed: int) -> list[FrameNeighbours]:
    """Return the nearest views in so many lists, by comparing with every whole code in these."""
    parts = [search_lists(one.lists, views, NEAREST_VIEWS, NO_ROWS, probed) for one in files]
    return [nearest_views(own, NEAREST_VIEWS) for own in zip(*parts, strict=True)]


def _noisy(view: Floats, noise: float, draws: np.random.Generator) -> Floats:
    moved = view + noise / np.sqrt(len(view)) * draws.standard_normal(len(view))
    unit: Floats = (moved / np.linalg.norm(moved)).astype(np.float32)
    return unit
