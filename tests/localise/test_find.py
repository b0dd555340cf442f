"""The frame that a picture was taken from is found; where it cannot be, the keyframe's time is given."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from av.video.frame import VideoFrame

from cbvir_core.decode import STILL_SIDE, decode_still, encode_still, fingerprint, fit_within, read_frames
from cbvir_core.localise import Moment, find_moment
from cbvir_core.types import Frame, Image, VideoId
from cbvir_core.verify import QUERY_FEATURES, describe, verify

CLIPS = [
    "android-demo-app--video1.mp4",
    "learning-area--rabbit320.mp4",
    "mmaction2--test.avi",
    "perception--v2.m4v",
    "sample-videos--again.mkv",
]
MINUTE_S = 60.0


def saved(image: Image, quality: int = 90) -> Image:
    return decode_still(encode_still(np.ascontiguousarray(image), quality))


def half(image: Image) -> Image:
    return saved(fit_within(image, max(image.shape[:2]) // 2))


def cropped(image: Image) -> Image:
    height, width = image.shape[:2]
    return saved(image[height // 5 : -height // 10, width // 10 : -width // 5])


def captioned(image: Image) -> Image:
    picture = image.copy()
    picture[int(0.8 * len(picture)) :] = 20
    cv2.putText(picture, "a caption", (20, len(picture) - 12), 0, 1, (250, 250, 250), 2, cv2.LINE_AA)
    return saved(picture)


def toned(image: Image) -> Image:
    return saved((255 * (image / 255) ** 0.7 * 0.8 + 20).astype(np.uint8))


def saved_badly(image: Image) -> Image:
    return saved(fit_within(image, 240), 30)


def in_page(image: Image) -> Image:
    page = np.full((900, 1100, 3), 240, np.uint8)
    picture = fit_within(image, 560)
    page[200 : 200 + len(picture), 300 : 300 + picture.shape[1]] = picture
    return saved(page)


def all_frames(path: Path, most: int | None = None) -> list[Frame]:
    with read_frames(path, samples_per_s=None, mode="every") as reader:
        return list(itertools.islice(reader, most))


def moment_of(frames: list[Frame], path: Path, query: Image, key: int, *, mirrored: bool = False) -> Moment:
    """Find the moment as a search does: verified with the still of frame `key`, in a scene of all frames."""
    still = fit_within(frames[key].image, STILL_SIDE)
    found = verify(describe(query, QUERY_FEATURES), describe(still), mirror=mirrored)
    return find_moment(
        path,
        (frames[0].time_s, frames[-1].time_s),
        query,
        keyframe_s=frames[key].time_s,
        transform=found.homography if found else None,
        mirrored=mirrored,
        budget_s=MINUTE_S,
    )


def covers(moment: Moment, frames: list[Frame], number: int, off: int) -> bool:
    """Return whether the moment is at most `off` frames from a frame."""
    first, last = frames[max(0, number - off)].time_s, frames[min(len(frames) - 1, number + off)].time_s
    return moment.time_s <= last and moment.until_s >= first


@pytest.mark.parametrize("perturb", [saved, half])
@pytest.mark.parametrize("name", CLIPS)
def test_unedited_to_the_frame(shared: Path, name: str, perturb: Callable[[Image], Image]) -> None:
    path = shared / "videos" / name
    frames = all_frames(path, 75)
    for number in (3, 50):
        moment = moment_of(frames, path, perturb(frames[number].image), len(frames) // 2)
        assert covers(moment, frames, number, 0), (number, moment)
        assert moment.exact
        assert moment.reason == ""
        assert moment.fit > 0.8


@pytest.mark.parametrize("perturb", [cropped, captioned, toned, saved_badly, in_page])
def test_edited_within_half_a_second(shared: Path, perturb: Callable[[Image], Image]) -> None:
    path = shared / "videos" / "learning-area--rabbit320.mp4"
    frames = all_frames(path, 110)
    for number in (20, 90):
        moment = moment_of(frames, path, perturb(frames[number].image), 50)
        assert abs(moment.time_s - frames[number].time_s) <= 0.5, (number, moment)
        assert moment.exact is (perturb not in (cropped, in_page))


def test_mirrored(shared: Path) -> None:
    path = shared / "videos" / "mmaction2--test.avi"
    frames = all_frames(path, 100)
    for number in (30, 80):
        for perturb in (saved, cropped):
            query = perturb(frames[number].image[:, ::-1])
            moment = moment_of(frames, path, query, 60, mirrored=True)
            assert abs(moment.time_s - frames[number].time_s) <= (0.5 if perturb is cropped else 0.05)


@pytest.fixture(scope="module")
def still_film(make_film: Callable[..., Path]) -> Path:
    """Twelve seconds: two pictures that stand for 4 s each, then 4 s of movement."""
    chance = np.random.default_rng(4)
    boards = [cv2.resize(chance.integers(0, 255, (9, 16, 3), np.uint8), (256, 144)) for _ in range(3)]

    def picture(number: int) -> Image:
        return np.roll(boards[number // 96], max(0, number - 192), axis=1)

    return make_film(frames=288, picture=picture, options={"g": "48", "bf": "2", "sc_threshold": "0"})


def test_equal_frames_are_one_moment(still_film: Path) -> None:
    frames = all_frames(still_film)
    moment = moment_of(frames, still_film, saved(frames[150].image), 30)
    assert moment.exact
    assert frames[96].time_s <= moment.time_s <= frames[100].time_s
    assert moment.until_s == pytest.approx(frames[191].time_s, abs=0.2)
    moving = moment_of(frames, still_film, saved(frames[240].image), 200)
    assert covers(moving, frames, 240, 0)
    assert moving.until_s - moving.time_s < 0.1


@pytest.fixture
def growing_film(tmp_path: Path) -> Path:
    """Two seconds of movement, the second of which is of another shape, as a broadcast may turn to 4:3."""
    chance = np.random.default_rng(8)
    board = cv2.resize(chance.integers(0, 255, (9, 16, 3), np.uint8), (320, 240))
    path = tmp_path / "growing.ts"
    with av.open(str(path), "w") as output:
        stream = output.add_stream("libx264", rate=24)
        stream.width, stream.height, stream.pix_fmt = 320, 180, "yuv420p"
        for part, height in enumerate((180, 240)):
            encoder = av.CodecContext.create("libx264", "w")
            encoder.width, encoder.height, encoder.pix_fmt = 320, height, "yuv420p"
            encoder.framerate, encoder.time_base, encoder.options = Fraction(24), Fraction(1, 24), {"bf": "0"}
            packets = []
            for number in range(24 * part, 24 * part + 24):
                picture = np.roll(board[:height], 4 * number, axis=1)
                frame = VideoFrame.from_ndarray(np.ascontiguousarray(picture), "rgb24")
                frame.pts, frame.time_base = number, Fraction(1, 24)
                packets += encoder.encode(frame)
            for packet in packets + encoder.encode(None):
                packet.stream = stream
                output.mux(packet)
    return path


@pytest.mark.parametrize("number", [12, 36])
def test_in_a_film_that_changes_its_size(growing_film: Path, number: int) -> None:
    frames = all_frames(growing_film)
    assert {frame.image.shape[0] for frame in frames} == {180, 240}
    moment = moment_of(frames, growing_film, saved(frames[number].image), number)
    assert covers(moment, frames, number, 1), moment


def test_no_time_at_all(still_film: Path) -> None:
    frames = all_frames(still_film)
    moment = find_moment(still_film, (0.0, 12.0), frames[9].image, keyframe_s=3.0, budget_s=0.0)
    assert (moment.time_s, moment.exact, moment.frames_looked_at) == (3.0, False, 0)
    assert moment.reason.startswith("Time was over")
    assert moment.reason.endswith("The time is the keyframe's.")


def test_a_picture_of_something_else(still_film: Path) -> None:
    other = np.random.default_rng(1).integers(0, 255, (144, 256, 3), np.uint8)
    for query in (other, np.full_like(other, 90)):
        moment = find_moment(still_film, (8.0, 11.0), query, keyframe_s=9.0, budget_s=MINUTE_S)
        assert (moment.time_s, moment.exact) == (9.0, False)
        assert "clearly" in moment.reason


@pytest.mark.parametrize("query", [(1, 1), (3, 400), (400, 3)])
def test_pictures_of_odd_sizes(still_film: Path, query: tuple[int, int]) -> None:
    picture = np.zeros((*query, 3), np.uint8)
    moment = find_moment(still_film, (8.0, 9.0), picture, keyframe_s=9.0, transform=np.eye(3))
    assert not moment.exact


@pytest.mark.parametrize("transform", [np.zeros((3, 3)), np.full((3, 3), np.nan), np.diag([1e-4, 1e-4, 1.0])])
def test_a_transform_that_is_none(still_film: Path, transform: np.typing.NDArray[np.float64]) -> None:
    query = all_frames(still_film)[220].image
    moment = find_moment(
        still_film, (8.0, 12.0), query, keyframe_s=9.0, transform=transform, budget_s=MINUTE_S
    )
    assert moment.time_s == pytest.approx(220 / 24, abs=0.05)


def test_files_that_cannot_answer(still_film: Path, tmp_path: Path) -> None:
    query = np.zeros((90, 160, 3), np.uint8)
    text = tmp_path / "text.mp4"
    text.write_text("no film")
    broken = tmp_path / "broken.mp4"
    data = bytearray(still_film.read_bytes())
    data[1000 : len(data) // 2] = bytes(len(data) // 2 - 1000)
    broken.write_bytes(data)
    for path in (tmp_path / "gone.mp4", text, broken, tmp_path):
        moment = find_moment(path, (2.0, 4.0), query, keyframe_s=2.5)
        assert (moment.time_s, moment.exact) == (2.5, False)
        assert moment.reason.endswith("The time is the keyframe's.")
    known = fingerprint(still_film)
    assert (
        "another video"
        in find_moment(still_film, (2.0, 4.0), query, keyframe_s=2.5, video_id=VideoId("0" * 32)).reason
    )
    moment = find_moment(still_film, (8.0, 9.0), query, keyframe_s=8.5, video_id=known)
    assert "another video" not in moment.reason
