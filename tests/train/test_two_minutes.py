"""The whole way on real photographs: two minutes of training, then weights that the service loads."""

from pathlib import Path

import numpy as np
import pytest

from cbvir_core.embed import MobileNetEncoder, read_header
from cbvir_core.train.__main__ import main
from cbvir_core.train.pictures import read_pictures


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_two_minutes_on_500_pictures_end_with_weights_that_load(shared: Path, tmp_path: Path) -> None:
    photographs = shared / "train_images" / "shard-05.tar"
    recipe = tmp_path / "quick.toml"
    recipe.write_text("batch = 48\nheld_out = 64\ninfer_sides = [128, 160]\n")
    run = ["--pictures", str(photographs), "--recipe", str(recipe), "--out", str(tmp_path / "run")]
    assert main([*run, "--minutes", "2"]) == 0

    weights = tmp_path / "run" / "filter.safetensors"
    assert weights.stat().st_size <= 7_000_000
    # 64 pictures are kept back: chance alone puts the right one first in 1 of 64.
    assert read_header(weights).details["kept_back"]["first"] > 4 / 64
    pictures = [image for _, image in read_pictures([photographs])][:20]
    encoder = MobileNetEncoder(weights)
    rows = encoder.encode(pictures)
    darker = encoder.encode([(picture * 0.8).astype(np.uint8) for picture in pictures])
    assert rows.shape == (20, encoder.dim)
    assert ((rows @ darker.T).argmax(axis=1) == np.arange(20)).mean() >= 0.5
