"""The students of DnS among the ways to compare: bits, one vector, and the selector at several shares."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial

import numpy as np

from bench.visil.figures import Scores
from bench.visil.material import Comparison
from bench.visil.systems import FLOAT_BYTES
from cbvir_core.types import Floats
from cbvir_core.visil import ShortVideo, VideoStudents

SHARES = (0.01, 0.05, 0.1, 0.3)
"""Shares of the pairs that the selector hands to the fine student."""

SELF_SIMILARITY_BYTES = 4


def student_scores(
    students: VideoStudents, comparison: Comparison, tell: Callable[[str], object]
) -> dict[str, Scores]:
    """Return the similarities by each student, and by the coarse one with some pairs compared finely."""
    videos = [students.describe(video.raw) for video in comparison.videos]
    queries = [students.describe(query.raw) for query in comparison.queries]
    coarse, coarse_ms = _timed(lambda query: students.coarse_similarities(query, videos), queries, tell)

    def compared(query: ShortVideo) -> Floats:
        return np.array([students.fine_similarity(query, video) for video in videos], np.float32)

    fine, fine_ms = _timed(compared, queries, tell)
    vector_bytes = float(FLOAT_BYTES * videos[0].vector.size)
    bit_bytes = float(
        np.mean([video.regions.bytes_per_frame * len(video.regions.present) for video in videos])
    )
    found = {
        f"bits ({students.bits})": Scores(fine, fine_ms, bit_bytes),
        "one vector": Scores(coarse, coarse_ms, vector_bytes),
    }
    for share in SHARES:
        values, took_ms = _timed(partial(students.similarities, videos=videos, share=share), queries, tell)
        kept_bytes = vector_bytes + bit_bytes + SELF_SIMILARITY_BYTES
        found[f"selector {share:.0%}"] = Scores(values, took_ms, kept_bytes)
    return found


def _timed(
    compare: Callable[[ShortVideo], Floats], queries: list[ShortVideo], tell: Callable[[str], object]
) -> tuple[Floats, float]:
    """Return the similarities Q x V, and the milliseconds of one."""
    begun, rows = time.perf_counter(), []
    for number, query in enumerate(queries):
        tell(f"students {number}")
        rows.append(compare(query))
    values = np.stack(rows)
    return values, 1000.0 * (time.perf_counter() - begun) / values.size
