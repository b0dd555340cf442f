"""The command that learns the codec of frame views."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from cbvir_core.index import FrameCodec
from cbvir_core.index.codec_learning import CodecSizes, learn_codec
from cbvir_core.train import codec as command
from cbvir_core.types import Image, Rows
from support.row_store import normalised


class WindowEncoder:
    """Views without a network: the mean colours of the halves of a picture, upright ones have two more."""

    def encode(self, images: list[Image]) -> Rows:
        (image,) = images
        assert max(image.shape[:2]) <= 256
        count = 4 if image.shape[0] > image.shape[1] else 2
        parts = np.array_split(image, count)
        rows = np.array([[*part.mean(axis=(0, 1)), *part.std(axis=(0, 1))] for part in parts], np.float32)
        return normalised(rows)[np.newaxis]


def test_pictures_of_several_shapes_become_a_codec(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "photos").mkdir()
    draws = np.random.default_rng(0)
    for number in range(90):
        blocks = draws.integers(0, 256, (8, 4 + 4 * (number % 2), 3), np.uint8)
        picture = cv2.resize(blocks, None, fx=40, fy=40, interpolation=cv2.INTER_NEAREST)
        cv2.imwrite(str(tmp_path / "photos" / f"{number:02}.png"), picture)
    (tmp_path / "photos" / "notes.png").write_text("not a picture")
    out, learnt = tmp_path / "codec.safetensors", list[Rows]()

    def learn(views: Rows, path: Path) -> None:
        learnt.append(views)
        learn_codec(views, path, CodecSizes(dimensions=4, lists=8, quantisers=2))

    monkeypatch.setattr(command, "ViewEncoder", lambda *_: WindowEncoder())
    monkeypatch.setattr(command, "learn_codec", learn)
    assert command.main(["--pictures", str(tmp_path / "photos"), "--out", str(out)]) == 0
    assert learnt[0].shape == (45 * 4 + 45 * 2, 6)
    assert learnt[0].dtype == np.float32
    assert FrameCodec(out).code_bytes == 3
    assert "270 views" in capsys.readouterr().out


def test_a_folder_without_pictures_is_an_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["--pictures", str(tmp_path), "--out", str(tmp_path / "codec")]) == 1
    assert "no picture" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
