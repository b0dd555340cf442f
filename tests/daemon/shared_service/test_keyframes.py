"""What the service says of a keyframe: where a picture agrees with it, and where else it appears."""

from __future__ import annotations

from pathlib import Path

from support.films import Film
from support.services import Service, frame_at, jpeg


def test_agreement_of_a_frame(service: Service, films: list[Film], video_id: str) -> None:
    keyframes = service.keyframes(video_id)
    sizes = {
        one["keyframe_id"]: len(service.http.get(f"/v1/keyframes/{one['keyframe_id']}.jpg").content)
        for one in keyframes
    }
    chosen = max(keyframes, key=lambda one: sizes[one["keyframe_id"]])
    picture = jpeg(frame_at(films[0].path, chosen["time_s"]))
    route = f"/v1/keyframes/{chosen['keyframe_id']}/agreement"
    found = service.post(route, picture, time_s=chosen["time_s"])
    assert found["question"] == {"width": 320, "height": 180}
    assert found["frame"] == {"width": 320, "height": 180, "time_s": chosen["time_s"], "is_still": False}
    assert len(found["region"]) == 4
    assert all(abs(x) < 6 or abs(x - 320) < 6 for x, _ in found["region"])
    assert all(len(point) == 4 for point in found["points"])
    assert isinstance(found["reason"], str)
    refused = service.http.post(route, content=picture, params={"region": "0,0,0,1"})
    assert refused.json()["error"]["code"] == "bad_request"
    assert service.http.post("/v1/keyframes/x:y/agreement", content=picture).status_code == 404


def test_elsewhere_leaves_the_own_video_out(service: Service, path: Path, video_id: str) -> None:
    keyframe = service.keyframes(video_id)[0]["keyframe_id"]
    alone = service.get(f"/v1/keyframes/{keyframe}/elsewhere", **{"in": str(path.parent)})
    assert alone["results"] == []
    found = service.get(f"/v1/keyframes/{keyframe}/elsewhere", top=3)
    assert 0 < len(found["results"]) <= 3
    assert all(one["video_id"] != video_id for one in found["results"])
    assert service.http.get("/v1/keyframes/0123:1/elsewhere").status_code == 404


def test_one_video_with_its_details(service: Service, video_id: str) -> None:
    one = service.get(f"/v1/videos/{video_id}")
    assert (one["width"], one["height"], one["codec"]) == (320, 180, "h264")
    assert one["frames_per_s"] > 1
    assert one["size_bytes"] > 1000


def test_disk_and_calibration(service: Service) -> None:
    disk = service.get("/v1/disk")
    assert set(disk) == {"store", "parts", "indices", "models", "free"}
    assert disk["parts"]["stills"] > 0
    assert service.get("/v1/calibration") == {"calibration": None}
