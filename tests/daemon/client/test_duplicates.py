"""``duplicates``: compared in the background, told in a table, as CSV and as one HTML file."""

from __future__ import annotations

import csv
import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from support.films import Film, write_video
from support.pieces import PIECE_RATE, pictures_of
from support.services import Service

# What the client's conftest gives: it is no module that can be imported.
Ask = Callable[..., Any]

NAME = "<b>&'\"film.mp4"
"""A name that would be markup."""

NOT_UTF8 = b"caf\xe9.mp4"
"""A name that is no UTF-8."""


@pytest.fixture(scope="module")
def service(make_service: Callable[..., Service], films: list[Film], tmp_path_factory: Any) -> Service:
    """A service with a film, a smaller copy of it, an excerpt of both, and another film."""
    folder = tmp_path_factory.mktemp("copies")
    service = make_service(workers=2)
    shown = pictures_of(films[0], (0.0, films[0].duration_s))
    write_video(folder / "copy.mp4", [one[::2, ::2] for one in shown], (160, 90), PIECE_RATE)
    write_video(folder / "excerpt.mp4", shown[5 * PIECE_RATE : 17 * PIECE_RATE], (320, 180), PIECE_RATE)
    shutil.copyfile(films[0].path, folder / "film.mp4")
    service.drop(folder / "film.mp4", NAME)
    service.drop(folder / "copy.mp4", os.fsdecode(NOT_UTF8))
    service.drop(folder / "excerpt.mp4")
    service.drop(films[1].path)
    service.until(lambda: service.get("/v1/status")["videos"].get("indexed") == 4, "all are indexed")
    return service


@pytest.fixture(scope="module")
def document(service: Service, ask: Ask) -> dict[str, Any]:
    done = ask(service, "duplicates", "--json")
    assert done.code == 0, done.err
    found: dict[str, Any] = done.document
    return found


@pytest.mark.parametrize(
    ("file", "said"), [("/nowhere/x.csv", "there is no folder /nowhere"), ("/", "it is a folder")]
)
def test_a_report_that_cannot_be_written_is_refused_before_the_comparison(
    service: Service, ask: Ask, file: str, said: str
) -> None:
    for option in ("--csv", "--html"):
        done = ask(service, "duplicates", option, file)
        assert (done.code, said in done.err, "comparing" in done.err) == (2, True, False)


def names(group: dict[str, Any]) -> list[str]:
    return [place["path"].rpartition("/")[2] for place in group["places"]]


def test_copies_and_excerpts_are_told_by_kind(document: dict[str, Any]) -> None:
    copy, excerpt = document["groups"]
    assert document["total"] == 2
    assert (copy["kind"], excerpt["kind"]) == ("copy", "excerpt")
    assert sorted(names(copy)) == sorted([NAME, r"caf\xe9.mp4"])
    assert names(excerpt)[0] == "excerpt.mp4"
    assert sorted(names(excerpt)[1:]) == sorted([NAME, r"caf\xe9.mp4"])
    for place in excerpt["places"][1:]:
        assert (place["start_s"], place["end_s"]) == pytest.approx((5.0, 17.0), abs=1.0)
    assert document["comparison"]["videos_done"] == document["comparison"]["videos"] == 4


def test_the_second_time_nothing_is_compared(service: Service, document: dict[str, Any], ask: Ask) -> None:
    again = ask(service, "duplicates", "--json").document
    assert again["comparison"]["videos"] == 0
    assert again["groups"] == document["groups"]


def test_people_read_a_table(service: Service, document: dict[str, Any], ask: Ask) -> None:
    done = ask(service, "duplicates")
    assert done.code == 0
    assert done.out.index("Copies") < done.out.index(r"caf\xe9.mp4") < done.out.index("Excerpts")
    assert NAME in done.out
    assert "2 groups: copy 1, excerpt 1" in done.err
    assert "No two videos share anything." in ask(service, "duplicates", "--min-seconds", "3600").out


def test_a_line_of_the_csv_file_is_a_segment(
    service: Service, document: dict[str, Any], ask: Ask, tmp_path: Path
) -> None:
    written = tmp_path / "shared.csv"
    assert ask(service, "duplicates", "--csv", str(written)).code == 0
    with written.open(encoding="utf-8", newline="") as file:
        lines = list(csv.DictReader(file))
    assert len(lines) == sum(len(group["segments"]) for group in document["groups"])
    assert {line["kind"] for line in lines} == {"copy", "excerpt"}
    assert any(line["first_path"].endswith(NAME) or line["second_path"].endswith(NAME) for line in lines)
    assert all(0.9 <= float(line["score"]) <= 1.0 for line in lines)


def test_the_html_file_has_all_in_it_and_no_markup_from_names(
    service: Service, document: dict[str, Any], ask: Ask, tmp_path: Path
) -> None:
    written = tmp_path / "shared.html"
    assert ask(service, "duplicates", "--html", str(written)).code == 0
    text = written.read_text("utf-8")
    assert "<b>" not in text
    assert "&lt;b&gt;&amp;&#x27;&quot;film.mp4" in text
    pictures = re.findall(r"src='data:image/jpeg;base64,([^']+)'", text)
    assert len(pictures) == 2 * sum(len(group["segments"]) for group in document["groups"])
    assert not re.search(r"(src|href)=['\"]?(https?:)?//", text)
    assert text.index("Copies</h2>") < text.index("Excerpts</h2>")


def test_a_file_that_cannot_be_written_is_told(
    service: Service, document: Any, ask: Ask, tmp_path: Path
) -> None:
    done = ask(service, "duplicates", "--csv", str(tmp_path / "nowhere" / "shared.csv"), "--json")
    assert (done.code, done.error["code"]) == (2, "file_unwritable")


def test_a_folder_limits_what_is_compared_and_told(service: Service, document: Any, ask: Ask) -> None:
    film = str(service.videos / NAME)
    some = ask(service, "duplicates", "--in", film, "--in", str(service.videos / "excerpt.mp4"), "--json")
    (group,) = some.document["groups"]
    assert names(group) == ["excerpt.mp4", NAME]
    unknown = ask(service, "duplicates", "--in", "/nowhere", "--json")
    assert (unknown.code, unknown.error["code"]) == (5, "unknown_video")


def test_groups_come_page_by_page(service: Service, document: dict[str, Any]) -> None:
    pages = [
        service.http.get("/v1/duplicates/groups", params={"offset": at, "limit": 1}).json()
        for at in (0, 1, 2)
    ]
    assert [page["total"] for page in pages] == [2, 2, 2]
    assert [group for page in pages for group in page["groups"]] == document["groups"]
    assert pages[2]["groups"] == []
    assert service.http.get("/v1/duplicates/groups", params={"limit": 0}).status_code == 400


def test_stills_come_small(service: Service, document: dict[str, Any]) -> None:
    keyframe = document["groups"][0]["segments"][0]["first_keyframe_id"]
    whole = service.http.get(f"/v1/keyframes/{keyframe}.jpg").content
    small = service.http.get(f"/v1/keyframes/{keyframe}.jpg", params={"side": 64}).content
    assert small[:2] == whole[:2] == b"\xff\xd8"
    assert len(small) < len(whole) / 3
    assert service.http.get(f"/v1/keyframes/{keyframe}.jpg", params={"side": 5000}).status_code == 400


def test_stopping_where_nothing_runs_is_said(service: Service, document: Any, ask: Ask) -> None:
    done = ask(service, "duplicates", "--stop")
    assert (done.code, done.out) == (0, "no comparison runs\n")
