"""All steps on real photographs: two minutes of training, then weights that the service loads."""

from pathlib import Path

import numpy as np
import pytest

from cbvir_core.embed import NetworkEncoder, import_files
from cbvir_core.library import Library
from cbvir_core.train.__main__ import main
from cbvir_core.train.pictures import read_pictures
from cbvir_core.weights import read_header


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_two_minutes_on_500_pictures_end_with_weights_that_load(shared: Path, tmp_path: Path) -> None:
    photographs = shared / "train_images" / "shard-05.tar"
    recipe = tmp_path / "quick.toml"
    # Small pictures, so that two minutes are enough steps to learn anything at all.
    stages = "stages = [{ start = 0.0, side = 64 }]"
    recipe.write_text(
        f"batch = 48\nheld_out = 64\nstore_side = 96\ninfer_sides = [64, 96]\nramp = 1.0\n{stages}\n"
    )
    run = ["--pictures", str(photographs), "--recipe", str(recipe), "--out", str(tmp_path / "run")]
    assert main([*run, "--minutes", "2"]) == 0

    weights = tmp_path / "run" / "filter.safetensors"
    assert weights.stat().st_size <= 7_000_000
    # 64 pictures are kept back: chance alone puts the right one first in 1 of 64.
    assert read_header(weights).details["kept_back"]["first"] > 4 / 64
    import_files("own", [weights], tmp_path / "models")
    with Library.open(tmp_path / "data", profile="own", models_dir=tmp_path / "models") as library:
        library.load_filter()

    pictures = [image for _, image in read_pictures([photographs])][:20]
    encoder = NetworkEncoder(weights, "filter")
    rows = encoder.encode(pictures)
    darker = encoder.encode([(picture * 0.8).astype(np.uint8) for picture in pictures])
    assert rows.shape == (20, encoder.dim)
    # Chance is .05; a network that has learnt for hours has 1.0.
    assert ((rows @ darker.T).argmax(axis=1) == np.arange(20)).mean() >= 0.2
