"""The report of a small collection: one page that loads nothing, and its numbers beside it."""

from __future__ import annotations

import csv
import re
import xml.etree.ElementTree as Xml
from pathlib import Path

import numpy as np
import pytest

from cbvir_core.evaluate.__main__ import main
from cbvir_core.evaluate.collection.answers import changed
from cbvir_core.evaluate.collection.charts import SHARE_AXIS, BarChart, Chart, ChartAxis, ChartSeries
from support.films import Film


def test_the_report_of_a_folder(
    films: list[Film],
    weights: tuple[Path, Path],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COLUMNS", "140")
    collection = tmp_path / "films"
    collection.mkdir()
    (collection / "film.mp4").symlink_to(films[0].path)
    shots = [f"film.mp4,{shot.start_s},{shot.end_s}" for shot in films[0].shots]
    (collection / "shots.csv").write_text("\n".join(["video,start_s,end_s", *shots]))
    out = tmp_path / "out" / "report.html"
    out.parent.mkdir()
    networks = ["--filter", str(weights[0]), "--refine", str(weights[1]), "--distance", "0.4"]
    line = ["report", str(collection), "--out", str(out), "--form", "online", "vsumm", *networks]
    assert main(line) == 0
    assert "Table II" in capsys.readouterr().out
    page = out.read_text()
    assert page.count("<svg") == 4
    tables = ("Table II:", "Table III:", "Table IV: frames of the shots")
    assert all(text in page for text in ("online", "SOLAR", "MoReSo, within 0.4", *tables))
    assert re.findall(r"(?:src|href)=|@import|url\(", page) == []
    names = {path.name for path in out.parent.glob("*.csv")}
    charts = ("thresholds", "recall", "reliability", "stages")
    assert names == {f"report-{name}.csv" for name in ("table-II", "table-III", "table-IV", *charts)}
    assert all(f"numbers: {name}" in page for name in names)
    with (out.parent / "report-recall.csv").open() as stream:
        recall = list(csv.reader(stream))[1:]
    for name in ("shortlist of the filter", "results of cbvir"):
        shares = [float(share) for one, _, share in recall if one == name]
        assert shares == sorted(shares)
        assert shares[-1] >= 0.8  # five changed frames of the film itself
    assert len((out.parent / "report-thresholds.csv").read_text().splitlines()) == 1 + 8 + 6


def test_a_chart_is_drawn_where_its_numbers_are() -> None:
    lines = [ChartSeries("one, or two", [(0, 0), (1, 1)], ["a", "b"])]
    chart = Chart("a", "A", ChartAxis("x & y"), ChartAxis("y", *SHARE_AXIS), lines, diagonal=True)
    drawn = Xml.fromstring(chart.svg())
    dots = [one for one in drawn.iter() if one.tag.endswith("circle")]
    first, last = ((float(one.get("cx", "")), float(one.get("cy", ""))) for one in dots)
    assert first[0] < last[0]
    assert first[1] > last[1]  # up
    assert [one.text for one in drawn.iter() if one.text in ("a", "b")] == ["a", "b"]
    assert chart.csv() == 'series,x & y,y,mark\n"one, or two",0,0,a\n"one, or two",1,1,b\n'
    assert Xml.fromstring(Chart("b", "B", ChartAxis("x"), ChartAxis("y"), []).svg()) is not None


def test_a_logarithmic_axis_gives_each_doubling_the_same_room() -> None:
    points = [(1.0, 0.5), (2.0, 0.5), (4.0, 0.5), (100.0, 0.5)]
    axis = ChartAxis("size", 1, 100, logarithmic=True)
    chart = Chart("a", "A", axis, ChartAxis("y", *SHARE_AXIS), [ChartSeries("one", points)])
    drawn = Xml.fromstring(chart.svg())
    one, two, four, _ = (float(at.get("cx", "")) for at in drawn.iter() if at.tag.endswith("circle"))
    assert two - one == pytest.approx(four - two, abs=0.2)
    labels = [at.text for at in drawn.iter() if at.tag.endswith("text")]
    assert [text for text in labels if text in ("1", "2", "5", "10", "20", "50", "100")][-1] == "100"


def test_bars_are_as_long_as_their_values() -> None:
    chart = BarChart("stages", "Stages", "stage", "ms", [("decode, all", 20.0), ("refine", 5.0)])
    widths = [
        float(one.get("width", "")) for one in Xml.fromstring(chart.svg()).iter() if one.tag.endswith("rect")
    ]
    assert widths[0] == pytest.approx(4 * widths[1], abs=0.1)
    assert chart.csv() == 'stage,ms\n"decode, all",20\nrefine,5\n'


def test_a_question_is_cut_and_compressed() -> None:
    image = np.zeros((100, 200, 3), np.uint8)
    image[:, :, 0] = 200
    made = changed(image)
    assert made.shape == (80, 160, 3)
    assert int(made[40, 80].argmax()) == 0
