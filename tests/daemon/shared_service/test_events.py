"""Events: numbered, resumed after a lost connection, and told of what goes offline and comes back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from cbvird.http.event_documents import EVENT_DOCUMENTS
from cbvird.runtime.event_bus import SUBSCRIPTION_BACKLOG_EVENTS, EventBus, ServiceEvent
from support.events import Told, told_by
from support.films import Film
from support.services import Service, frame_at, jpeg


def numbers(events: list[ServiceEvent]) -> list[int]:
    return [event.number for event in events]


# --- the bus ---------------------------------------------------------------------------------------


def test_a_subscriber_goes_on_where_it_was() -> None:
    bus = EventBus()
    with bus.subscribe() as first:
        bus.publish("video", path="/a")
        (seen,) = first.take()
    bus.publish("progress", path="/a")
    bus.publish("video", path="/b")
    with bus.subscribe(bus.id_of(seen)) as again:
        assert [event.data for event in again.take()] == [{"path": "/b"}]  # progress is over
        bus.publish("video", path="/c")
        assert numbers(again.take()) == [4]


def test_what_is_not_kept_is_told_as_missed() -> None:
    bus = EventBus()
    bus.publish("video", path="/a")
    first = bus.id_of(ServiceEvent("video", {}, 1))
    for _ in range(SUBSCRIPTION_BACKLOG_EVENTS):
        bus.publish("video", path="/b")
    with bus.subscribe(first) as kept:
        assert numbers(kept.take()) == list(range(2, SUBSCRIPTION_BACKLOG_EVENTS + 2))
    bus.publish("video", path="/c")
    bus.publish("video", path="/d")
    for unknown in (first, "0000-5", "nonsense", EventBus().id_of(ServiceEvent("video", {}, 1))):
        with bus.subscribe(unknown) as late:
            (missed,) = late.take()
            assert (missed.kind, missed.data) == ("missed", {})
    with bus.subscribe(bus.id_of(missed)) as after:
        assert after.take() == []


# --- the service -----------------------------------------------------------------------------------


def awaited(events: Iterator[Told], kind: str, **data: object) -> Told:
    return next(one for one in events if one.kind == kind and data.items() <= one.data.items())


def test_files_and_folders_that_go_and_come_back(service: Service, path: Path) -> None:
    with service.http.stream("GET", "/v1/events") as stream:
        events = told_by(stream)
        path.rename(service.folder / "away.mp4")
        offline = awaited(events, "video", path=str(path), state="offline")
        assert service.state(path) == "offline"
        (service.folder / "away.mp4").rename(path)
        awaited(events, "video", path=str(path), state="online")
    with service.http.stream("GET", "/v1/events", headers={"last-event-id": offline.id}) as stream:
        events = told_by(stream)
        awaited(events, "video", path=str(path), state="online")  # it is told again
        service.videos.rename(service.folder / "unplugged")
        root = awaited(events, "root", path=str(service.videos), state="offline")
        assert root.data["reason"]
        (service.folder / "unplugged").rename(service.videos)
        awaited(events, "root", path=str(service.videos), state="online")
    service.until_state(path, "indexed")


def test_after_a_restart_events_are_missed(service: Service) -> None:
    with service.http.stream("GET", "/v1/events", headers={"last-event-id": "0000-1"}) as stream:
        assert next(told_by(stream)).kind == "missed"


def test_an_answer_in_stages(service: Service, films: list[Film]) -> None:
    picture = jpeg(frame_at(films[0].path, 1.0))
    usual = service.post("/v1/query", picture)
    headers = {"accept": "text/event-stream"}
    with service.http.stream("POST", "/v1/query", content=picture, headers=headers) as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        stages = list(told_by(stream))
    assert [stage.kind for stage in stages] == ["shortlist", "verified", "answer"]
    for stage in stages:
        assert set(stage.data) == set(usual)
        assert stage.data["results"][0]["path"] == usual["results"][0]["path"]
    assert stages[-1].data["results"] == usual["results"]
    assert stages[0].data["results"][0]["evidence"] is None
    assert stages[0].data["stages_ms"]["verify"] == 0.0
    assert stages[0].data["took_ms"] < stages[-1].data["took_ms"]


def test_a_service_without_a_page_says_how_to_have_one(service: Service) -> None:
    answer = service.http.post("/v1/web/token")
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "no_page")
    assert "[web] listen" in answer.json()["error"]["message"]


def test_an_error_in_stages(service: Service) -> None:
    headers = {"accept": "text/event-stream"}
    with service.http.stream("POST", "/v1/query", content=b"no picture", headers=headers) as stream:
        (told,) = told_by(stream)
    assert (told.kind, told.data["error"]["code"]) == ("error", "not_a_picture")
    refused = service.http.post("/v1/query?top=0", content=b"no picture", headers=headers)
    assert refused.status_code == 400


def test_events_are_described(service: Service) -> None:
    paths = service.get("/openapi.json")["paths"]
    items = paths["/v1/events"]["get"]["responses"]["200"]["content"]["text/event-stream"]["itemSchema"]
    described = {item["properties"]["event"]["const"]: item["properties"]["data"] for item in items["oneOf"]}
    assert set(described) == set(EVENT_DOCUMENTS)
    assert described["root"]["contentSchema"]["required"] == ["path", "state", "reason"]
    query = paths["/v1/query"]["post"]["responses"]["200"]["content"]
    assert query["application/json"]["schema"]["$ref"].endswith("/AnswerDocument")
    stages = query["text/event-stream"]["itemSchema"]["oneOf"]
    assert [stage["properties"]["event"]["const"] for stage in stages] == [
        "shortlist",
        "verified",
        "answer",
        "error",
    ]
    still = paths["/v1/keyframes/{keyframe_id}.jpg"]["get"]["responses"]["200"]["content"]
    assert still["image/jpeg"]["schema"] == {"type": "string", "format": "binary"}
