"""Evaluation: every query is put to every system."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import TypeVar

import numpy as np

from bench.retrieval.descriptors import Descriptor
from bench.retrieval.metrics import RetrievalFigures, RetrievalOutcome, Thresholds, average_precision, figures
from bench.retrieval.questions import BenchmarkQuery, RetrievalCorpus
from bench.retrieval.systems import DescribedSystem, Ranking, RetrievalSystem
from cbvir_core.decode import STILL_SIDE, fit_within
from cbvir_core.search.variants import PLAIN, Variant
from cbvir_core.types import Image, Rows

T = TypeVar("T")

DESCRIBE_BATCH_PICTURES = 32

Prepare = Callable[[Image], list[Variant]]
"""Return the variants of a query picture that are searched for."""

Advance = Callable[[int], None]
"""Called with the number of pictures that were done since the last call."""


@dataclass
class SystemAnswers:
    """The answers of one system: outcomes by perturbation, and the first scores where no answer is right."""

    name: str
    asked: dict[str, list[RetrievalOutcome]] = field(default_factory=dict)
    left_out: list[float] = field(default_factory=list)
    foreign: list[float] = field(default_factory=list)

    def take(self, query: BenchmarkQuery, ranking: Ranking, corpus: RetrievalCorpus) -> None:
        """Add the answer to one query."""
        if query.role == "asked":
            self.asked.setdefault(query.kind, []).append(judge(query, ranking, corpus))
        else:
            scores = self.left_out if query.role == "left out" else self.foreign
            scores.append(float(ranking.scores[0]))

    @property
    def thresholds(self) -> Thresholds:
        """The thresholds, from the queries without a right answer."""
        return Thresholds.of(self.left_out, self.foreign)

    @property
    def overall(self) -> RetrievalFigures:
        """The figures over all queries; each perturbation has as many, so all count alike."""
        return figures([outcome for group in self.asked.values() for outcome in group], self.thresholds)

    @property
    def by_kind(self) -> dict[str, RetrievalFigures]:
        """The figures by perturbation, with the same thresholds for all."""
        return {kind: figures(group, self.thresholds) for kind, group in self.asked.items()}


def judge(query: BenchmarkQuery, ranking: Ranking, corpus: RetrievalCorpus) -> RetrievalOutcome:
    """Judge the answer to a query whose picture is in the corpus."""
    video, scene = corpus.of_video(query), corpus.of_scene(query)
    first = ranking.entries[0]
    precision = average_precision(scene[ranking.entries], int(scene.sum()))
    return RetrievalOutcome(float(ranking.scores[0]), bool(video[first]), bool(scene[first]), precision)


def plain(picture: Image) -> list[Variant]:
    """Return the picture as its only variant, at the size that keyframes are embedded at."""
    return [Variant(PLAIN, fit_within(picture, STILL_SIDE))]


def describe_corpus(
    systems: Sequence[RetrievalSystem], corpus: RetrievalCorpus, advance: Advance
) -> list[DescribedSystem]:
    """Describe the corpus once by each descriptor, and return the systems with its rows."""
    parts: dict[Descriptor, list[Rows]] = {one: [] for system in systems for one in system.descriptors()}
    for entries in batched(corpus.entries):
        images = [entry.image for entry in entries]
        for descriptor, rows in parts.items():
            rows.append(descriptor.describe(images))
        advance(len(images))
    whole = {descriptor: np.concatenate(rows) for descriptor, rows in parts.items()}
    return [DescribedSystem(system, [whole[one] for one in system.descriptors()]) for system in systems]


def ask(
    systems: Sequence[DescribedSystem],
    corpus: RetrievalCorpus,
    queries: Sequence[BenchmarkQuery],
    seed: int,
    prepare: Prepare,
    advance: Advance,
) -> list[SystemAnswers]:
    """Return the answers of each system; each query picture is made once and put to all of them."""
    answers = [SystemAnswers(answering.system.name) for answering in systems]
    filters = list(dict.fromkeys(answering.system.filter for answering in systems))
    for batch in batched(queries):
        variants = [prepare(query.image(seed)) for query in batch]
        images = [variant.image for group in variants for variant in group]
        ends = np.cumsum([len(group) for group in variants])[:-1]
        rows = {descriptor: np.split(descriptor.describe(images), ends) for descriptor in filters}
        for answering, taken in zip(systems, answers, strict=True):
            for number, query in enumerate(batch):
                own = rows[answering.system.filter][number]
                taken.take(query, answering.answer(variants[number], own), corpus)
        advance(len(batch))
    return answers


def batched(items: Iterable[T], size: int = DESCRIBE_BATCH_PICTURES) -> Iterator[list[T]]:
    """Yield the items, `size` at a time."""
    waiting = iter(items)
    while batch := list(islice(waiting, size)):
        yield batch
