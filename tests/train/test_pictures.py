"""Which pictures are trained on, and which are left out."""

import io
import tarfile
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from cbvir_core.errors import FileUnreadable, NotAPicture
from cbvir_core.train.pictures import gather, kept_back, read_pictures
from cbvir_core.train.videos import held_out as clip_held_out
from cbvir_core.train.videos import video_frames


def test_a_folder_gives_what_can_be_read_in_order(photos: Path) -> None:
    pictures = gather(read_pictures([photos]), 40, 0).learnt
    assert pictures.names == tuple(f"{number:02}.jpg" for number in range(24))
    assert pictures.pixels.shape == (24, 3, 40, 40)
    assert pictures.pixels.dtype == torch.uint8


def test_a_tar_gives_the_same_pictures(photos: Path, tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "all.tar", "w") as archive:
        for path in sorted(photos.iterdir()):
            archive.add(path, path.name)
    packed = gather(read_pictures([tmp_path]), 40, 0).learnt
    assert packed.names[0] == "all.tar/00.jpg"
    assert torch.equal(packed.pixels, gather(read_pictures([photos]), 40, 0).learnt.pixels)


def test_colours_come_in_the_order_red_green_blue() -> None:
    red = np.zeros((10, 20, 3), np.uint8)
    red[..., 0] = 200
    assert gather([("red", red)], 8, 0).learnt.pixels[0].amax(dim=(1, 2)).tolist() == [200, 0, 0]


def test_each_picture_lies_on_one_side_and_under_its_name(photos: Path) -> None:
    whole = gather(read_pictures([photos]), 8, 0).learnt
    parts = gather(read_pictures([photos]), 8, 4)
    assert (len(parts.learnt), len(parts.kept)) == (20, 4)
    for part in (parts.learnt, parts.kept):
        for name, pixels in zip(part.names, part.pixels, strict=True):
            assert torch.equal(pixels, whole.pixels[whole.names.index(name)])


def test_no_picture_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(NotAPicture):
        gather(read_pictures([tmp_path]), 8, 1)


def test_a_source_that_is_neither_folder_nor_tar_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "pictures.zip").write_bytes(b"PK" + io.BytesIO(b"\0" * 600).read())
    for name in ("pictures.zip", "absent"):
        with pytest.raises(FileUnreadable, match=name):
            list(read_pictures([tmp_path / name]))


@given(st.lists(st.text(min_size=1), unique=True, min_size=1, max_size=60), st.integers(0, 30))
def test_what_is_kept_back_hangs_on_names_alone(names: list[str], held_out: int) -> None:
    kept = kept_back(names, held_out)
    assert len(kept) == min(held_out, len(names) // 5)
    backwards = names[::-1]
    assert {names[number] for number in kept} == {
        backwards[number] for number in kept_back(backwards, held_out)
    }


def test_frames_of_one_clip_stay_together() -> None:
    names = [f"clip{clip}.mp4@{second}.000" for second in range(5) for clip in range(10)]
    kept = {names[number].partition("@")[0] for number in kept_back(names, 10)}
    assert len(kept) == 2


def test_clips_of_one_source_and_conversions_of_one_file_stay_together() -> None:
    assert clip_held_out("museum--a.mp4") == clip_held_out("museum--b.webm")
    assert clip_held_out("holiday.mp4") == clip_held_out("holiday.mkv")


def test_about_a_third_of_many_clips_is_held_out() -> None:
    share = sum(clip_held_out(f"clip-{number}.mp4") for number in range(3000)) / 3000
    assert 0.30 < share < 0.37


def test_frames_of_real_clips_leave_the_held_out_ones_alone(shared: Path, tmp_path: Path) -> None:
    for name in ("moviepy--chaplin.mp4", "learning-area--rabbit320.mp4", "README.md"):
        (tmp_path / name).symlink_to(shared / "videos" / name)
    assert clip_held_out("learning-area--rabbit320.mp4")
    frames = list(video_frames([tmp_path], 96))
    assert {name.partition("@")[0] for name, _ in frames} == {"moviepy--chaplin.mp4"}
    assert len(frames) >= 4
    assert max(max(image.shape) for _, image in frames) == 96
