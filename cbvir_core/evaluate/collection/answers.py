"""What cbvir answers about a collection: changed frames of its films, asked of a library of them."""

from __future__ import annotations

import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from cbvir_core.decode import fingerprint, read_frames
from cbvir_core.evaluate.collection.charts import SHARE_AXIS, BarChart, Chart, ChartAxis, ChartSeries
from cbvir_core.evaluate.tables import AnnotatedSpan
from cbvir_core.library import Library
from cbvir_core.search import SearchOptions
from cbvir_core.types import Answer, Image, VideoId

MAX_COLLECTION_QUESTIONS = 60
CUT_SHARE = 0.1
"""Share of each side that is cut off a question, on every edge."""

JPEG_QUALITY = 40
RECALL_SIZES = (1, 2, 3, 5, 10, 20, 50, 100)
RELIABILITY_BINS = 5


@dataclass(frozen=True, slots=True)
class CollectionQuestion:
    """A changed frame, and the shot that it is of."""

    picture: Image
    video: VideoId
    shot: AnnotatedSpan

    def rank(self, answer: Answer) -> int | None:
        """Return the place of the first scene that meets the shot, from 1; None where there is none."""
        for hit in answer.results:
            meets = hit.scene_start_s < self.shot.end_s and hit.scene_end_s > self.shot.start_s
            if hit.keyframe_id.video == self.video and meets:
                return hit.rank
        return None


def questions_of(shots: Mapping[Path, Sequence[AnnotatedSpan]]) -> list[CollectionQuestion]:
    """Return questions of evenly spread shots: the frame in the middle, cut on all sides and compressed."""
    return [
        CollectionQuestion(changed(image), fingerprint(shot.video), shot)
        for shot, image in frames_of_shots(shots, (0.5,))
    ]


def frames_of_shots(
    shots: Mapping[Path, Sequence[AnnotatedSpan]], places: Sequence[float]
) -> Iterator[tuple[AnnotatedSpan, Image]]:
    """Yield frames of evenly spread shots, by the shares of their length in `places`, ascending."""
    spans = [span for path in sorted(shots) for span in sorted(shots[path])]
    step = max(1, -(-len(spans) // MAX_COLLECTION_QUESTIONS))
    wanted: dict[Path, list[tuple[float, AnnotatedSpan]]] = defaultdict(list)
    for span in spans[::step]:
        wanted[span.video] += [(span.start_s + place * (span.end_s - span.start_s), span) for place in places]
    for path, waiting in wanted.items():
        with read_frames(path, samples_per_s=4.0, mode="reference", max_side=512) as frames:
            for frame in frames:
                while waiting and frame.time_s >= waiting[0][0]:
                    yield waiting.pop(0)[1], frame.image


def changed(image: Image) -> Image:
    """Return the picture without its edges, after strong compression."""
    height, width = image.shape[:2]
    down, across = round(CUT_SHARE * height), round(CUT_SHARE * width)
    inner = np.ascontiguousarray(image[down : height - down, across : width - across, ::-1])
    data = cv2.imencode(".jpg", inner, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])[1]
    decoded = np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)
    return np.ascontiguousarray(decoded[:, :, ::-1])


def ask(
    videos: Sequence[Path], questions: Sequence[CollectionQuestion], advance: Callable[[str], None]
) -> list[Answer]:
    """Return the answers of a library in a temporary folder that has taken the videos in.

    `advance` is called with what was done, once for each video and question.
    """
    with (
        tempfile.TemporaryDirectory(prefix="cbvir-report-") as folder,
        Library.open(Path(folder) / "data") as library,
    ):
        for path in videos:
            library.add(path)
            advance(f"took in {path.name}")
        while library.backfill(64):
            pass
        while library.maintain():
            pass
        answers = []
        for number, question in enumerate(questions, 1):
            answers.append(library.search(question.picture, SearchOptions(top=max(RECALL_SIZES))))
            advance(f"answered {number} of {len(questions)}")
        return answers


def answer_charts(
    questions: Sequence[CollectionQuestion],
    answers: Sequence[Answer],
    shortlisted: Sequence[int | None],
) -> list[Chart | BarChart]:
    """Return recall over the size of the shortlist, reliability, and milliseconds of each stage.

    `shortlisted` has the place of the first right keyframe by the filter for each question.
    """
    ranks = [question.rank(answer) for question, answer in zip(questions, answers, strict=True)]
    first = [
        (answer.results[0].probability, float(rank == 1))
        for answer, rank in zip(answers, ranks, strict=True)
        if answer.results
    ]
    return [
        Chart(
            "recall",
            "Recall over the size of the shortlist",
            ChartAxis("keyframes, or results", RECALL_SIZES[0], RECALL_SIZES[-1], logarithmic=True),
            ChartAxis("share of questions with the right shot", *SHARE_AXIS),
            [
                ChartSeries("shortlist of the filter", _recall(shortlisted)),
                ChartSeries("results of cbvir", _recall(ranks)),
            ],
        ),
        Chart(
            "reliability",
            "Reliability of the first result",
            ChartAxis("probability", *SHARE_AXIS),
            ChartAxis("share that is right", *SHARE_AXIS),
            [ChartSeries("cbvir", _binned(first))],
            diagonal=True,
        ),
        BarChart("stages", "Time of a query by stage, median", "stage", "ms", _stages(answers)),
    ]


def _recall(ranks: Sequence[int | None]) -> list[tuple[float, float]]:
    return [
        (float(size), sum(rank is not None and rank <= size for rank in ranks) / max(1, len(ranks)))
        for size in RECALL_SIZES
    ]


def _binned(pairs: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Return mean probability and share of right ones, in bins of equally many."""
    parts = np.array_split(np.array(sorted(pairs)).reshape(-1, 2), RELIABILITY_BINS)
    return [(float(part[:, 0].mean()), float(part[:, 1].mean())) for part in parts if len(part)]


def _stages(answers: Sequence[Answer]) -> list[tuple[str, float]]:
    spent: dict[str, list[float]] = defaultdict(list)
    for answer in answers:
        for stage, ms in answer.stages_ms.items():
            spent[stage].append(ms)
    return [(stage, float(np.median(values))) for stage, values in spent.items()]
