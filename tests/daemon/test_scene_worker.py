"""Known scenes are read anew in a worker process, in the background and after everything else."""

from __future__ import annotations

import multiprocessing
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cbvir_core.decode import probe
from cbvir_core.errors import FileChanged, FileUnreadable
from cbvir_core.keyframes import KeyframeOptions, SceneTask, extract_keyframes, read_scene_frames
from cbvir_core.types import SampledFrames, VideoId
from cbvird.runtime.event_bus import EventBus
from cbvird.runtime.maintenance import BackgroundMaintenance
from cbvird.worker import supervisor
from cbvird.worker.scenes import SceneWorker
from cbvird.worker.supervisor import DecodeStopped
from support.films import Film


@pytest.fixture
def task(films: list[Film]) -> SceneTask:
    path = films[0].path
    ends_s = tuple(keyframe.scene_end_s for keyframe in extract_keyframes(path))
    return SceneTask(path, probe(path).video_id, ends_s, (8, 8, 300, 170), KeyframeOptions().sample_s, "auto")


@pytest.fixture
def read_scenes() -> SceneWorker:
    return SceneWorker(timeout_s=60, memory_mb=2048, stop=threading.Event())


def assert_same(one: SampledFrames | None, other: SampledFrames | None) -> None:
    assert one is not None
    assert other is not None
    np.testing.assert_array_equal(one.times_s, other.times_s)
    np.testing.assert_array_equal(one.pictures, other.pictures)


def test_a_worker_reads_the_scenes_that_the_library_would_read(
    task: SceneTask, read_scenes: SceneWorker
) -> None:
    expected = list(read_scene_frames(task))
    assert len(expected) == len(task.scene_ends_s) >= 4
    for one, other in zip(read_scenes(task), expected, strict=True):
        assert_same(one, other)


def test_a_scene_without_a_sample_is_none(task: SceneTask, read_scenes: SceneWorker) -> None:
    first, *ends_s = task.scene_ends_s
    scenes = list(read_scenes(replace(task, scene_ends_s=(first, first, *ends_s))))
    assert [scene is None for scene in scenes] == [False, True] + [False] * len(ends_s)


def test_what_reading_raises_arrives(task: SceneTask, read_scenes: SceneWorker, tmp_path: Path) -> None:
    with pytest.raises(FileChanged, match="another video"):
        next(read_scenes(replace(task, video_id=VideoId("ab" * 16))))
    with pytest.raises(FileUnreadable):
        next(read_scenes(replace(task, path=tmp_path / "gone.mp4")))


def test_closing_early_ends_the_worker(task: SceneTask, read_scenes: SceneWorker) -> None:
    scenes = read_scenes(task)
    assert next(scenes) is not None
    assert [child.name for child in multiprocessing.active_children()] == [f"decode {task.path.name}"]
    scenes.close()
    assert multiprocessing.active_children() == []


def test_a_stopping_service_ends_the_reading(task: SceneTask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "WORKER_CHECK_S", 0.0)  # a worker is silent while it starts
    stop = threading.Event()
    stop.set()
    with pytest.raises(DecodeStopped):
        list(SceneWorker(timeout_s=60, memory_mb=2048, stop=stop)(task))


class FakeLibrary:
    """A library that has some of each kind of background work; notes what is done."""

    refine_loading = False

    def __init__(self, stop: threading.Event) -> None:
        self.stop, self.done = stop, list[str]()
        self.left = {"reembed": 1, "backfill": 1, "backfill_features": 1, "backfill_frames": 2}

    def __getattr__(self, name: str) -> Any:
        def step(limit: int) -> int:
            assert limit >= 1
            if not self.left[name]:
                if name == "backfill_frames":
                    self.stop.set()
                return 0
            self.left[name] -= 1
            self.done.append(name)
            return 1

        return step


def test_frames_are_completed_after_everything_else() -> None:
    stop = threading.Event()
    library: Any = FakeLibrary(stop)
    BackgroundMaintenance(library, EventBus()).backfill(stop)
    assert library.done == ["reembed", "backfill", "backfill_features", "backfill_frames", "backfill_frames"]


def test_a_stop_while_scenes_are_read_is_no_error() -> None:
    stop = threading.Event()
    library: Any = FakeLibrary(stop)

    def stopped(limit: int) -> int:
        stop.set()
        raise DecodeStopped

    library.backfill_frames = stopped
    BackgroundMaintenance(library, EventBus()).backfill(stop)
    assert library.done == ["reembed", "backfill", "backfill_features"]
