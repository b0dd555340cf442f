"""Each block learns from the block of the teacher: first on the teacher's maps, then on its own."""

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from cbvir_core.embed.mobilenet import MobileNetDescriptor
from cbvir_core.train import schedule
from cbvir_core.train.filter_lesson import FilterLesson
from cbvir_core.train.hints import BlockHints
from cbvir_core.train.lesson import LessonMaterial
from cbvir_core.train.loop import TrainingRun
from cbvir_core.train.recipe import HintOptions, TrainingRecipe
from cbvir_core.train.teacher import taught
from cbvir_core.train.tensors import prepare, resized

CPU = torch.device("cpu")


@pytest.fixture
def pictures(pixels: Tensor) -> Tensor:
    return prepare(resized(pixels, 32))


@pytest.fixture
def teacher(pictures: Tensor) -> MobileNetDescriptor:
    """A seeded network with norms of these pictures, so that its maps neither vanish nor explode."""
    torch.manual_seed(5)
    network = MobileNetDescriptor(3.0).train()
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.momentum = None
    with torch.no_grad():
        network(pictures)
    return network.eval()


def _student(seed: int = 6) -> MobileNetDescriptor:
    torch.manual_seed(seed)
    return MobileNetDescriptor(3.0)


def test_a_student_that_is_the_teacher_has_nothing_to_learn(
    teacher: MobileNetDescriptor, pictures: Tensor
) -> None:
    hints = BlockHints(teacher)
    hints.start(_student(), pictures)
    same = MobileNetDescriptor(3.0)
    same.load_state_dict(teacher.state_dict())
    same.eval()
    last, along = hints.along(same, pictures)
    assert hints.forced(same, pictures).item() == 0.0
    assert along.item() == 0.0
    assert torch.equal(last, teacher.features(pictures))


def test_a_fresh_student_starts_at_the_teachers_scale(teacher: MobileNetDescriptor, pictures: Tensor) -> None:
    hints, student = BlockHints(teacher), _student()
    hints.start(student, pictures)
    # Two independent maps of one mean and variance differ by twice the variance.
    assert 0.5 < hints.forced(student.train(), pictures).item() < 3.0


def test_given_the_teachers_input_no_block_hears_of_another(
    teacher: MobileNetDescriptor, pictures: Tensor
) -> None:
    hints, student = BlockHints(teacher), _student().train()
    hints.start(student, pictures)
    before = hints.forced(student, pictures)
    torch.autograd.backward(before)
    alone = [value.grad.clone() for value in student.features[9].parameters() if value.grad is not None]
    with torch.no_grad():
        for value in student.features[3].parameters():
            value.mul_(2.0)
    student.zero_grad()
    torch.autograd.backward(hints.forced(student, pictures))
    again = [value.grad for value in student.features[9].parameters() if value.grad is not None]
    assert alone
    assert all(torch.equal(first, second) for first, second in zip(alone, again, strict=True))


def test_training_goes_through_forced_blocks_then_hints_then_none(
    teacher: MobileNetDescriptor, pixels: Tensor, tiny: TrainingRecipe
) -> None:
    recipe = replace(tiny, batch=6, hints=HintOptions(forced=0.3, until=0.6))
    rows = torch.nn.functional.normalize(teacher(prepare(resized(pixels, 32)))).detach()
    lesson = FilterLesson(recipe, LessonMaterial(pixels, taught(rows, tiny.whiten, 0.5, teacher)), CPU)
    training, whitening = TrainingRun(recipe, lesson), lesson.network.whiten
    assert whitening is not None
    before = whitening.weight.clone()
    first = [training.advance(0.1)["blocks"] for _ in range(8)]
    assert training.advance(0.1).keys() == {"blocks"}
    assert torch.equal(whitening.weight, before)
    assert min(first[-3:]) < first[0]
    assert training.advance(0.45).keys() == {"blocks", "contrast", "distill", "bank"}
    assert not torch.equal(whitening.weight, before)
    assert training.advance(0.7).keys() == {"contrast", "distill", "bank"}


def test_the_weight_of_hints_and_the_two_cycles_of_the_learning_rate() -> None:
    recipe = replace(TrainingRecipe(), learning_rate=1.0, warmup=0.1, hints=HintOptions(0.2, 0.6, 4.0, 3.0))
    weights = [schedule.hint_weight(spent, recipe.hints) for spent in (0.2, 0.4, 0.6, 0.9)]
    assert weights == pytest.approx([4.0, 2.0, 0.0, 0.0])
    rates = [schedule.learning_rate_at(spent, recipe, True) for spent in (0.02, 0.2 + 0.08, 1.0)]
    assert rates == pytest.approx([3.0, 1.0, schedule.FINAL_LEARNING_RATE_SHARE])
    assert schedule.learning_rate_at(0.1, recipe, False) == pytest.approx(1.0)
