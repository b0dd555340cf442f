"""The training of video similarity: its losses, its batches, its steps, and the whole command."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from cbvir_core.errors import WeightsMismatch
from cbvir_core.train import __main__ as program
from cbvir_core.train.loop import TrainingRun
from cbvir_core.train.random_draws import RandomDraws
from cbvir_core.train.video import command, losses
from cbvir_core.train.video.lesson import VideoBatches, VideoLesson
from cbvir_core.train.video.recipe import VideoRecipe
from cbvir_core.train.video.regions import ClipRegions
from cbvir_core.train.video.students_lesson import StudentsLesson
from cbvir_core.types import Floats
from cbvir_core.visil import RegionWhitening, VideoStudents, VisilModel
from support.films import draw_film
from support.small_regions import SmallRegions

DIMS = 12
RECIPE = replace(
    VideoRecipe(), window=12, clip_frames=16, batch=4, videos=2, dims=DIMS, donors=2, weak_views=1, ema=0.5
)


def made_regions(clips: int = 10, frames: int = 16, noise: float = 0.4, dims: int = DIMS) -> ClipRegions:
    """Clips whose frames wander; each view is the clip with noise.  Two are donors, three of one source."""
    draws = np.random.default_rng(0)
    rows: list[Floats] = [np.zeros((2, 9, dims), np.float32)]
    starts = []
    for clip in range(clips):
        content = np.cumsum(draws.normal(size=(frames, 9, dims)), axis=0)
        own = []
        for _ in range(2 if clip >= 2 else 1):
            own.append(sum(map(len, rows)))
            seen = content + noise * draws.normal(size=content.shape)
            rows.append((seen / np.linalg.norm(seen, axis=-1, keepdims=True)).astype(np.float32))
        starts.append(tuple(own))
    return ClipRegions(
        rows=np.concatenate(rows).astype(np.float16),
        blank=torch.zeros(2, 9, dims, dtype=torch.float16),
        whitening=RegionWhitening(np.eye(dims, dtype=np.float32), np.zeros(dims, np.float32)),
        names=tuple(f"{clip}" for clip in range(clips)),
        sources=tuple("series" if 2 <= clip < 5 else f"{clip}" for clip in range(clips)),
        is_video=tuple(clip < 6 for clip in range(clips)),
        lengths=(frames,) * clips,
        starts=tuple(starts),
        weak=1,
        donors=2,
        data={"clips_of_videos": clips - 2},
    )


@pytest.fixture(scope="module")
def regions() -> ClipRegions:
    return made_regions()


def test_losses_are_those_of_their_definitions() -> None:
    shares = losses.as_share(torch.tanh(torch.randn(6, 6, generator=torch.Generator().manual_seed(0))))
    assert 0 <= float(shares.min()) <= float(shares.max()) <= 1
    table = shares.tolist()
    contrast = hardest = alike = 0.0
    for one in range(6):
        own = (one + 3) % 6
        others = [math.exp(table[one][other] / 0.1) for other in range(6) if other != one]
        contrast += -math.log(math.exp(table[one][own] / 0.1) / sum(others)) / 6
        strangers = [table[one][other] for other in range(6) if other not in (one, own)]
        hardest += -math.log(1 - max(strangers)) / 6
        alike += -math.log(table[one][one]) / 6
    assert float(losses.contrast(shares, 0.1)) == pytest.approx(contrast, rel=1e-4)
    assert float(losses.hardest_negative(shares)) == pytest.approx(hardest, rel=1e-4)
    assert float(losses.self_similarity(shares)) == pytest.approx(alike, rel=1e-4)


def test_losses_of_the_wanted_similarities_are_small() -> None:
    wanted = losses.as_share(2 * torch.eye(4).repeat(2, 2) - 1)
    assert float(losses.contrast(wanted, 0.03)) < 1e-3
    assert float(losses.hardest_negative(wanted)) == pytest.approx(0)
    assert float(losses.self_similarity(wanted)) == pytest.approx(0)


def test_no_two_clips_of_a_batch_are_of_one_source(regions: ClipRegions) -> None:
    batches = VideoBatches(RECIPE, regions)
    seen: set[int] = set()
    for step in range(40):
        chosen = batches.clips(RandomDraws(1, step))
        assert len({regions.sources[clip] for clip in chosen}) == len(chosen) == RECIPE.batch
        assert sum(regions.is_video[clip] for clip in chosen) == RECIPE.videos
        seen |= set(chosen)
    assert seen == set(range(regions.donors, len(regions.names)))


def test_a_batch_is_drawn_anew_each_step_and_the_same_in_each_run(regions: ClipRegions) -> None:
    batches = VideoBatches(RECIPE, regions)
    first, again, next_step = (batches.views(RandomDraws(1, step)) for step in (3, 3, 4))
    assert first.shape == (2 * RECIPE.batch, RECIPE.window, 9, DIMS)
    assert torch.equal(first, again)
    assert not torch.equal(first, next_step)


def test_a_training_tells_clips_apart(regions: ClipRegions) -> None:
    training = TrainingRun(RECIPE, VideoLesson(RECIPE, regions))
    begun = [training.advance(0.3) for _ in range(3)]
    for _ in range(60):
        training.advance(0.3)
    ended = [training.advance(0.3) for _ in range(3)]

    def total(steps: list[dict[str, float]]) -> float:
        return sum(sum(parts.values()) for parts in steps)

    assert begun[0].keys() == {"contrast", "hardest", "self", "beyond"}
    assert total(ended) < 0.7 * total(begun)
    assert training.seen == training.step * RECIPE.batch


def test_a_resumed_training_goes_on_as_if_it_had_not_stopped(regions: ClipRegions) -> None:
    whole = TrainingRun(RECIPE, VideoLesson(RECIPE, regions))
    for _ in range(3):
        whole.advance(0.3)
    state = whole.state()
    copied = {name: value.clone() for name, value in state.network.items()}
    resumed = TrainingRun(RECIPE, VideoLesson(replace(RECIPE, seed=1), regions))
    resumed.resume(replace(state, network=copied))
    assert whole.advance(0.4) == pytest.approx(resumed.advance(0.4), rel=1e-4)


@pytest.fixture
def small_network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "RegionEncoder", SmallRegions)


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Drawn films of other sources, a text, and one film that is held out."""
    folder = tmp_path_factory.mktemp("films")
    for number in range(9):
        draw_film(folder / f"film{number}.mp4", seed=number, shots=2, size=(96, 64), rate=6)
    (folder / "notes.txt").write_text("no film")
    return folder


TINY_RECIPE = """
clip_frames = 12
window = 8
slides = 6
donors = 2
weak_views = 1
strong_views = 1
slide_views = 1
dims = 5
batch = 3
videos = 2
"""


def run(out: Path, *line: str) -> int:
    return program.main(["video", *line, "--out", str(out), "--threads", "1"])


@pytest.mark.usefixtures("small_network")
def test_the_command_trains_from_videos_and_photographs(
    films: Path, photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recipe, out = tmp_path / "tiny.toml", tmp_path / "run"
    recipe.write_text(TINY_RECIPE)
    line = [str(films), "--pictures", str(photos), "--minutes", "0.03"]
    assert run(out, *line, "--recipe", str(recipe)) == 0
    model = VisilModel(out / "visil.safetensors")
    assert model.header.details["data"]["clips_of_photographs"] == 4
    assert model.whitening.dim == 5
    assert model.filter_fingerprint
    described = (out / "regions.f16").stat().st_mtime_ns
    assert run(out, *line, "--resume") == 0  # the time is spent already
    assert (out / "regions.f16").stat().st_mtime_ns == described
    assert "continuing at step" in capsys.readouterr().out


@pytest.mark.usefixtures("small_network")
def test_videos_alone_are_enough(films: Path, tmp_path: Path) -> None:
    (tmp_path / "tiny.toml").write_text(TINY_RECIPE)
    line = [str(films), "--minutes", "0.01", "--recipe", str(tmp_path / "tiny.toml")]
    assert run(tmp_path / "run", *line) == 0
    assert VisilModel(tmp_path / "run" / "visil.safetensors").header.details["steps"] > 0


@pytest.mark.usefixtures("small_network")
def test_a_folder_without_videos_is_an_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "empty").mkdir()
    assert run(tmp_path / "run", str(tmp_path / "empty")) == 1
    assert "no video to learn from" in capsys.readouterr().err


@pytest.mark.usefixtures("small_network")
def test_students_learn_from_what_was_trained(films: Path, tmp_path: Path) -> None:
    recipe, out = tmp_path / "tiny.toml", tmp_path / "run"
    recipe.write_text(TINY_RECIPE.replace("dims = 5", "dims = 8") + "[students]\nbits = 64\ncentres = 2\n")
    assert run(out, str(films), "--minutes", "0.01", "--recipe", str(recipe)) == 0
    with pytest.raises(WeightsMismatch, match="no students"):
        VideoStudents(VisilModel(out / "visil.safetensors"))
    assert run(out, str(films), "--minutes", "0.01", "--students") == 0
    model = VisilModel(out / "visil.safetensors")
    students = VideoStudents(model)
    assert model.header.details["students"]["steps"] > 0
    kept = [students.describe(np.random.default_rng(seed).random((6, 9, 6), np.float32)) for seed in range(2)]
    assert students.bits == 64
    assert -1 <= students.fine_similarity(*kept) <= 1
    assert students.coarse_similarities(kept[0], kept) == pytest.approx([1, kept[0].vector @ kept[1].vector])
    worth = students.worth(kept[0], kept)
    assert ((worth > 0) & (worth < 1)).all()
    fine = [students.fine_similarity(kept[0], one) / 2 + 0.5 for one in kept]
    none, one, both = (students.similarities(kept[0], kept, share) for share in (0.0, 0.5, 1.0))
    assert both == pytest.approx(fine)
    chosen = int(np.argmax(worth))
    assert one[chosen] == pytest.approx(fine[chosen])
    assert one[1 - chosen] == pytest.approx(none[1 - chosen])


def test_students_come_nearer_to_their_teacher() -> None:
    recipe = replace(RECIPE, dims=16)
    material = made_regions(dims=16)
    teacher = VideoLesson(recipe, material)
    before = {name: value.clone() for name, value in teacher.network.state_dict().items()}
    training = TrainingRun(recipe, StudentsLesson(recipe, material, teacher.network))
    begun = [training.advance(0.3) for _ in range(3)]
    for _ in range(40):
        training.advance(0.3)
    ended = [training.advance(0.3) for _ in range(3)]
    assert begun[0].keys() == {"fine", "coarse", "selector", "scale"}
    for part in ("fine", "coarse"):
        assert sum(step[part] for step in ended) < sum(step[part] for step in begun)
    for name, value in teacher.network.state_dict().items():
        assert torch.equal(value, before[name])
