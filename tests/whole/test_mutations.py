"""The trial of mutated files in its short form, and that it can fail."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from torture.__main__ import table
from torture.mutations import MAX_STALL_S, MUTATIONS, MutationTally, mutate_often

COUNT = 40


def test_mutated_files_crash_nothing_but_their_own_process() -> None:
    tally = mutate_often(COUNT, seed=7, told=lambda said: None)
    assert tally.survived, tally
    assert tally.outcomes.total() == COUNT
    assert tally.outcomes["pictures: refused with a sentence"]
    assert f"| mutated files | {COUNT} |" in table([tally])


@pytest.mark.parametrize("mutation", MUTATIONS)
def test_a_mutation_changes_what_it_is_given(mutation: object) -> None:
    assert callable(mutation)
    data = b"\0\0\0\x18ftypisom\0\0\2\0" + bytes(range(256)) * 8
    changed = [bytes(mutation(random.Random(seed), bytearray(data))) for seed in range(8)]
    assert sum(one != data for one in changed) >= 6
    assert changed == [bytes(mutation(random.Random(seed), bytearray(data))) for seed in range(8)]


def test_a_crash_or_a_stall_counts() -> None:
    assert MutationTally(Counter(read=3), longest_s=1.0).survived
    assert not MutationTally(faults=["input 3: ValueError"]).survived
    assert not MutationTally(longest_s=MAX_STALL_S + 1).survived
