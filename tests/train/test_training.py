"""A small run from pictures to a weight file."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from cbvir_core.embed import mobilenet
from cbvir_core.embed.mobilenet import MobileNetDescriptor
from cbvir_core.errors import WeightsDamaged, WeightsMissing
from cbvir_core.train import checkpoint
from cbvir_core.train.__main__ import main
from cbvir_core.train.export import ExportCandidate, settled, whitened
from cbvir_core.train.filter_lesson import FilterLesson
from cbvir_core.train.lesson import LessonMaterial
from cbvir_core.train.loop import TrainingRun
from cbvir_core.train.recipe import TrainingRecipe
from cbvir_core.train.recipe_file import write_recipe
from cbvir_core.train.report import TrainingReport
from cbvir_core.train.teacher import taught
from cbvir_core.train.tensors import describe
from cbvir_core.weights import read_weights

CPU = torch.device("cpu")


@pytest.fixture
def material(pixels: Tensor, tiny: TrainingRecipe) -> LessonMaterial:
    torch.manual_seed(3)
    rows = torch.nn.functional.normalize(torch.rand(len(pixels), 1280))
    return LessonMaterial(pixels, taught(rows, tiny.whiten, 0.5))


def _training(recipe: TrainingRecipe, material: LessonMaterial) -> TrainingRun:
    return TrainingRun(recipe, FilterLesson(recipe, material, CPU))


def _same(first: dict[str, Tensor], second: dict[str, Tensor]) -> bool:
    return first.keys() == second.keys() and all(torch.equal(first[key], second[key]) for key in first)


def test_a_resumed_run_is_the_run_it_goes_on_with(
    material: LessonMaterial, tiny: TrainingRecipe, tmp_path: Path
) -> None:
    whole = _training(tiny, material)
    for spent in (0.1, 0.2):
        whole.advance(spent)
    checkpoint.save(whole.state(), tmp_path)
    resumed = _training(tiny, material)
    resumed.resume(checkpoint.load(tmp_path))
    assert (resumed.step, resumed.seen) == (2, 2 * tiny.batch)
    assert whole.advance(0.6) == resumed.advance(0.6)
    assert _same(whole.network.state_dict(), resumed.network.state_dict())
    assert _same(whole.averaged, resumed.averaged)


def test_steps_bring_the_loss_down(material: LessonMaterial, tiny: TrainingRecipe) -> None:
    training = _training(replace(tiny, batch=12, learning_rate=3e-3), material)
    losses = [sum(training.advance(0.2).values()) for _ in range(12)]
    assert min(losses[-3:]) < losses[0]


def test_a_run_without_a_teacher_has_the_contrast_alone(pixels: Tensor, tiny: TrainingRecipe) -> None:
    assert _training(tiny, LessonMaterial(pixels, None)).advance(0.5).keys() == {"contrast"}


def test_a_round_shows_every_picture_once(material: LessonMaterial, tiny: TrainingRecipe) -> None:
    lesson = FilterLesson(tiny, material, CPU)
    shown = [number for step in range(3) for number in lesson._views(step, 0.0, 2)[0].tolist()]
    assert sorted(shown) == list(range(12))


def test_the_budget_counts_long_steps_short(
    material: LessonMaterial, tiny: TrainingRecipe, report: TrainingReport, tmp_path: Path
) -> None:
    ticks = iter(range(0, 100_000, 1000))
    training = _training(replace(tiny, step_limit_s=5.0), material)
    training.run(10.0, tmp_path, report, clock=lambda: float(next(ticks)))
    assert (training.step, training.spent_s) == (2, 10.0)
    assert checkpoint.load(tmp_path).step == 2


def test_what_is_due_before_a_step_counts_too(
    material: LessonMaterial,
    tiny: TrainingRecipe,
    report: TrainingReport,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Two batches went through it: it may cost as much as two steps."""
    monkeypatch.setattr(FilterLesson, "prepare", lambda *_: 2)
    ticks = iter(range(0, 100_000, 1000))
    training = _training(replace(tiny, step_limit_s=5.0), material)
    training.run(30.0, tmp_path, report, clock=lambda: float(next(ticks)))
    assert (training.step, training.spent_s) == (2, 30.0)


def test_ctrl_c_keeps_what_was_learnt(
    photos: Path,
    tiny: TrainingRecipe,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    advance = TrainingRun.advance

    def interrupted(training: TrainingRun, spent: float) -> dict[str, float]:
        if training.step == 2:
            raise KeyboardInterrupt
        return advance(training, spent)

    write_recipe(tiny, tmp_path / "recipe.toml")
    run = ["--pictures", str(photos), "--out", str(tmp_path / "run"), "--threads", "1"]
    monkeypatch.setattr(TrainingRun, "advance", interrupted)
    assert main([*run, "--minutes", "1", "--recipe", str(tmp_path / "recipe.toml")]) == 130
    assert f"--resume continues {tmp_path / 'run'}" in capsys.readouterr().err
    saved = checkpoint.load(tmp_path / "run")
    assert saved.step == 2

    monkeypatch.setattr(TrainingRun, "advance", advance)
    assert main([*run, "--minutes", str(saved.spent_s / 60 + 0.02), "--resume"]) == 0
    assert checkpoint.load(tmp_path / "run").step > 2


def test_a_damaged_or_missing_checkpoint_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(WeightsMissing):
        checkpoint.load(tmp_path)
    (tmp_path / checkpoint.CHECKPOINT_FILE).write_bytes(b"nothing of the kind")
    with pytest.raises(WeightsDamaged):
        checkpoint.load(tmp_path)


def test_settling_and_whitening_leave_the_candidate_itself_alone(
    material: LessonMaterial, tiny: TrainingRecipe, report: TrainingReport
) -> None:
    network = mobilenet.build(_training(tiny, material).averaged)
    before = {name: value.clone() for name, value in network.state_dict().items()}
    first = ExportCandidate("mobilenet_v2", network, 32, "learnt", False)
    other = whitened(settled(first, material.pixels), tiny, material.pixels, report)
    assert (other.whitening, other.settled) == ("fitted", True)
    assert _same(network.state_dict(), before)
    rows = describe(other.network, material.pixels, 32, False, report)
    assert rows.shape == (12, tiny.whiten)
    # Whitened on these very pictures: their rows have no common direction left.
    assert float(rows.mean(dim=0).norm()) < 0.3


def test_from_the_command_line_to_a_weight_file_that_loads(
    photos: Path, tiny: TrainingRecipe, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    torch.manual_seed(0)
    features = MobileNetDescriptor().features.state_dict()
    save_file(
        {f"features.{name}": value for name, value in features.items()}, tmp_path / "teacher.safetensors"
    )
    write_recipe(tiny, tmp_path / "recipe.toml")
    run = ["--pictures", str(photos), "--out", str(tmp_path / "run"), "--threads", "1"]
    learn = [*run, "--teacher", str(tmp_path / "teacher.safetensors"), "--minutes"]
    assert main([*learn, "0.01", "--recipe", str(tmp_path / "recipe.toml")]) == 0
    header, state = read_weights(tmp_path / "run" / "filter.safetensors")
    assert header.architecture == "mobilenet_v2"
    assert header.preprocess.height in tiny.infer_sides
    assert header.details["data"]["pictures"] == 20
    assert mobilenet.build(state)(torch.zeros(1, 3, 32, 32)).shape == (1, tiny.whiten)

    steps = header.details["steps"]
    assert main([*learn, "0.02", "--resume"]) == 0
    assert checkpoint.load(tmp_path / "run").step > steps

    weights = tmp_path / "again.safetensors"
    assert main(["--out", str(tmp_path / "run"), "--export", str(weights)]) == 0
    assert read_weights(weights)[0].details["steps"] > steps
    assert main(["--measure", str(weights), "--pictures", str(photos), "--threads", "1"]) == 0
    assert "everything" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--pictures", "absent"], "--out"),
        (["--pictures", "absent", "--out", "{out}"], "absent"),
        (["--out", "{out}"], "no picture"),
        (["--out", "{out}", "--export", "x.safetensors"], "holds no checkpoint"),
        (["--measure", "absent.safetensors"], "absent"),
        (["--out", "{out}", "--recipe", "absent.toml"], "absent.toml"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(
    arguments: list[str], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([argument.format(out=tmp_path) for argument in arguments]) == 1
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
