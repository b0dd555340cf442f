"""Regions of all views of the training clips, described once and kept in the folder of the run.

A step of the training needs the regions of some hundred frames.  The filter's network would take seconds for
them; read from the file they take milliseconds.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import BinaryIO

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from cbvir_core.errors import NotAVideo
from cbvir_core.files import no_room, replacing
from cbvir_core.train.pictures import read_pictures
from cbvir_core.train.recipe_file import recipe_table
from cbvir_core.train.report import TrainingReport
from cbvir_core.train.tensors import prepare
from cbvir_core.train.video.clips import TrainingClip, read_clips
from cbvir_core.train.video.recipe import VideoRecipe
from cbvir_core.train.video.slides import slide_clips
from cbvir_core.train.video.views import ClipDraws, strong_view, weak_view
from cbvir_core.train.whitening import fit_whitening
from cbvir_core.types import Floats
from cbvir_core.visil import RegionWhitening
from cbvir_core.visil.region_encoder import RegionEncoder

HalfFloats = npt.NDArray[np.float16]

REGIONS = 9
WHITENING_FRAMES = 4000
"""Frames that the whitening is fitted on, at most: 36,000 regions."""

WHITENING_FRAME_STEP = 8
"""Of the frames of a clip that many follow one another before one is taken for the whitening."""

WHITENING_FLOOR = 1e-4
"""Share of the largest variance below which an axis is not amplified further."""

VIEWS_OF_CLIP = 64
"""Seeds for the views of one clip."""

_DESCRIBED_AT_ONCE = 8  # pictures that the network describes at once
_ROWS_FILE, _TABLE_FILE = "regions.f16", "regions.json"


@dataclass(frozen=True, eq=False)
class ClipRegions:
    """Whitened regions of the views of all clips, before attention.

    - `rows`: frames x 9 x D, float16, mapped from the file.
    - `names`, `sources`, `is_video`, `lengths`: of the C clips; `starts`: row at which each view begins, a
      list a clip, first the `weak` weak views, then the strong ones.
    - `donors`: how many of the clips, the first ones, are shown inside others only.
    - `blank`: regions of pictures without content, B x 9 x D.
    - `data`: says of what they were made.
    """

    rows: HalfFloats = field(repr=False)
    blank: Tensor = field(repr=False)
    whitening: RegionWhitening
    names: tuple[str, ...]
    sources: tuple[str, ...]
    is_video: tuple[bool, ...]
    lengths: tuple[int, ...]
    starts: tuple[tuple[int, ...], ...]
    weak: int
    donors: int
    data: dict[str, object]

    def view(self, clip: int, number: int) -> HalfFloats:
        """Return the regions of all frames of a view, T x 9 x D."""
        start = self.starts[clip][number]
        return self.rows[start : start + self.lengths[clip]]


def described_clips(
    folder: Path,
    videos: Sequence[Path],
    pictures: Sequence[Path],
    encoder: RegionEncoder,
    recipe: VideoRecipe,
    report: TrainingReport,
) -> ClipRegions:
    """Return the regions of all clips; describe them where `folder` does not have them yet.

    Raise NotAVideo where there are too few clips, FileUnreadable, DiskFull.
    """
    key = _key(videos, pictures, encoder, recipe)
    if not _kept(folder, key):
        _describe(folder, videos, pictures, encoder, recipe, report, key)
    return _opened(folder)


class _Writer:
    """Describes views one after the other into a file, and notes where they are."""

    def __init__(self, stream: BinaryIO, encoder: RegionEncoder, whitening: RegionWhitening) -> None:
        self._stream, self._encoder, self._whitening = stream, encoder, whitening
        self.written = 0

    def write(self, views: Tensor) -> int:
        """Append the regions of a view, T x 3 x S x S in [0, 1]; return the row at which it begins."""
        start = self.written
        self._stream.write(self.regions(views).astype(np.float16).tobytes())
        self.written += len(views)
        return start

    def regions(self, views: Tensor) -> Floats:
        """Return the whitened regions of pictures."""
        return self._whitening(raw_regions(self._encoder, views))


def raw_regions(encoder: RegionEncoder, pictures: Tensor) -> Floats:
    """Return the raw regions of pictures, N x 3 x S x S in [0, 1]: N x 9 x C."""
    parts = torch.split(prepare(pictures).contiguous(), _DESCRIBED_AT_ONCE)
    return np.concatenate([encoder.run(np.ascontiguousarray(part.numpy())) for part in parts])


def _describe(
    folder: Path,
    videos: Sequence[Path],
    pictures: Sequence[Path],
    encoder: RegionEncoder,
    recipe: VideoRecipe,
    report: TrainingReport,
    key: str,
) -> None:
    side = encoder.preprocess.height or 0
    clips = list(read_clips(videos, side, recipe))
    report.say(f"{len(clips)} clips of {len({one.source for one in clips})} sources of videos")
    whitening = _whitening(clips, pictures, encoder, recipe, report)
    slides = slide_clips(read_pictures(pictures), recipe.slides, recipe.clip_frames, side, recipe.seed)
    everything, donors = _with_donors(clips, slides, recipe)
    table: list[dict[str, object]] = []
    path, total = folder / _ROWS_FILE, len(clips) + (recipe.slides if pictures else 0)
    with no_room(path), replacing(path) as temporary, temporary.open("wb") as stream:
        writer = _Writer(stream, encoder, whitening)
        blank_start = writer.write(_blank_pictures(side))
        for number, clip in enumerate(everything):
            table.append(_described(clip, number, number < len(donors), donors, recipe, writer))
            report.progress("views", number + 1, total, f"{writer.written} frames")
    learnt = [one for one in table if not one["donor"]]
    if len(learnt) < recipe.batch:
        raise NotAVideo(f"{len(learnt)} clips are too few to learn from; name more videos, or --pictures")
    described = {
        "key": key,
        "dims": whitening.dim,
        "blank": [blank_start, BLANK_PICTURES],
        "clips": table,
        "data": _data(table, videos, pictures),
    }
    np.savez(folder / "whitening.npz", weight=whitening.weight, bias=whitening.bias)
    with replacing(folder / _TABLE_FILE) as temporary:
        temporary.write_text(json.dumps(described))


def _described(
    clip: TrainingClip,
    number: int,
    is_donor: bool,
    donors: Sequence[TrainingClip],
    recipe: VideoRecipe,
    writer: _Writer,
) -> dict[str, object]:
    """Describe all views of a clip, and return its line of the table."""
    seed = number * VIEWS_OF_CLIP
    starts = [writer.write(weak_view(clip.pixels, recipe, seed + view)) for view in range(recipe.weak_views)]
    if not is_donor:
        for view in range(recipe.strong_views if clip.is_video else recipe.slide_views):
            own = seed + recipe.weak_views + view
            donor = donors[int(ClipDraws(recipe.seed + 1, own).uniform(1) * len(donors))]
            starts.append(writer.write(strong_view(clip.pixels, donor.pixels, recipe, own)))
    return {
        "name": clip.name,
        "source": clip.source,
        "is_video": clip.is_video,
        "frames": len(clip.pixels),
        "starts": starts,
        "donor": is_donor,
    }


def _with_donors(
    clips: Sequence[TrainingClip], slides: Iterator[TrainingClip], recipe: VideoRecipe
) -> tuple[Iterable[TrainingClip], list[TrainingClip]]:
    """Return all clips, the donors first, and the donors: slides, or the last clips where there are none."""
    donors = list(islice(slides, recipe.donors))
    if not donors:
        kept = max(1, min(recipe.donors, len(clips) // 4))
        return [*clips[-kept:], *clips[:-kept]], list(clips[-kept:])

    def everything() -> Iterator[TrainingClip]:
        yield from donors
        yield from clips
        yield from slides

    return everything(), donors


def _whitening(
    clips: Sequence[TrainingClip],
    pictures: Sequence[Path],
    encoder: RegionEncoder,
    recipe: VideoRecipe,
    report: TrainingReport,
) -> RegionWhitening:
    """Fit the whitening on some frames of the clips and on photographs."""
    report.say("fitting the whitening of the regions")
    frames = [clip.pixels[::WHITENING_FRAME_STEP] for clip in clips]
    found = [raw_regions(encoder, part.float() / 255.0) for part in frames[: WHITENING_FRAMES // 8]]
    left = WHITENING_FRAMES - sum(map(len, found))
    for _, image in islice(read_pictures(pictures), max(0, left)):
        found.append(encoder.encode([image]))
    if not found:
        raise NotAVideo("there is no video to learn from, apart from those that are held out for benchmarks")
    rows = torch.from_numpy(np.concatenate(found).reshape(-1, encoder.dim))
    weight, bias = fit_whitening(rows, recipe.dims, recipe.whiten_power, WHITENING_FLOOR)
    return RegionWhitening(weight.numpy(), bias.numpy())


BLANK_PICTURES = 8


def _blank_pictures(side: int) -> Tensor:
    """Return pictures without content: black, white, greys, and noise."""
    levels = torch.tensor([0.0, 0.0, 0.1, 0.3, 0.5, 1.0])[:, None, None, None].expand(6, 3, side, side)
    noise = torch.rand(2, 3, side, side, generator=torch.Generator().manual_seed(0))
    return torch.cat([levels, noise])


def _key(
    videos: Sequence[Path], pictures: Sequence[Path], encoder: RegionEncoder, recipe: VideoRecipe
) -> str:
    """Return a hash of all that the regions depend on."""
    of_steps = {"learning_rate", "weight_decay", "warmup", "ema", "temperature", "hard", "regularisation"}
    of_steps |= {"label", "batch", "videos", "temporal", "students", "window", "step_limit_s"}
    table = {key: value for key, value in recipe_table(recipe).items() if key not in of_steps}
    names = [str(path.resolve()) for path in (*videos, *pictures)]
    text = json.dumps([table, names, encoder.fingerprint, encoder.precision], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _kept(folder: Path, key: str) -> bool:
    path = folder / _TABLE_FILE
    return path.exists() and json.loads(path.read_text())["key"] == key


def _data(
    table: Sequence[dict[str, object]], videos: Sequence[Path], pictures: Sequence[Path]
) -> dict[str, object]:
    return {
        "clips_of_videos": sum(bool(one["is_video"]) and not one["donor"] for one in table),
        "clips_of_photographs": sum(not one["is_video"] and not one["donor"] for one in table),
        "sources": [path.name for path in (*videos, *pictures)],
    }


def _opened(folder: Path) -> ClipRegions:
    table = json.loads((folder / _TABLE_FILE).read_text())
    rows = np.memmap(folder / _ROWS_FILE, np.float16, "r").reshape(-1, REGIONS, table["dims"])
    start, count = table["blank"]
    clips = table["clips"]
    with np.load(folder / "whitening.npz") as kept:
        whitening = RegionWhitening(kept["weight"], kept["bias"])
    return ClipRegions(
        rows=rows,
        blank=torch.from_numpy(np.array(rows[start : start + count])),
        whitening=whitening,
        names=tuple(one["name"] for one in clips),
        sources=tuple(one["source"] for one in clips),
        is_video=tuple(one["is_video"] for one in clips),
        lengths=tuple(one["frames"] for one in clips),
        starts=tuple(tuple(one["starts"]) for one in clips),
        weak=len(clips[0]["starts"]),  # donors come first and have weak views only
        donors=sum(one["donor"] for one in clips),
        data=table["data"],
    )
