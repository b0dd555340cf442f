"""Peers of clip search, and how their answers are counted."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bench.clips.copies import CopyKind
from bench.clips.judging import shows_piece
from bench.clips.peer_table import PeerAnswer, recall_without_false_ones
from bench.clips.peers import kernel_of, kernel_score
from bench.clips.questions import ClipQuestion, Piece
from cbvir_core.align import AlignedSegment, SimilarityMatrix, find_segments
from cbvir_core.types import Floats

STEP_S = 1 / 3


def features(count: int, seed: int) -> Floats:
    rows = np.random.default_rng(seed).normal(size=(count, 64)).astype(np.float32)
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)


@pytest.mark.parametrize("start", [0, 7, 20])
def test_the_kernel_finds_a_piece_at_any_time_difference(start: int) -> None:
    film, times_s = features(48, 1), np.asarray(np.arange(48) * STEP_S, np.float64)
    piece = kernel_of(times_s[:20], film[start : start + 20])
    same, other = kernel_of(times_s, film), kernel_of(times_s, features(48, 2))
    assert kernel_score(piece, same) > 3 * kernel_score(piece, other)


def test_recall_counts_what_is_surer_than_the_absent() -> None:
    known = [PeerAnswer(True, True, 0.9), PeerAnswer(True, True, 0.4), PeerAnswer(True, False, 0.95)]
    absent = [PeerAnswer(False, False, 0.5), PeerAnswer(False, False, 0.1)]
    assert recall_without_false_ones([*known, *absent]) == pytest.approx(1 / 3)
    assert recall_without_false_ones(known) == pytest.approx(2 / 3)


def segment(query: tuple[float, float], first: int, *, backwards: bool = False) -> AlignedSegment:
    """A segment of a clip of 12 frames that shows those of a film from `first` on, one a second."""
    frames = np.arange(first, first + 12)
    values = np.full((12, 60), 0.2, np.float32)
    values[np.arange(12), frames[::-1] if backwards else frames] = 0.9
    (found, *_) = find_segments(SimilarityMatrix(np.arange(12.0) + query[0], np.arange(60.0), values), query)
    return found


@pytest.mark.parametrize("backwards", [False, True])
def test_a_segment_shows_a_piece_at_its_time_alone(backwards: bool) -> None:
    piece = Piece(Path("film.mp4"), 20.0, 32.0, 0.0)
    question = ClipQuestion(CopyKind("any", is_reversed=backwards), (piece,), is_known=True)
    assert shows_piece(question, piece, segment((0.0, 12.0), 20, backwards=backwards))
    assert not shows_piece(question, piece, segment((0.0, 12.0), 25, backwards=backwards))
    later = Piece(Path("film.mp4"), 20.0, 32.0, 30.0)
    assert not shows_piece(
        ClipQuestion(question.kind, (later,), is_known=True), later, segment((0.0, 12.0), 20)
    )
