"""The recipe of a training of 2D CNN + LSTM: every choice of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cbvir_core.errors import ConfigError
from cbvir_core.sequences import CLIP_STEPS, LSTM_UNITS
from cbvir_core.train.recipe import Augmentation
from cbvir_core.train.recipe_file import build_table, read_tables, recipe_table


@dataclass(frozen=True)
class SequenceRecipe:
    """Every choice of a run except its data, its duration and its device.

    Adam, its rate, the batch, the units and the dropout are those of the paper (section IV-C, table I).

    - `steps`: frames of a clip; `units`: width of its vector.
    - `frames`: the most frames of a labelled clip that are described; `steps` of them are drawn in each step.
    - `variants`: how often a clip without a label is described: once as it is, then perturbed by `augment`.
    - `crop`: the share of the sides that the second description of a labelled clip shows, its centre.
    - `share_min`: the smallest share of a stretch that a clip of it covers.
    - `slides`: clips made of photographs; `stretch_frames`: frames of a stretch, three a second.
    - `temperature`: of InfoNCE.  Two stretches of one source are never compared.
    - `held_out_one_in`: of so many groups of labelled clips one is not learnt, but measured.
    """

    label: str = "cbvir 2D CNN + LSTM"
    seed: int = 1
    steps: int = CLIP_STEPS
    units: int = LSTM_UNITS
    frames: int = 32
    variants: int = 5
    crop: float = 0.875
    share_min: float = 0.4
    slides: int = 320
    stretch_frames: int = 48
    stretches_per_video: int = 6
    batch: int = 64
    learning_rate: float = 1e-3
    weight_decay: float = 0.0
    warmup: float = 0.04
    ema: float = 0.998
    step_limit_s: float = 5.0
    dropout: float = 0.25
    temperature: float = 0.07
    held_out_one_in: int = 10
    augment: Augmentation = field(default_factory=lambda: Augmentation(page_p=0.2, page_max=2.0))

    def __post_init__(self) -> None:
        wrong = {
            "steps, units, variants and frames must be at least 1": min(
                self.steps, self.units, self.variants, self.frames
            )
            < 1,
            "batch must be at least 2": self.batch < 2,
            "held_out_one_in must be at least 2": self.held_out_one_in < 2,
            "temperature must be above 0": self.temperature <= 0.0,
            "share_min and crop must lie above 0 and be at most 1": not (
                0.0 < self.share_min <= 1.0 and 0.0 < self.crop <= 1.0
            ),
            "warmup must lie between 0 and 1": not 0.0 < self.warmup < 1.0,
            "dropout must be at least 0 and below 1": not 0.0 <= self.dropout < 1.0,
        }
        for message, holds in wrong.items():
            if holds:
                raise ConfigError(message)


def read_sequence_recipe(path: Path | None) -> SequenceRecipe:
    """Read the recipe of a TOML file; missing keys have their defaults.

    Raise ConfigError for a file that cannot be read, an unknown key, or a value of another type.
    """
    return sequence_recipe_from(read_tables(path))


def sequence_recipe_from(table: dict[str, Any]) -> SequenceRecipe:
    """Make a recipe of nested tables, as `recipe_table` returns them; raise as `read_sequence_recipe`."""
    default = recipe_table(SequenceRecipe())
    values = default | table
    if not isinstance(values["augment"], dict):
        raise ConfigError(f"augment must be a table, not {values['augment']!r}")
    values["augment"] = build_table(Augmentation, default["augment"] | values["augment"], "augment.")
    return build_table(SequenceRecipe, values, "")
