"""A picture that browsers do not show comes back as JPEG."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PIL import Image as Pillow

from cbvir_core.decode import decode_still
from support.pictures import red_side, saved, turned_by
from support.services import Service


def test_heic_and_turned_pictures_come_back_upright(make_service: Callable[..., Service]) -> None:
    service = make_service()
    picture = np.full((120, 200, 3), 60, np.uint8)
    picture[:, :40] = (230, 20, 20)
    for data, size, side in (
        (saved(picture, "HEIF", quality=90), (120, 200), "left"),
        (saved(Pillow.fromarray(picture), "TIFF"), (120, 200), "left"),
        (saved(Pillow.fromarray(picture), "JPEG", exif=turned_by(6)), (200, 120), "top"),
    ):
        answer = service.http.post("/v1/pictures/preview", content=data)
        assert answer.is_success, answer.text
        assert answer.headers["content-type"] == "image/jpeg"
        shown = decode_still(answer.content)
        assert shown.shape[:2] == size
        assert red_side(shown) == side
    refused = service.http.post("/v1/pictures/preview", content=b"text")
    assert refused.status_code >= 400
    assert refused.json()["error"]["code"] == "not_a_picture"
