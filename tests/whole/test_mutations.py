"""The trial of mutated files in its short form, and that it can fail."""

from __future__ import annotations

import random

import pytest

from torture.__main__ import SHORT_COUNT
from torture.mutations import MUTATIONS, mutate_often


def test_mutated_files_crash_nothing_but_their_own_process() -> None:
    tally = mutate_often(SHORT_COUNT, seed=7, told=lambda said: None)
    assert tally.survived, tally
    assert tally.injected == SHORT_COUNT
    assert set(tally.lines) == {"mutated clips", "mutated pictures"}
    assert any(said.startswith("pictures: refused with a sentence") for said in tally.notes)


@pytest.mark.parametrize("mutation", MUTATIONS)
def test_a_mutation_changes_what_it_is_given(mutation: object) -> None:
    assert callable(mutation)
    data = b"\0\0\0\x18ftypisom\0\0\2\0" + bytes(range(256)) * 8
    changed = [bytes(mutation(random.Random(seed), bytearray(data))) for seed in range(8)]
    assert sum(one != data for one in changed) >= 6
    assert changed == [bytes(mutation(random.Random(seed), bytearray(data))) for seed in range(8)]
