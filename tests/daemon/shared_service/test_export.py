"""Results as files for other programs, read back as those programs read them."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import asdict
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import opentimelineio as otio
import pytest

from cbvir_core.decode import read_picture
from cbvird.export import (
    ExportedResult,
    SheetCell,
    TimelineForm,
    annotation_page,
    as_csv,
    as_json,
    as_timeline,
    contact_sheets,
    one_sheet,
)
from support.services import Service

TRAP = 'a\r\n* FROM CLIP NAME: b & <c> "d" \x07\ud800'
RESULTS = [
    ExportedResult("v1", "/films/Ölberg 1.mp4", 10.0, 15.2, 12.48, "match 0.93"),
    ExportedResult("v2", f"/films/{TRAP}.mkv", 0.0, 0.0, 0.0, f"=1+1 {TRAP}"),
    ExportedResult("v1", "/films/Ölberg 1.mp4", 61.0, 62.0, 62.0, ""),
]
RATES: dict[str, float | None] = {"v1": 24000 / 1001, "v2": None}


def test_a_table_holds_no_formulas() -> None:
    rows = list(csv.DictReader(io.StringIO(as_csv(RESULTS).decode(), newline="")))
    assert [float(row["time_s"]) for row in rows] == [12.48, 0.0, 62.0]
    assert rows[0]["path"] == "/films/Ölberg 1.mp4"
    assert rows[1]["label"].startswith("'=1+1")


def test_json_is_what_was_sent() -> None:
    (first, *_), kept = RESULTS, json.loads(as_json(RESULTS))["results"]
    assert kept[0] == asdict(first)
    assert len(kept) == len(RESULTS)


def test_annotations_point_at_fragments() -> None:
    page = json.loads(annotation_page(RESULTS))
    assert (page["@context"], page["type"]) == ("http://www.w3.org/ns/anno.jsonld", "AnnotationPage")
    first = page["items"][0]
    assert first["target"]["source"]["id"] == "file:///films/%C3%96lberg%201.mp4"
    assert first["target"]["selector"]["value"] == "t=10.000,15.200"
    assert first["body"]["value"] == "match 0.93"
    assert len({item["id"] for item in page["items"]}) == 3
    assert json.loads(annotation_page(RESULTS)) == page
    assert json.loads(annotation_page(RESULTS[:1]))["id"] != page["id"]


def test_markers_on_a_time_line() -> None:
    written = as_timeline(RESULTS, RATES, TimelineForm.OTIO)
    timeline = otio.adapters.read_from_string(written.decode(), "otio_json")
    clips = list(timeline.find_clips())
    assert [clip.source_range.start_time.rate for clip in clips] == pytest.approx(
        [23.976, 25.0, 23.976], abs=0.01
    )
    assert clips[0].source_range.start_time.to_seconds() == pytest.approx(10.0, abs=0.02)
    assert clips[0].source_range.duration.to_seconds() == pytest.approx(5.2, abs=0.04)
    (marker,) = clips[0].markers
    assert marker.marked_range.start_time.to_seconds() == pytest.approx(12.48, abs=0.02)
    assert marker.name == "match 0.93"
    assert clips[1].source_range.duration.value == 1
    assert clips[2].markers[0].marked_range.start_time < clips[2].source_range.end_time_exclusive()


def test_an_edit_decision_list() -> None:
    written = as_timeline(RESULTS, {"v1": 25.0}, TimelineForm.EDL).decode()
    events = [line for line in written.splitlines() if line[:3].isdigit()]
    assert len(events) == 3
    assert events[0].split()[-4:] == ["00:00:10:00", "00:00:15:05", "00:00:00:00", "00:00:05:05"]
    assert "* LOC: 00:00:12:12 GREEN   MATCH 0.93" in written
    assert events[0].split()[1] == "_lberg_1"
    assert not any(line.startswith("* FROM CLIP NAME: b") for line in written.splitlines())
    assert otio.adapters.read_from_string(written, "cmx_3600", rate=25.0).tracks[0][0].name == "Ölberg 1.mp4"


def test_final_cut_s_xml() -> None:
    written = as_timeline(RESULTS, {"v1": 25.0, "v2": 25.0}, TimelineForm.FCPXML).decode()
    root = ElementTree.fromstring(written)
    assert next(asset.get("src") for asset in root.iter("asset")) == "file:///films/%C3%96lberg%201.mp4"
    clips = next(root.iter("spine")).findall("clip")
    assert [clip.get("offset") for clip in clips] == ["0s", "26/5s", "131/25s"]
    assert clips[0].get("start") == "10s"
    marker = clips[0].find("marker")
    assert marker is not None
    assert (marker.get("start"), marker.get("value")) == ("312/25s", "match 0.93")


def test_contact_sheets() -> None:
    picture = np.full((1080, 1920, 3), (200, 30, 30), np.uint8)
    tall = np.full((900, 300, 3), (30, 30, 200), np.uint8)
    cells = [SheetCell(RESULTS[0], picture), SheetCell(RESULTS[1], tall)] * 8
    pages = contact_sheets(cells)
    assert len(pages) == 2
    assert pages[0].shape == pages[1].shape
    width, height = pages[0].shape[1], pages[0].shape[0]
    assert height / width == pytest.approx(2**0.5, abs=0.1)
    red = (np.abs(pages[0].astype(int) - (200, 30, 30)).max(axis=2) < 5).sum()
    assert red == pytest.approx(8 * 384 * 216, rel=0.01)
    long = one_sheet(cells)
    assert long.shape[1] == width
    assert one_sheet([]).shape[1] == width


# --- the service -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def body(path: Path, video_id: str) -> dict[str, object]:
    result = {"video_id": video_id, "path": str(path), "label": "match"}
    spans = [{"start_s": 1.0, "time_s": 1.5, "end_s": 2.0}, {"start_s": 4.0, "time_s": 4.0, "end_s": 6.0}]
    return {"results": [result | span for span in spans]}


@pytest.mark.parametrize(
    ("form", "kind", "beginning"),
    [
        ("csv", "text/csv; charset=utf-8", b"path,start_s"),
        ("json", "application/json", b"{"),
        ("edl", "text/plain; charset=utf-8", b"TITLE: cbvir"),
        ("fcpxml", "application/xml", b"<?xml"),
        ("otio", "application/json", b"{"),
        ("webannotation", 'application/ld+json; profile="http://www.w3.org/ns/anno.jsonld"', b"{"),
        ("png", "image/png", b"\x89PNG"),
        ("pdf", "application/pdf", b"%PDF-"),
    ],
)
def test_files(service: Service, body: dict[str, object], form: str, kind: str, beginning: bytes) -> None:
    answer = service.http.post("/v1/export", params={"format": form}, json=body)
    assert answer.headers["content-type"] == kind, answer.text
    assert answer.headers["content-disposition"].startswith('attachment; filename="cbvir.')
    assert answer.content.startswith(beginning)
    described = service.get("/openapi.json")["paths"]["/v1/export"]["post"]["responses"]["200"]["content"]
    expected = "object" if beginning == b"{" else "string"
    assert described[kind.partition(";")[0]]["schema"]["type"] == expected
    if form == "png":
        assert read_picture(answer.content).shape[1] > 1000
    if form == "edl":
        assert len([line for line in answer.text.splitlines() if line[:3].isdigit()]) == 2


def test_what_cannot_be_exported(service: Service, body: dict[str, object]) -> None:
    results = body["results"]
    assert isinstance(results, list)
    backwards = results[0] | {"end_s": 0.0}
    unknown = results[0] | {"video_id": "0123"}
    for form, wrong in (
        ("doc", results),
        ("csv", [backwards]),
        ("csv", "none"),
        ("edl", []),
        ("png", results * 60),
        ("pdf", [unknown]),
    ):
        answer = service.http.post("/v1/export", params={"format": form}, json={"results": wrong})
        assert (answer.status_code, answer.json()["error"]["code"]) == (400, "bad_request")
    answer = service.http.post("/v1/export", params={"format": "csv"}, json={"results": [backwards]})
    assert answer.json()["error"]["message"] == "results.0: should have start_s <= time_s <= end_s"


def test_the_address_of_a_file_has_the_bytes_of_its_name() -> None:
    result = ExportedResult("v1", "/films/caf\\xe9.mp4", 0.0, 1.0, 0.0, "")
    assert result.address == "file:///films/caf%E9.mp4"
