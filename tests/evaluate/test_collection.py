"""The report of a small collection: one page that loads nothing, and its numbers beside it."""

from __future__ import annotations

import re
import xml.etree.ElementTree as Xml
from pathlib import Path

import numpy as np
import pytest

from cbvir_core.evaluate.__main__ import main
from cbvir_core.evaluate.collection.answers import changed
from cbvir_core.evaluate.collection.charts import Chart, ChartSeries
from support.films import Film


def test_the_report_of_a_folder(
    films: list[Film], tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "140")
    collection = tmp_path / "films"
    collection.mkdir()
    (collection / "film.mp4").symlink_to(films[0].path)
    shots = [f"film.mp4,{shot.start_s},{shot.end_s}" for shot in films[0].shots]
    (collection / "shots.csv").write_text("\n".join(["video,start_s,end_s", *shots]))
    out = tmp_path / "out" / "report.html"
    out.parent.mkdir()
    assert main(["report", str(collection), "--out", str(out), "--form", "online", "vsumm"]) == 0
    assert "Table II" in capsys.readouterr().out
    page = out.read_text()
    assert page.count("<svg") == 4
    assert "online" in page
    assert re.findall(r"(?:src|href)=|@import|url\(", page) == []
    names = {path.name for path in out.parent.glob("*.csv")}
    assert names == {
        f"report-{name}.csv" for name in ("table-II", "thresholds", "recall", "reliability", "stages")
    }
    recall = (out.parent / "report-recall.csv").read_text().splitlines()
    shares = [float(line.rpartition(",")[2]) for line in recall[1:]]
    assert shares == sorted(shares)
    assert shares[-1] >= 0.8  # five changed frames of the film itself
    assert len((out.parent / "report-thresholds.csv").read_text().splitlines()) == 1 + 8 + 6


def test_a_chart_is_drawn_where_its_numbers_are() -> None:
    chart = Chart("a", "A", "x & y", "y", [ChartSeries("one", [(0, 0), (1, 1)])], diagonal=True)
    drawn = Xml.fromstring(chart.svg())
    dots = [one for one in drawn.iter() if one.tag.endswith("circle")]
    first, last = ((float(one.get("cx", "")), float(one.get("cy", ""))) for one in dots)
    assert first[0] < last[0]
    assert first[1] > last[1]  # up
    assert chart.csv() == "series,x & y,y\none,0,0\none,1,1\n"
    assert Xml.fromstring(Chart("b", "B", "x", "y", []).svg()) is not None


def test_a_question_is_cut_and_compressed() -> None:
    image = np.zeros((100, 200, 3), np.uint8)
    image[:, :, 0] = 200
    made = changed(image)
    assert made.shape == (80, 160, 3)
    assert int(made[40, 80].argmax()) == 0
