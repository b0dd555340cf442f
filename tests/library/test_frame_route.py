"""Every frame and every part of it is found at its moment: a library over real clips, both routes."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from multiprocessing.synchronize import Event
from pathlib import Path

import numpy as np
import pytest

from cbvir_core.decode import fit_within, read_frames
from cbvir_core.library import Library
from cbvir_core.search import SearchOptions
from cbvir_core.types import Answer, Frame, Hit, Image, Verdict
from support.conversions import bring_builtin
from support.libraries import store_of

CLIPS = (
    "decord--flipping_a_pancake.mkv",
    "interactive-examples--friday.mp4",
    "learning-area--frog.mp4",
    "moviepy--chaplin.mp4",
)

BOTH_ROUTES = SearchOptions()
KEYFRAMES_ALONE = replace(BOTH_ROUTES, frames=False)

MOMENT_S = 0.05
"""Seconds within which a time is that of the frame."""


@pytest.fixture(scope="module")
def library(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    """Four clips with the built-in weights."""
    if not all((shared / "videos" / name).exists() for name in CLIPS):
        pytest.skip("../shared has not all the clips")
    data = tmp_path_factory.mktemp("library")
    bring_builtin(data / "cache")
    with Library.open(data, profile="builtin") as opened:
        for name in CLIPS:
            opened.add(shared / "videos" / name)
        yield opened


@pytest.fixture(scope="module")
def frames(library: Library, shared: Path) -> dict[str, list[Frame]]:
    """Of each clip two frames that lie between its samples."""
    found = {}
    for name in CLIPS:
        with read_frames(shared / "videos" / name, samples_per_s=8, mode="every", max_side=640) as reader:
            some = [frame for frame in reader if frame.time_s < 12]
        found[name] = [some[len(some) * part // 8] for part in (2, 5)]
    return found


def shown(answer: Answer) -> tuple[str, float]:
    return answer.results[0].path.name, answer.results[0].time_s


def middle(image: Image, share: float) -> Image:
    height, width = image.shape[:2]
    rows, columns = (round(side * (1 - share) / 2) for side in (height, width))
    return np.ascontiguousarray(image[rows : height - rows, columns : width - columns])


def beside(one: Image, other: Image) -> Image:
    height = min(len(one), len(other))
    return np.concatenate([one[:height], other[:height]], axis=1)


def test_every_clip_has_codes_and_the_index_holds_them(library: Library) -> None:
    counts = library.frame_counts()
    assert (counts.coded, counts.waiting) == (library.counts().keyframes, 0)


def test_an_unedited_frame_is_a_match_at_its_moment(library: Library, frames: dict[str, list[Frame]]) -> None:
    for name, some in frames.items():
        for frame in some:
            answer = library.search(frame.image)
            assert answer.verdict is Verdict.MATCH
            path, time_s = shown(answer)
            assert path == name
            hit = answer.results[0]
            assert hit.scene_start_s - 1 <= frame.time_s <= hit.scene_end_s + 1
            # The first of a run of frames that look the same is as right.
            assert abs(time_s - frame.time_s) <= MOMENT_S or looks_the_same(hit, frame)


def looks_the_same(hit: Hit, frame: Frame) -> bool:
    with read_frames(hit.path, samples_per_s=60, mode="every", max_side=640) as reader:
        at = next(one for one in reader if one.time_s >= hit.time_s - 1e-3)
    return bool(np.abs(at.image.astype(np.int16) - frame.image).mean() < 2)


EDITS: dict[str, Callable[[Image], Image]] = {
    "turned by 180": lambda image: np.ascontiguousarray(image[::-1, ::-1]),
    "turned by 90": lambda image: np.ascontiguousarray(np.rot90(image, -1)),
    "its middle": lambda image: middle(image, 0.6),
    "small": lambda image: fit_within(image, 160),
}


@pytest.mark.parametrize(
    "edit", [pytest.param(one, marks=pytest.mark.slow) if one == "turned by 90" else one for one in EDITS]
)
def test_an_edited_frame_is_found_near_its_moment(
    library: Library, frames: dict[str, list[Frame]], edit: str
) -> None:
    asked = [(name, some[number % 2]) for number, (name, some) in enumerate(frames.items())]
    found = [shown(library.search(EDITS[edit](frame.image))) for _, frame in asked]
    right = [
        path == name and abs(time_s - frame.time_s) <= 1
        for (name, frame), (path, time_s) in zip(asked, found, strict=True)
    ]
    assert sum(right) >= 0.75 * len(asked)


def test_one_half_of_a_collage_is_found(library: Library, frames: dict[str, list[Frame]]) -> None:
    firsts = [(name, some[1]) for name, some in frames.items()]
    for (left, one), (right, other) in zip(firsts, firsts[1:] + firsts[:1], strict=True):
        path, _ = shown(library.search(beside(one.image, other.image)))
        assert path in (left, right)


def test_the_frame_route_finds_what_keyframes_lack(library: Library, frames: dict[str, list[Frame]]) -> None:
    """A small part of a frame resembles no still as a whole."""

    def right(options: SearchOptions) -> int:
        return sum(
            shown(library.search(middle(some[0].image, 0.35), options))[0] == name
            for name, some in frames.items()
        )

    assert right(BOTH_ROUTES) >= right(KEYFRAMES_ALONE)


def busy(stop: Event) -> None:
    while not stop.is_set():
        sum(range(10_000))


@contextmanager
def half_a_processor() -> Iterator[None]:
    """Keep all threads of this process to one processor, with another process that never waits."""
    processors = os.sched_getaffinity(0)
    context = multiprocessing.get_context("spawn")
    stop = context.Event()
    keep_to({min(processors)})
    loop = context.Process(target=busy, args=(stop,))
    loop.start()
    try:
        yield
    finally:
        keep_to(processors)
        stop.set()
        loop.join()


def keep_to(processors: set[int]) -> None:
    for thread in Path("/proc/self/task").iterdir():
        with suppress(ProcessLookupError):
            os.sched_setaffinity(int(thread.name), processors)


def test_a_busy_machine_answers_later_and_not_otherwise(
    library: Library, frames: dict[str, list[Frame]]
) -> None:
    while library.backfill():  # a query computes descriptors that are missing, and the next one has them
        pass
    picture = middle(frames[CLIPS[0]][0].image, 0.6)
    idle = outcome(library.search(picture))
    with half_a_processor():
        assert outcome(library.search(picture)) == idle


def outcome(answer: Answer) -> list[tuple[object, ...]]:
    return [
        (hit.keyframe_id, hit.time_s, hit.verdict, hit.probability, hit.variant) for hit in answer.results
    ]


def test_a_forgotten_film_is_found_by_no_frame(
    shared: Path, tmp_path: Path, frames: dict[str, list[Frame]], library: Library
) -> None:
    name = CLIPS[2]
    video = library.find(str(shared / "videos" / name))
    before = library.search(frames[name][0].image)
    assert before.results[0].keyframe_id.video == video.video_id
    library.remove(video.video_id)
    try:
        after = library.search(frames[name][0].image)
        assert video.video_id not in {hit.keyframe_id.video for hit in after.results}
    finally:
        library.add(shared / "videos" / name)
    assert shown(library.search(frames[name][0].image)) == shown(before)


def test_a_library_of_the_version_before_is_completed_and_answers_meanwhile(
    shared: Path, tmp_path: Path, frames: dict[str, list[Frame]]
) -> None:
    name = CLIPS[0]
    bring_builtin(tmp_path / "cache")
    with Library.open(tmp_path, profile="builtin", frames=False) as former:
        former.add(shared / "videos" / name)
        assert store_of(former).frame_counts().coded == 0
    with Library.open(tmp_path, profile="builtin") as library:
        counts = library.frame_counts()
        assert counts.waiting == library.counts().keyframes
        assert any("still to be read" in note for note in library.notes)
        picture = frames[name][1].image
        assert shown(library.search(picture))[0] == name
        while library.backfill_frames():
            pass
        assert library.frame_counts().waiting == 0
        path, time_s = shown(library.search(picture))
        assert path == name
        assert time_s == pytest.approx(frames[name][1].time_s, abs=MOMENT_S)
