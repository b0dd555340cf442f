"""Videos for a browser: pages of the list, folders, the file, parts of it, frames, thumbnails and stills."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from cbvir_core.decode import probe
from support.services import Service


@pytest.fixture(scope="module")
def video(video_id: str) -> str:
    """The address of the first film."""
    return f"/v1/videos/{video_id}"


def code(service: Service, path: str, **parameters: object) -> tuple[int, str]:
    answer = service.http.get(path, params=parameters)  # type: ignore[arg-type]
    return answer.status_code, answer.json()["error"]["code"]


def picture(service: Service, path: str, **parameters: object) -> np.ndarray:
    answer = service.http.get(path, params=parameters)  # type: ignore[arg-type]
    assert answer.headers["content-type"] == "image/jpeg", answer.text
    return np.asarray(cv2.imdecode(np.frombuffer(answer.content, np.uint8), cv2.IMREAD_COLOR))


# --- the list --------------------------------------------------------------------------------------


def test_pages_of_the_list(service: Service, path: Path) -> None:
    whole = service.get("/v1/videos")
    assert whole["total"] == len(whole["videos"]) == 2
    page = service.get("/v1/videos", limit=1, offset=1, sort="-added")
    assert (page["total"], page["videos"][0]["path"]) == (2, str(path))
    assert page["videos"][0]["added"] > 1e9
    assert service.get("/v1/videos", limit=9, name="ONE.MP4")["total"] == 1
    assert service.get("/v1/videos", limit=9, state=["failed", "offline"])["total"] == 0
    assert service.get("/v1/videos", limit=9, under=str(service.videos))["total"] == 2
    assert service.get("/v1/videos", limit=9, under=str(service.videos / "sub"))["total"] == 1
    for wrong in ({"limit": 0}, {"limit": 9, "sort": "size"}, {"limit": 9, "state": "x"}, {"offset": 1}):
        assert code(service, "/v1/videos", **wrong) == (400, "bad_request")


def test_folders(service: Service) -> None:
    root = {"path": str(service.videos), "name": "videos", "videos": 2}
    assert service.get("/v1/folders") == {"folders": [root]}
    sub = {"path": str(service.videos / "sub"), "name": "sub", "videos": 1}
    assert service.get("/v1/folders", under=str(service.videos)) == {"folders": [sub]}
    assert service.get("/v1/folders", under="/etc") == {"folders": []}


# --- media -----------------------------------------------------------------------------------------


def test_the_file_by_ranges(service: Service, video: str, path: Path) -> None:
    data = path.read_bytes()
    whole = service.http.get(f"{video}/media")
    assert whole.content == data
    assert whole.headers["content-type"] == "video/mp4"
    assert whole.headers["accept-ranges"] == "bytes"
    head = service.http.head(f"{video}/media")
    assert (head.content, head.headers["content-length"]) == (b"", str(len(data)))
    part = service.http.get(f"{video}/media", headers={"range": "bytes=100-199"})
    assert (part.status_code, part.content) == (206, data[100:200])
    assert part.headers["content-range"] == f"bytes 100-199/{len(data)}"
    tail = service.http.get(f"{video}/media", headers={"range": "bytes=-10"})
    assert tail.content == data[-10:]
    beyond = service.http.get(f"{video}/media", headers={"range": f"bytes={len(data)}-"})
    assert beyond.status_code == 416


def test_a_name_is_only_a_name(service: Service) -> None:
    found = next(one for one in service.get("/v1/videos")["videos"] if "onerror" in one["path"])
    answer = service.http.get(f"/v1/videos/{found['video_id']}/media")
    assert answer.headers["content-type"] == "video/mp4"
    assert "set-cookie" not in answer.headers
    assert answer.headers["content-disposition"].startswith("inline; filename*=utf-8''%3Cimg")


def test_only_videos_are_sent(service: Service, path: Path) -> None:
    (service.videos / "secret.txt").write_text("secret")
    for trick in ("../secret.txt", "%2e%2e%2fsecret.txt", str(service.videos / "secret.txt"), "x"):
        assert service.http.get(f"/v1/videos/{trick}/media").status_code == 404


def test_a_part_is_made_on_the_fly(service: Service, video: str, tmp_path: Path) -> None:
    answer = service.http.get(f"{video}/clip.mp4", params={"start_s": 1.0, "end_s": 3.0, "side": 160})
    assert answer.headers["content-type"] == "video/mp4", answer.text
    made = tmp_path / "part.mp4"
    made.write_bytes(answer.content)
    info = probe(made)
    assert (info.codec, info.width, info.height) == ("h264", 160, 90)
    assert info.duration_s == pytest.approx(2.0, abs=0.2)
    headers = {"range": "bytes=0-9"}
    again = service.http.get(f"{video}/clip.mp4?start_s=1&end_s=3&side=160", headers=headers)
    assert (again.status_code, again.content) == (206, answer.content[:10])
    assert [file.suffix for file in (service.data / "excerpts").iterdir()] == [".mp4"]
    for wrong in ({"start_s": 1, "end_s": 1}, {"start_s": 0, "end_s": 61}, {"start_s": -1, "end_s": 1}):
        assert code(service, f"{video}/clip.mp4", **wrong) == (400, "bad_request")
    assert code(service, f"{video}/clip.mp4", start_s=5000, end_s=5001) == (400, "damaged_video")


# --- pictures --------------------------------------------------------------------------------------


def test_a_frame_and_a_strip(service: Service, video: str) -> None:
    answer = service.http.get(f"{video}/frame.jpg", params={"t": 1.5, "w": 160})
    assert answer.headers["x-cbvir-source"] == "frame"
    assert float(answer.headers["x-cbvir-time"]) == pytest.approx(1.5, abs=0.1)
    assert picture(service, f"{video}/frame.jpg", t=1.5, w=160).shape == (90, 160, 3)
    tag = {"if-none-match": answer.headers["etag"]}
    assert service.http.get(f"{video}/frame.jpg?t=1.5&w=160", headers=tag).status_code == 304
    strip = service.http.get(f"{video}/strip.jpg", params={"start_s": 0, "end_s": 4, "count": 5, "w": 64})
    assert [round(float(time_s)) for time_s in strip.headers["x-cbvir-times"].split(",")] == [0, 1, 2, 3, 4]
    assert picture(service, f"{video}/strip.jpg", start_s=0, end_s=4, count=5, w=64).shape == (36, 320, 3)
    assert code(service, f"{video}/strip.jpg", start_s=4, end_s=0) == (400, "bad_request")
    assert code(service, f"{video}/frame.jpg", t="nan") == (400, "bad_request")


def test_stills_have_sizes_and_tags(service: Service, video: str) -> None:
    still = f"/v1/keyframes/{service.get(f'{video}/keyframes')['keyframes'][0]['keyframe_id']}.jpg"
    assert picture(service, still).shape == (180, 320, 3)
    assert picture(service, still, w=64).shape == (36, 64, 3)
    assert picture(service, still, side=64).shape == (36, 64, 3)
    whole, small = service.http.get(still), service.http.get(f"{still}?w=64")
    assert whole.headers["etag"] != small.headers["etag"]
    assert service.http.get(f"{still}?w=64", headers={"if-none-match": small.headers["etag"]}).content == b""
    head = service.http.head(still)
    assert (head.content, head.headers["content-length"]) == (b"", str(len(whole.content)))


def test_an_offline_film_is_shown_as_far_as_it_is_kept(service: Service, video: str) -> None:
    service.videos.rename(service.folder / "away")
    try:
        assert code(service, f"{video}/media") == (409, "offline")
        assert code(service, f"{video}/clip.mp4", start_s=0, end_s=1) == (409, "offline")
        answer = service.http.get(f"{video}/frame.jpg?t=1&w=320")
        assert answer.headers["x-cbvir-source"] == "thumbnail"
        assert answer.headers["cache-control"] == "private, no-cache"
        strip = picture(service, f"{video}/strip.jpg", start_s=0, end_s=4, count=2)
        assert strip.shape == (72, 256, 3)
    finally:
        (service.folder / "away").rename(service.videos)
