"""The HTTP contract: routes, documents, and one shape for every error."""

from __future__ import annotations

import shutil
import socket
from collections.abc import Callable

import pytest
from prometheus_client.parser import text_string_to_metric_families

from cbvir_core.decode import read_picture
from cbvir_core.search import STAGES
from support.films import Film
from support.services import Service, frame_at, jpeg


@pytest.fixture(scope="module")
def service(make_service: Callable[..., Service], films: list[Film]) -> Service:
    service = make_service()
    path = service.drop(films[0].path)
    service.until_state(path, "indexed")
    return service


@pytest.fixture(scope="module")
def video_id(service: Service) -> str:
    found: str = service.get("/v1/videos")["videos"][0]["video_id"]
    return found


@pytest.fixture(scope="module")
def picture(films: list[Film]) -> bytes:
    return jpeg(frame_at(films[0].path, 1.0))


def refusal(service: Service, method: str, path: str, **more: object) -> tuple[int, str]:
    response = service.http.request(method, path, **more)  # type: ignore[arg-type]
    error = response.json()["error"]
    assert set(error) == {"code", "message", "retry"}
    assert error["message"]
    return response.status_code, error["code"]


def test_the_answer_has_the_contract_s_keys(service: Service, picture: bytes) -> None:
    answer = service.post("/v1/query", picture)
    assert set(answer) >= {
        "verdict", "took_ms", "stages_ms", "keyframes_searched", "shortlisted", "profile", "results",
    }  # fmt: skip
    assert set(answer["stages_ms"]) == set(STAGES)
    assert set(answer["results"][0]) >= {
        "rank", "video_id", "path", "time_s", "scene_start_s", "scene_end_s", "score", "verdict",
        "keyframe_id", "variant", "evidence", "exact", "until_s", "time_note", "occurrences",
    }  # fmt: skip
    assert any("SOLAR" in note for note in answer["notes"])


def test_a_picture_as_a_form(service: Service, picture: bytes) -> None:
    response = service.http.post("/v1/query", files={"picture": ("query.jpg", picture, "image/jpeg")})
    assert response.json()["results"][0] == service.post("/v1/query", picture)["results"][0]


def test_options_of_a_query(service: Service, picture: bytes, video_id: str) -> None:
    assert len(service.post("/v1/query", picture, top=1)["results"]) == 1
    assert service.post("/v1/query", picture, region="10,10,200,120")["results"]
    within = {"in": [str(service.videos), video_id[:8]]}
    assert service.post("/v1/query", picture, **within)["results"]


def test_all_scenes_by_video(service: Service, picture: bytes, video_id: str) -> None:
    answer = service.post("/v1/query", picture, all=True)
    (found,) = answer["videos"]
    assert found["video_id"] == video_id
    assert {scene["rank"] for scene in found["scenes"]} == {hit["rank"] for hit in answer["results"]}
    assert all(hit["verdict"] != "none" for hit in answer["results"])
    usual = service.post("/v1/query", picture, all=False)
    assert sum(len(video["scenes"]) for video in usual["videos"]) == len(usual["results"])
    parameters = service.get("/openapi.json")["paths"]["/v1/query"]["post"]["parameters"]
    assert {"name": "all", "in": "query"}.items() <= next(p for p in parameters if p["name"] == "all").items()


@pytest.mark.parametrize(
    ("parameters", "status", "code"),
    [
        ({"all": True, "top": 3}, 400, "bad_request"),
        ({"all": "every"}, 400, "bad_request"),
        ({"top": 0}, 400, "bad_request"),
        ({"top": "many"}, 400, "bad_request"),
        ({"region": "1,2,3"}, 400, "bad_request"),
        ({"region": "0,0,0,5"}, 400, "bad_request"),
        ({"region": "5000,5000,10,10"}, 400, "bad_input"),
        ({"in": "/no/such/folder"}, 404, "unknown_video"),
    ],
)
def test_options_that_cannot_be(
    service: Service, picture: bytes, parameters: dict[str, object], status: int, code: str
) -> None:
    assert refusal(service, "POST", "/v1/query", content=picture, params=parameters) == (status, code)


def test_no_picture_and_too_large_a_picture(service: Service) -> None:
    assert refusal(service, "POST", "/v1/query") == (415, "not_a_picture")
    assert refusal(service, "POST", "/v1/query", data={"a": "b"}, files={}) == (415, "not_a_picture")
    form = {"content-type": "multipart/form-data; boundary=x"}
    assert refusal(service, "POST", "/v1/query", content=b"--x--\r\n", headers=form) == (400, "bad_request")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as announced:
        announced.connect(str(service.socket))
        announced.sendall(b"POST /v1/query HTTP/1.1\r\nhost: cbvird\r\ncontent-length: 99999999\r\n\r\n")
        assert announced.recv(100).startswith(b"HTTP/1.1 413 ")
    chunks = (bytes(1 << 20) for _ in range(65))
    assert refusal(service, "POST", "/v1/query", content=chunks) == (413, "too_large")


def test_unknown_things(service: Service) -> None:
    assert refusal(service, "GET", "/v1/videos/0123") == (404, "unknown_video")
    assert refusal(service, "GET", "/v1/videos", params={"video": "/no/such.mp4"}) == (404, "unknown_video")
    assert refusal(service, "GET", "/v1/keyframes/0123:4.jpg") == (404, "unknown_video")
    assert refusal(service, "GET", "/v1/keyframes/nonsense.jpg") == (404, "unknown_video")
    assert refusal(service, "POST", "/v1/keyframes/nonsense/evidence") == (404, "unknown_video")
    assert refusal(service, "GET", "/v1/nothing") == (404, "not_found")
    assert refusal(service, "PUT", "/v1/query") == (405, "method_not_allowed")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", "/v1/query", {"POST"}),
        ("PATCH", "/v1/duplicates", {"GET", "POST", "DELETE"}),
        ("PUT", "/v1/videos/0123", {"GET", "DELETE"}),
        ("POST", "/v1/keyframes/0123:4.jpg", {"GET", "HEAD"}),
    ],
)
def test_a_method_that_a_path_does_not_have_is_told_those_that_it_has(
    service: Service, method: str, path: str, allowed: set[str]
) -> None:
    response = service.http.request(method, path)
    assert response.status_code == 405
    assert set(response.headers["allow"].split(", ")) == allowed


def test_a_time_in_no_video_is_refused(service: Service, picture: bytes, video_id: str) -> None:
    late = {"t": 1e17, "time_s": 1e308, "start_s": 1e17, "end_s": 1e17}
    for path in ("frame.jpg", "strip.jpg", "clip.mp4"):
        refused = refusal(service, "GET", f"/v1/videos/{video_id}/{path}", params=late)
        assert refused == (400, "bad_request")
    for path in ("evidence", "agreement"):
        address = f"/v1/keyframes/{video_id}:0/{path}"
        assert refusal(service, "POST", address, params=late, content=picture) == (400, "bad_request")
    assert service.http.get(f"/v1/videos/{video_id}/frame.jpg", params={"t": 1e7}).is_success


def test_a_video_by_path_and_by_prefix(service: Service, video_id: str) -> None:
    row = service.get(f"/v1/videos/{video_id}")
    assert set(row) >= {"video_id", "path", "paths", "state", "duration_s", "keyframes", "error"}
    (found,) = service.get("/v1/videos", video=video_id[:6])["videos"]
    assert found.items() <= row.items()
    assert service.get("/v1/videos", video=row["path"])["videos"] == [found]


def test_pages_of_videos_by_path(service: Service, video_id: str) -> None:
    page = service.get("/v1/videos", limit=1, under=str(service.videos))
    assert [row["video_id"] for row in page["videos"]] == [video_id]
    assert service.get("/v1/videos", limit=1, after=page["next"])["videos"] == []
    assert service.get("/v1/videos", limit=2)["next"] is None
    assert service.get("/v1/videos", limit=1, under="/nowhere") == {"videos": [], "total": 0, "next": None}
    for wrong in ({"after": "no base64"}, {"after": "L2E=", "name": "a"}, {"after": "L2E=", "offset": 1}):
        assert refusal(service, "GET", "/v1/videos", params={"limit": 1} | wrong) == (400, "bad_request")


def test_keyframes_and_their_pictures(service: Service, video_id: str, films: list[Film]) -> None:
    frames = service.keyframes(video_id)
    assert len(frames) == service.get(f"/v1/videos/{video_id}")["keyframes"]
    assert all(frame["scene_start_s"] <= frame["time_s"] <= frame["scene_end_s"] for frame in frames)
    still = service.http.get(f"/v1/keyframes/{frames[0]['keyframe_id']}.jpg")
    assert still.headers["content-type"] == "image/jpeg"
    assert read_picture(still.content).shape == (180, 320, 3)


def test_index_and_rebuild(service: Service) -> None:
    before = service.get("/v1/index")
    assert before["rows"] == service.get("/v1/status")["keyframes"]
    after = service.post("/v1/index/rebuild")
    assert after["rows"] == before["rows"]
    assert after["frames"]["rows"] == before["rows"], "each scene has frames"
    assert after["frames"]["generation"] > before["frames"]["generation"], "both indices were built anew"


def test_metrics_are_prometheus_text(service: Service, picture: bytes) -> None:
    service.post("/v1/query", picture)
    families = {
        family.name: family for family in text_string_to_metric_families(service.http.get("/metrics").text)
    }
    states = {sample.labels["state"]: sample.value for sample in families["cbvir_videos"].samples}
    assert states["indexed"] == 1
    counted = [s for s in families["cbvir_query_seconds"].samples if s.name.endswith("_count")]
    assert counted[0].value >= 1


def test_openapi_describes_every_route(service: Service) -> None:
    paths = service.get("/openapi.json")["paths"]
    assert {"/v1/query", "/v1/status", "/v1/videos", "/v1/events", "/metrics", "/healthz"} <= set(paths)
    assert "image/*" in paths["/v1/query"]["post"]["requestBody"]["content"]
    answers = {status for path in paths.values() for way in path.values() for status in way["responses"]}
    refused = {"400", "403", "404", "408", "409", "413", "415", "416", "500", "503", "507"}
    assert answers == {"200", "201", "202", "206"} | refused


def test_models_come_in_and_are_checked(service: Service) -> None:
    document = service.get("/v1/models")
    assert document["answering"] == "seeded"
    weights = (service.data / "models/seeded/filter.safetensors").read_bytes()
    sent = service.http.put("/v1/models/mine/files/net.safetensors", content=weights)
    assert sent.json() == {"name": "net.safetensors", "size_bytes": len(weights)}
    document = service.post("/v1/models/mine/import")
    mine = next(profile for profile in document["profiles"] if profile["name"] == "mine")
    assert [file["part"] for file in mine["files"]] == ["filter"]
    assert len(mine["files"][0]["sha256"]) == 64
    verified = service.post("/v1/models/verify")
    assert {file["state"] for profile in verified["profiles"] for file in profile["files"]} == {"good"}
    assert refusal(service, "POST", "/v1/models/mine/import")[0] == 400
    assert refusal(service, "PUT", "/v1/models/mine/files/..%2Fx", content=b"x")[0] in (400, 404)
    shutil.rmtree(service.data / "models" / "mine")


def test_files_that_are_no_weights_are_refused(service: Service) -> None:
    service.http.put("/v1/models/mine/files/net.pth", content=b"nonsense")
    status, code = refusal(service, "POST", "/v1/models/mine/import")
    assert (status, code) == (400, "weights_damaged")
    assert not (service.data / "models" / "mine").exists()


def test_a_forgotten_video_stays_forgotten_until_retry(service: Service, films: list[Film]) -> None:
    path = service.drop(films[1].path)
    service.until_state(path, "indexed")
    row = service.video(path)
    assert row is not None
    forgotten = service.http.delete(f"/v1/videos/{row['video_id']}").json()
    assert forgotten == {"video_id": row["video_id"], "paths": [str(path)]}
    assert path.exists()
    assert service.post("/v1/rescan") == {"scanning": True}
    assert service.post("/v1/retry") == {"count": 0}
    assert service.video(path) is None
    assert service.error(path) is None
    assert service.post("/v1/retry", video=str(path)) == {"count": 1}
    service.until_state(path, "indexed")
