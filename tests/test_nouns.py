"""The nouns that every room shares: keyframe ids, verdicts, and the tree of errors as it is drawn."""

from __future__ import annotations

import pickle
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cbvir_core import errors
from cbvir_core.errors import CbvirError
from cbvir_core.types import KeyframeId, VideoId

CLASSES = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, CbvirError)]
LINE = re.compile(r"^ {4}([│ ]*)[├└]── (\w+) +(\w+).*?(\(retry\))?$", re.MULTILINE)
"""One line of the drawn tree: the depth, the class, its code, and whether a retry may help."""


@given(st.text("0123456789abcdef", min_size=1, max_size=32), st.integers(0, 10**9))
def test_a_keyframe_id_is_read_as_it_is_written(video: str, number: int) -> None:
    keyframe = KeyframeId(VideoId(video), number)
    assert KeyframeId.parse(str(keyframe)) == keyframe


@pytest.mark.parametrize("text", ["", "5f3a", ":41", "5f3a:", "5f3a:-1", "5f3a:x", "5f3a: 1"])
def test_other_text_is_no_keyframe_id(text: str) -> None:
    with pytest.raises(ValueError, match="not a keyframe id"):
        KeyframeId.parse(text)


def test_the_drawn_tree_of_errors_is_the_real_one() -> None:
    assert errors.__doc__ is not None
    drawn = {
        name: (len(depth) // 4, code, bool(retry))
        for depth, name, code, retry in LINE.findall(errors.__doc__)
    }
    assert drawn.keys() == {kind.__name__ for kind in CLASSES} - {"CbvirError"}
    for kind in CLASSES:
        if kind is not CbvirError:
            depth, code, retry = drawn[kind.__name__]
            assert depth == len(kind.__mro__) - len(CbvirError.__mro__) - 1
            assert (code, retry) == (kind.code, kind.retry)


def test_codes_name_one_error_each_and_every_class_says_what_it_is() -> None:
    assert len({kind.code for kind in CLASSES}) == len(CLASSES)
    assert all(kind.__doc__ for kind in CLASSES)
    assert CbvirError("It is so.").message == "It is so."


def test_an_error_carries_the_path_of_the_file_as_data() -> None:
    error = errors.NotAVideo("is empty; record it again", path=Path("/films/a.mp4"))
    assert error.path == Path("/films/a.mp4")
    assert str(error) == error.message == "/films/a.mp4 is empty; record it again"


def test_the_same_error_can_be_told_about_another_name_of_the_file() -> None:
    error = errors.FileChanged("was replaced", path=Path("/var/uploads/a.mp4")).about("a.mp4")
    assert (type(error), error.path, str(error)) == (errors.FileChanged, "a.mp4", "a.mp4 was replaced")
    assert str(errors.WeightsMismatch("conv1 is missing").about("a.pth")) == "a.pth: conv1 is missing"


def test_advice_is_added_to_the_end_of_the_sentence() -> None:
    error = errors.WeightsDamaged("is cut short", path="a.pth").with_advice("get the file again")
    assert (error.path, str(error)) == ("a.pth", "a.pth is cut short; get the file again")


def test_an_error_keeps_its_path_when_it_travels_between_processes() -> None:
    error = pickle.loads(pickle.dumps(errors.FileChanged("was replaced", path=Path("/films/a.mp4"))))
    assert (error.path, str(error)) == (Path("/films/a.mp4"), "/films/a.mp4 was replaced")
