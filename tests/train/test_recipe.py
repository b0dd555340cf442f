"""Recipes are read strictly and written completely."""

from pathlib import Path

import pytest

from cbvir_core.errors import ConfigError
from cbvir_core.train.recipe import FILTER_RECIPE, SOLAR_RECIPE, SizeStage, TrainingRecipe
from cbvir_core.train.recipe_file import read_recipe, recipe_from, recipe_table, write_recipe


def _written(folder: Path, text: str) -> Path:
    path = folder / "recipe.toml"
    path.write_text(text)
    return path


def test_what_is_left_out_keeps_its_default(tmp_path: Path) -> None:
    recipe = read_recipe(
        _written(tmp_path, "batch = 7\n[augment]\ncrop_p = 0\n[[stages]]\nstart = 0\nside = 64\n")
    )
    assert (recipe.batch, recipe.augment.crop_p, recipe.stages) == (7, 0, (SizeStage(0, 64),))
    assert recipe.learning_rate == TrainingRecipe().learning_rate
    assert read_recipe(None) == TrainingRecipe()


def test_written_and_read_back(tmp_path: Path, tiny: TrainingRecipe) -> None:
    write_recipe(tiny, tmp_path / "recipe.toml")
    assert read_recipe(tmp_path / "recipe.toml") == tiny
    assert recipe_from(recipe_table(tiny)) == tiny


def test_what_a_recipe_leaves_out_is_its_networks(tmp_path: Path) -> None:
    written = _written(tmp_path, "batch = 7\nnetwork = 'solar'\n[solar]\nsos = 0\n[losses]\nbank = 0.5\n")
    recipe = read_recipe(written)
    assert (recipe.solar.sos, recipe.solar.margin, recipe.losses.bank) == (0, SOLAR_RECIPE.solar.margin, 0.5)
    assert (recipe.losses.distill, recipe.stages) == (SOLAR_RECIPE.losses.distill, SOLAR_RECIPE.stages)
    assert read_recipe(None, "solar") == SOLAR_RECIPE != FILTER_RECIPE == read_recipe(None)


def test_a_solar_recipe_is_written_and_read_back(tmp_path: Path) -> None:
    write_recipe(SOLAR_RECIPE, tmp_path / "recipe.toml")
    assert read_recipe(tmp_path / "recipe.toml") == SOLAR_RECIPE
    with pytest.raises(ConfigError, match="'solar', not for 'filter'"):
        read_recipe(tmp_path / "recipe.toml", "filter")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("network = 'resnet'", "network must be filter or solar"),
        ("network = 3", "network must be"),
        ("[solar]\nbackbone = 'vgg16'", "solar.backbone must be one of resnet18"),
        ("[solar]\nwhitening = 'pca'", "solar.whitening must be one of learnt"),
        ("[solar]\ngroup = 0", "at least 1"),
        ("[solar]\nnegative = 3", "did you mean solar.negatives"),
        ("network = 'solar'\n[solar]\ntriplet = 0\ncontrast_kept = 0", "solar needs triplet"),
        ("network = 'solar'\n[losses]\ncontrast = 0", "contrast must be above 0 until"),
        ("network = 'solar'\n[losses]\nbank = 1\n[solar]\nwhitening = 'none'", "without a whitening"),
        ("bach = 3", "unknown key bach; did you mean batch"),
        ("[augment]\ncrap_p = 0.1", "augment.crop_p"),
        ("batch = 'many'", "batch must be of type int"),
        ("bf16 = 1", "bf16 must be of type bool"),
        ("seed = true", "seed must be of type int"),
        ("[[stages]]\nside = 3", "stages"),
        ("losses = 3", "losses must be a table"),
        ("stages = 3", "stages must be a list of tables"),
        ("batch =", "recipe.toml"),
    ],
)
def test_a_bad_recipe_is_an_error_that_says_why(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        read_recipe(_written(tmp_path, text))


def test_a_missing_recipe_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="absent"):
        read_recipe(tmp_path / "absent.toml")


def test_sides_must_suit_the_block_transform(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="divide by 8"):
        read_recipe(_written(tmp_path, "[[stages]]\nstart = 0.0\nside = 100\n"))
