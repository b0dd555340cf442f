"""``query --all``: every scene, by video, as a person and as a script reads it."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import pytest

from cbvir_core.search import FRAME_NOTE, KEYFRAME_NOTE
from support.films import Film, cut_together
from support.services import Service, frame_at, jpeg

VIDEOS = 7
TWICE = 2

# Conftest of this folder is no module that can be imported.
Ask = Callable[..., Any]


@pytest.fixture(scope="module")
def archive(films: list[Film], tmp_path_factory: pytest.TempPathFactory) -> list[Film]:
    """Films with the first shot of the first film in each, twice, between shots of the second."""
    folder, stock = tmp_path_factory.mktemp("archive"), (films[0], 0)
    made = []
    for number in range(VIDEOS):
        parts = [(films[1], number), stock, (films[1], (number + 2) % 8), stock]
        made.append(cut_together(folder / f"[film] {number}.mp4", parts, longest_s=2.0))
    return made


@pytest.fixture(scope="module")
def service(make_service: Callable[..., Service], archive: list[Film]) -> Service:
    service = make_service(workers=2)
    service.index(film.path for film in archive)
    return service


@pytest.fixture
def stock(films: list[Film], tmp_path: Path) -> Path:
    """A frame of the shot that all films share."""
    path = tmp_path / "stock.jpg"
    path.write_bytes(jpeg(frame_at(films[0].path, films[0].middles[0])))
    return path


def test_a_script_reads_every_scene_by_video(service: Service, ask: Ask, stock: Path) -> None:
    done = ask(service, "query", str(stock), "--all", "--json")
    answer = done.document
    assert done.err == ""
    assert done.code == (0 if answer["verdict"] == "match" else 1)
    assert len(answer["results"]) >= TWICE * VIDEOS > 10
    scores = [hit["score"] for hit in answer["results"]]
    assert scores == sorted(scores, reverse=True)
    assert {video["path"] for video in answer["videos"]} == {str(path) for path in service.videos.iterdir()}
    by_rank = {hit["rank"]: hit for hit in answer["results"]}
    ranks = []
    for video in answer["videos"]:
        times = [scene["time_s"] for scene in video["scenes"]]
        assert times == sorted(times)
        assert len(times) >= TWICE
        for scene in video["scenes"]:
            ranks.append(scene["rank"])
            assert scene.items() <= by_rank[scene["rank"]].items()
            assert by_rank[scene["rank"]]["video_id"] == video["video_id"]
    assert sorted(ranks) == list(range(1, len(ranks) + 1)) == sorted(by_rank)
    assert {hit["time_note"] for hit in answer["results"]} <= {KEYFRAME_NOTE, FRAME_NOTE}


def test_a_person_reads_each_file_once(service: Service, ask: Ask, stock: Path) -> None:
    document = ask(service, "query", str(stock), "--all", "--json").document
    done = ask(service, "query", str(stock), "--all")
    lines = done.out.splitlines()
    files = [line for line in lines if line.startswith("/")]
    assert files == [video["path"] for video in document["videos"]]
    spans = [line for line in lines if re.search(r"\d:\d\d\.\d\d to \d:\d\d\.\d\d", line)]
    assert len(spans) == len(document["results"]) == len(lines) - len(files)
    assert all(line.split()[0] in ("match", "likely") for line in spans)
    counted = f"{document['verdict']}, {len(spans)} scenes in {VIDEOS} videos: "
    assert done.err.startswith(counted)
    assert "times of scenes that were not decoded are those of their keyframes" in done.err


def test_it_goes_with_the_other_options(
    service: Service, ask: Ask, archive: list[Film], stock: Path, tmp_path: Path
) -> None:
    one, written = service.videos / archive[3].path.name, tmp_path / "evidence.png"
    options = ["--in", str(one), "--region", "0,0,320,180", "--evidence", str(written), "--json"]
    answer = ask(service, "query", str(stock), "--all", *options).document
    assert [video["path"] for video in answer["videos"]] == [str(one)]
    assert cv2.imread(str(written)) is not None
    assert len(service.post("/v1/query", stock.read_bytes(), all=True)["videos"]) == VIDEOS


def test_all_and_only_some_is_wrong_usage(service: Service, ask: Ask, stock: Path) -> None:
    done = ask(service, "query", str(stock), "--all", "--top", "3", "--json")
    assert (done.code, done.error["code"]) == (2, "bad_request")


def test_what_is_nowhere_is_exit_code_1(
    service: Service, ask: Ask, films: list[Film], tmp_path: Path
) -> None:
    path = tmp_path / "stranger.jpg"
    path.write_bytes(jpeg(frame_at(films[2].path, 1.0)))
    done = ask(service, "query", str(path), "--all")
    assert done.code == 1
    assert "No scene is even likely" in done.out
    assert done.err.startswith("none, 0 scenes in 0 videos: ")
