"""Known scenes of a video, read anew in a decode worker, as the ingest reads them."""

from __future__ import annotations

import threading
from collections.abc import Generator

from cbvir_core.keyframes import KeyframeOptions, SceneTask
from cbvir_core.types import SampledFrames
from cbvird.worker.process import DecodeTask
from cbvird.worker.supervisor import DecodeWorker

SCENES_NICE = 19
"""Priority of a worker that reads scenes anew: below the workers of ingest."""


class SceneWorker:
    """Takes the place of `cbvir_core.keyframes.read_scene_frames`: one worker process reads one video.

    The worker waits while no scene is taken from it.
    """

    def __init__(self, *, timeout_s: float, memory_mb: int, stop: threading.Event) -> None:
        self._timeout_s, self._memory_mb, self._stop = timeout_s, memory_mb, stop

    def __call__(self, task: SceneTask) -> Generator[SampledFrames | None, None, None]:
        """Yield the frames of each scene.

        Raises what reading raised in the worker, what ended it, and DecodeStopped once `stop` is set.
        """
        decode = DecodeTask(
            task.path, task.mode, KeyframeOptions(), self._memory_mb, nice=SCENES_NICE, scenes=task
        )
        with DecodeWorker(decode, timeout_s=self._timeout_s, stop=self._stop) as worker:
            yield from worker.scenes()
