"""Frames of one scene, of one clip, and of clips of one source."""

from cbvir_core.train.origins import PictureOrigins, frame_name, source_of

NAMES = (
    "shard.tar/1.jpg",
    frame_name("museum--a.mp4", 0, 0.0),
    frame_name("museum--a.mp4", 0, 2.0),
    frame_name("museum--a.mp4", 1, 4.0),
    frame_name("museum--b.webm", 0, 0.0),
    frame_name("holiday.mp4", 0, 0.5),
    "photos/me@home.jpg",
    "photos/me@2x@3.jpg",
)


def test_a_frames_name_says_clip_scene_and_time() -> None:
    assert frame_name("holiday.mp4", 2, 31.5) == "holiday.mp4@2@31.500"


def test_clips_of_one_source_and_conversions_of_one_file_belong_together() -> None:
    assert source_of("museum--a.mp4") == source_of("museum--b.webm") == "museum"
    assert source_of("holiday.mp4") == source_of("holiday.mkv") == "holiday"


def test_scenes_are_finer_than_sources_and_photographs_stand_alone() -> None:
    origins = PictureOrigins.of(NAMES)
    source, scene = origins.source.tolist(), origins.scene.tolist()
    assert source == [0, 1, 1, 1, 1, 2, 3, 4]
    assert scene == [0, 1, 1, 2, 3, 4, 5, 6]
    assert origins.mates() == {1: [2], 2: [1]}


def test_a_photograph_is_never_taken_for_a_frame_by_its_folder() -> None:
    assert PictureOrigins.of(["1.jpg", "2.jpg"]).mates() == {}
    assert len(PictureOrigins.of([]).source) == 0
