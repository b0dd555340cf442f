"""Folders of labelled clips: the layouts of four data sets."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cbvir_core.errors import FileUnreadable, InputError
from cbvir_core.sequences import ActionLayout, actions_of, is_held_out, read_actions


def made(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"")
    return folder


@pytest.mark.parametrize(
    ("layout", "name", "action", "group"),
    [
        ("ucf50", "BaseballPitch/v_BaseballPitch_g01_c02.avi", "BaseballPitch", "BaseballPitch/g01"),
        ("ucf101", "UCF-101/TaiChi/v_TaiChi_g25_c04.avi", "TaiChi", "TaiChi/g25"),
        ("hmdb51", "brush_hair/April_09_brush_hair_u_nm_np1_ba_goo_0.avi", "brush_hair", "April_09"),
        ("hmdb51", "clap/#20_Rhythm_clap_u_nm_np1_fr_goo_0.avi", "clap", "#20_Rhythm"),
        ("kth", "boxing/person01_boxing_d1_uncomp.avi", "boxing", "person01"),
        ("kth", "person25_handwaving_d4_uncomp.avi", "handwaving", "person25"),
        ("folders", "deep/run/clip.MP4", "run", "run/clip"),
    ],
)
def test_class_and_group_of_a_clip(
    tmp_path: Path, layout: ActionLayout, name: str, action: str, group: str
) -> None:
    (clip,) = read_actions(made(tmp_path, name, "readme.txt"), layout)
    assert (clip.action, clip.group, clip.path) == (action, group, tmp_path / name)


def test_clips_come_in_order_and_files_of_another_layout_are_left_out(tmp_path: Path) -> None:
    made(tmp_path, "b/v_Biking_g02_c01.avi", "a/v_Biking_g01_c01.avi", "a/holiday.avi")
    found = read_actions(tmp_path, "ucf50")
    assert [clip.group for clip in found] == ["Biking/g01", "Biking/g02"]
    assert actions_of(found) == ("Biking",)
    with pytest.raises(InputError, match="no clip of the layout kth"):
        read_actions(tmp_path, "kth")
    with pytest.raises(FileUnreadable):
        read_actions(tmp_path / "gone")


@given(st.text(min_size=1), st.integers(2, 20))
def test_whether_a_group_is_held_out_depends_on_its_name_alone(group: str, one_in: int) -> None:
    assert is_held_out(group, one_in) == is_held_out(group, one_in)
    assert is_held_out(group, 1)


def test_about_one_in_ten_groups_is_held_out() -> None:
    held = sum(is_held_out(f"class/g{number}", 10) for number in range(1000))
    assert 70 <= held <= 130
