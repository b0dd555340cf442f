"""The dashboard and the alert rules use metrics that the service has, and no others."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from cbvird.http.metrics import _of_self_test
from cbvird.runtime.self_test import SelfTestResult
from support.services import Service

MONITORING = Path(__file__).resolve().parents[2] / "monitoring"
FOUND = SelfTestResult(at=1.0, asked=1, right=1.0, matches=1.0, false_matches=0.0, p50_ms=1.0, p95_ms=1.0)


def expressions() -> Iterator[tuple[str, str]]:
    """Every expression of both files, with what it belongs to."""
    dashboard: dict[str, Any] = json.loads((MONITORING / "grafana.json").read_text())
    for panel in dashboard["panels"]:
        for target in panel["targets"]:
            yield panel["title"], target["expr"]
    alert = ""
    for line in (MONITORING / "alerts.yml").read_text().splitlines():
        name, _, value = line.strip().removeprefix("- ").partition(": ")
        alert = value if name == "alert" else alert
        if name == "expr":
            yield alert, value


@pytest.fixture(scope="module")
def service(make_service: Callable[..., Service]) -> Service:
    return make_service()


def test_every_metric_that_is_used_is_there(service: Service) -> None:
    text = service.http.get("/metrics").text
    known = set(re.findall(r"^(cbvir_\w+)", text, re.MULTILINE))
    known |= {metric.name for metric in _of_self_test(FOUND)}
    used = {(title, name) for title, text in expressions() for name in re.findall(r"cbvir_\w+", text)}
    assert {(title, name) for title, name in used if name not in known} == set()
    assert len({name for _, name in used}) >= 12


def test_panels_do_not_overlap_and_have_numbers_of_their_own() -> None:
    panels = json.loads((MONITORING / "grafana.json").read_text())["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    places = [(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in panels]
    assert len(set(places)) == len(places)
