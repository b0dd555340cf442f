"""Photographs that resemble one in the library are not strangers."""

from __future__ import annotations

import numpy as np

from bench.answers.strangers import strangers_among
from cbvir_core.decode import encode_still
from support.networks import painted


def test_a_picture_a_mirrored_and_a_darker_one_are_no_strangers_and_others_are() -> None:
    pictures = painted(5, 6)
    library = [(str(number), encode_still(picture)) for number, picture in enumerate(pictures[:3])]
    mirrored = encode_still(np.ascontiguousarray(pictures[1][:, ::-1]))
    asked = [
        ("same", library[0][1]),
        ("mirrored", mirrored),
        ("darker", encode_still((pictures[2] // 2).astype(np.uint8))),
        *((str(number), encode_still(picture)) for number, picture in enumerate(pictures[3:])),
    ]
    assert [name for name, _ in strangers_among(asked, library)] == ["0", "1", "2"]
    assert strangers_among(asked, []) == asked
