"""The recipe of a training run: every choice of it.  `recipe_file` reads and writes it."""

from __future__ import annotations

from dataclasses import dataclass, field

from cbvir_core.embed.solar import SOLAR_BACKBONES
from cbvir_core.errors import ConfigError

TRAINED_NETWORKS = ("filter", "solar")
WHITENINGS = ("learnt", "fitted", "none")


@dataclass(frozen=True)
class Augmentation:
    """How often and how strongly views are perturbed, as people do it to frames.

    Names that end in ``_p`` are probabilities.  The framing is one of: a crop, a page (zoom out into a
    page or a player window), bars (letterbox or pillarbox), or the whole picture.
    """

    crop_p: float = 0.40
    crop_min: float = 0.5
    page_p: float = 0.33
    page_max: float = 2.8
    bars_p: float = 0.12
    stretch: float = 0.12
    mirror_p: float = 0.35
    rotate_p: float = 0.35
    rotate_deg: float = 12.0
    perspective_p: float = 0.25
    perspective: float = 0.15
    tone_p: float = 0.7
    tint_p: float = 0.3
    saturation_p: float = 0.4
    grey_p: float = 0.12
    sepia_p: float = 0.05
    blur_p: float = 0.25
    downscale_p: float = 0.3
    jpeg_p: float = 0.35
    noise_p: float = 0.3
    caption_p: float = 0.2
    logo_p: float = 0.25
    screen_p: float = 0.15
    glare_p: float = 0.15


@dataclass(frozen=True)
class LossWeights:
    """The weight of each loss, and the temperature of `bank` and `contrast`."""

    distill: float = 4.0
    bank: float = 1.0
    contrast: float = 1.0
    temperature: float = 0.07


@dataclass(frozen=True)
class HintOptions:
    """How the maps of a teacher are used, block by block.

    Up to the share `forced` of the time budget each block learns alone, from the teacher's input, at
    `learning_rate`.  Then the student runs on its own maps.  The loss of the hints has the `weight` at
    first, beside the other losses, and fades out until the share `until`.
    """

    forced: float = 0.25
    until: float = 0.7
    weight: float = 6.0
    learning_rate: float = 5e-3


@dataclass(frozen=True)
class SolarOptions:
    """How the refinement network is built and trained.

    Network: without `attention` the attention blocks stay in the file but change nothing.  Without
    `learn_p` GeM's exponent stays at ``gem_p``.  `whitening` is ``learnt``, ``fitted`` (PCA of clean
    pictures, at the start and again at the end) or ``none`` (descriptors as wide as the features).

    Losses: up to the share `contrast_until` of the time budget there is only the contrast, with the weight
    ``losses.contrast``.  Then its weight is multiplied by `contrast_kept`, and the two losses of SOLAR are
    added with the weights `triplet` and `sos`; `margin` is the triplet's, `negatives` the number of
    negatives of an anchor.  These four have the values of the published training.

    Negatives: they are mined anew every `mine_rounds` rounds over all pictures, which are described at
    `mine_side`; each picture keeps `candidates` of them.  Batches are made of groups of `group` hard
    pictures.  Two pictures whose rows of the judge have a cosine above `duplicate` are not negatives of
    each other.

    Positives: with the probability `scene_p` the second view of a frame is of another frame of its scene.
    """

    backbone: str = "mobilenet_v2"
    attention: bool = True
    learn_p: bool = True
    whitening: str = "learnt"
    triplet: float = 1.0
    margin: float = 1.25
    negatives: int = 5
    sos: float = 10.0
    contrast_until: float = 0.1
    contrast_kept: float = 1.0
    mine_rounds: int = 2
    mine_side: int = 112
    candidates: int = 24
    group: int = 4
    duplicate: float = 0.75
    scene_p: float = 0.5

    def __post_init__(self) -> None:
        wrong = {
            f"solar.backbone must be one of {', '.join(SOLAR_BACKBONES)}": self.backbone
            not in SOLAR_BACKBONES,
            f"solar.whitening must be one of {', '.join(WHITENINGS)}": self.whitening not in WHITENINGS,
            "solar.negatives, candidates, group and mine_rounds must be at least 1": min(
                self.negatives, self.candidates, self.group, self.mine_rounds
            )
            < 1,
        }
        _refuse(wrong)


@dataclass(frozen=True)
class SizeStage:
    """Pictures are `side` pixels wide and high from the share `start` of the time budget on."""

    start: float
    side: int


@dataclass(frozen=True)
class TrainingRecipe:
    """Every choice of a run except its data, its duration and its device.

    - `network`: ``filter`` or ``solar``.
    - `store_side`: the side in pixels that pictures are kept at in memory.
    - `whiten`: the width of the descriptor.
    - `teacher_whiten`: how far the teacher's descriptors are whitened, from 0 (not) to 1 (fully).
    - `step_limit_s`: the most that one step may take off the time budget, so that a process that was
      paused does not lose its schedule.
    - `infer_sides`: the input sides to try at the end.
    """

    network: str = "filter"
    label: str = "cbvir built-in filter"
    seed: int = 1
    store_side: int = 160
    teacher_side: int = 192
    teacher_whiten: float = 0.5
    gem_p: float = 3.0
    whiten: int = 512
    batch: int = 96
    learning_rate: float = 1.5e-3
    weight_decay: float = 0.05
    warmup: float = 0.04
    ramp: float = 0.25
    ema: float = 0.998
    bf16: bool = True
    step_limit_s: float = 5.0
    held_out: int = 1024
    infer_sides: tuple[int, ...] = (160, 192, 224)
    stages: tuple[SizeStage, ...] = (SizeStage(0.0, 96), SizeStage(0.5, 112), SizeStage(0.85, 128))
    losses: LossWeights = field(default_factory=LossWeights)
    hints: HintOptions = field(default_factory=HintOptions)
    solar: SolarOptions = field(default_factory=SolarOptions)
    augment: Augmentation = field(default_factory=Augmentation)

    def __post_init__(self) -> None:
        framed = self.augment.crop_p + self.augment.page_p + self.augment.bars_p
        wrong = {
            "network must be filter or solar": self.network not in TRAINED_NETWORKS,
            "stages must not be empty": not self.stages,
            "the sides of stages must divide by 8": any(stage.side % 8 for stage in self.stages),
            "infer_sides must not be empty": not self.infer_sides,
            "batch must be at least 2": self.batch < 2,
            "warmup must lie between 0 and 1": not 0.0 < self.warmup < 1.0,
            "hints.forced and hints.until must rise from 0 to 1": not 0
            <= self.hints.forced
            < self.hints.until
            <= 1,
            "losses.temperature must be above 0": self.losses.temperature <= 0.0,
            "crop_p, page_p and bars_p must not add up to more than 1": framed > 1.0,
        }
        _refuse(wrong)
        if self.network == "solar":
            _refuse(self._solar_wrong())

    def _solar_wrong(self) -> dict[str, bool]:
        losses, solar = self.losses, self.solar
        after = losses.contrast * solar.contrast_kept + solar.triplet
        return {
            "losses.contrast must be above 0 until solar.contrast_until": losses.contrast <= 0.0
            and solar.contrast_until > 0.0,
            "solar needs triplet, or losses.contrast and contrast_kept, above 0": after <= 0.0,
            "without a whitening, which a teacher needs, losses.distill and losses.bank must be 0": (
                solar.whitening == "none" and losses.distill + losses.bank > 0.0
            ),
        }


def _refuse(wrong: dict[str, bool]) -> None:
    for message, holds in wrong.items():
        if holds:
            raise ConfigError(message)


FILTER_RECIPE = TrainingRecipe()
"""Defaults of a recipe for the filter."""

SOLAR_RECIPE = TrainingRecipe(
    network="solar",
    label="cbvir built-in refinement",
    batch=64,
    learning_rate=5e-4,
    infer_sides=(160, 192, 224, 256),
    stages=(SizeStage(0.0, 112), SizeStage(0.6, 128), SizeStage(0.85, 160)),
    losses=LossWeights(distill=0.0, bank=0.0),
)
"""Defaults of a recipe for the refinement."""
