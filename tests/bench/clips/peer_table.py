"""Peers asked with the same copies, and their table."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from bench.clips.judging import ClipOutcome
from bench.clips.peers import KeyframeVoting, Peer, TemporalMatchKernel, VideoHashPeer, VideoPdq
from bench.clips.questions import ClipQuestion
from cbvir_core import Library

MAX_FALSE = 0.01
"""Share of clips of nothing in the library that may be answered, where recall is counted."""


@dataclass(frozen=True)
class PeerAnswer:
    """The first film of a peer for one copy: whether it is right, and its score."""

    is_known: bool
    right: bool
    score: float


@dataclass(frozen=True)
class PeerOutcome:
    """What came of a peer; `made_s` is what its index took, or why there is none in `missing`."""

    name: str
    answers: tuple[PeerAnswer, ...] = ()
    made_s: float = 0.0
    asked_ms: float = 0.0
    missing: str = ""


PEERS: Mapping[str, Callable[[Library, Sequence[Path]], Peer]] = {
    "vpdq": lambda _, films: VideoPdq(films),
    "videohash": lambda _, films: VideoHashPeer(films),
    "kernel": TemporalMatchKernel,
    "voting": lambda library, _: KeyframeVoting(library),
}
"""How each peer is made, of a library and its films of real clips.  videohash starts a process for each
second of film."""


def ask_peers(
    names: Sequence[str],
    library: Library,
    films: Sequence[Path],
    questions: Sequence[ClipQuestion],
    files: Sequence[Path],
    progress: Progress,
) -> list[PeerOutcome]:
    """Return the outcome of the peers with these names for the same copies.

    They look among `films` alone, which is easier than what cbvir is asked; keyframe voting has the library.
    """
    return [_asked(name, partial(PEERS[name], library, films), questions, files, progress) for name in names]


def _asked(
    name: str,
    make: Callable[[], Peer],
    questions: Sequence[ClipQuestion],
    files: Sequence[Path],
    progress: Progress,
) -> PeerOutcome:
    begun = time.perf_counter()
    try:
        peer = make()
    except ImportError as error:
        return PeerOutcome(name, missing=f"{error}; `make peers` installs it")
    made_s, begun = time.perf_counter() - begun, time.perf_counter()
    answers = [
        _answer(peer, question, file)
        for question, file in progress.track(list(zip(questions, files, strict=True)), description=name)
    ]
    asked_ms = 1000.0 * (time.perf_counter() - begun) / max(1, len(files))
    return PeerOutcome(name, tuple(answers), made_s, asked_ms)


def _answer(peer: Peer, question: ClipQuestion, file: Path) -> PeerAnswer:
    films = {one.film.resolve() for one in question.pieces}
    found, score = next(iter(peer.rank(file)), (None, 0.0))
    right = found is not None and score > 0.0 and found.resolve() in films
    return PeerAnswer(question.is_known, right, score)


def show_peers(console: Console, outcomes: Sequence[ClipOutcome], peers: Sequence[PeerOutcome]) -> None:
    """Print how often each names the right film first, and how often it dares to."""
    own = tuple(PeerAnswer(one.is_known, one.is_known and one.video, one.probability) for one in outcomes)
    took_ms = float(np.mean([one.took_ms for one in outcomes])) if outcomes else 0.0
    table = Table("", "right video first", "recall at 1 % false", "ms a clip", "index, s")
    for one in (PeerOutcome("cbvir", own, 0.0, took_ms), *peers):
        if one.missing:
            table.add_row(one.name, one.missing)
            continue
        known = [answer for answer in one.answers if answer.is_known]
        right = np.mean([answer.right for answer in known]) if known else 0.0
        made = f"{one.made_s:.0f}" if one.made_s else ""
        table.add_row(
            one.name,
            f"{right:.2f}",
            f"{recall_without_false_ones(one.answers):.2f}",
            f"{one.asked_ms:.0f}",
            made,
        )
    console.print(table)


def recall_without_false_ones(answers: Sequence[PeerAnswer]) -> float:
    """Return the share of known copies answered rightly with a score that 99 of 100 absent ones lack."""
    absent = sorted((one.score for one in answers if not one.is_known), reverse=True)
    allowed = int(MAX_FALSE * len(absent))
    least = absent[allowed] if allowed < len(absent) else -1.0
    known = [one for one in answers if one.is_known]
    return sum(one.right and one.score > least for one in known) / max(1, len(known))
