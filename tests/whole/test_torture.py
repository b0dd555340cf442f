"""The trials of ``python -m torture`` in their short form, and that each of them can fail."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from torture.__main__ import SHORT_EXAMPLES, SHORT_FAULTS, SHORT_KILLS, SHORT_SECONDS
from torture.api import ask_as_described
from torture.faults import disturb_often
from torture.fuzz import fuzz
from torture.kills import kill_often
from torture.load import Use, grown, load
from torture.parsers import parsers
from torture.plan import Plan, PlanFile
from torture.tally import Outcome, Tally, as_csv, as_json, as_text
from torture.tried import Answers, Subject, compare, tried_service

pytestmark = pytest.mark.timeout(600)

LIMIT_S = 10.0
REFUSED = (b'{"failed": {"code": "not_a_picture", "message": "m"}}',)
"""What is right, and says that a picture is none."""


@pytest.fixture(scope="module")
def subject() -> Iterator[Subject]:
    with tried_service() as found:
        yield found


def quiet(said: str) -> None:
    """Say nothing."""


def test_kills_lose_nothing_double_nothing_and_change_no_answer(subject: Subject) -> None:
    tally = kill_often(subject, len(SHORT_KILLS), seed=7, told=quiet, names=SHORT_KILLS)
    assert tally.survived, tally
    assert tally.injected == len(SHORT_KILLS)
    assert all(name.startswith("killed ") for name in tally.lines)


def test_writes_that_fail_and_a_full_disk_lose_nothing(subject: Subject) -> None:
    tally = disturb_often(subject, len(SHORT_FAULTS), seed=7, told=quiet, names=SHORT_FAULTS)
    assert tally.survived, tally
    assert set(tally.lines) == set(SHORT_FAULTS)


def test_the_api_does_as_it_is_described(subject: Subject) -> None:
    tally = ask_as_described(subject, SHORT_EXAMPLES, quiet)
    assert tally.survived, tally.wrong
    assert tally.lines["requests that are described"].injected > 25
    assert tally.lines["methods that a path does not have"].injected > 50


def test_a_few_clients_under_ingest_have_answers(subject: Subject) -> None:
    tally = load(subject, 0.05, quiet, clients=4)
    assert tally.survived, tally
    assert tally.injected >= 4


def test_parsers_read_or_refuse_whatever_comes() -> None:
    tally = fuzz(SHORT_SECONDS, 7, quiet)
    assert tally.survived, tally.wrong
    assert tally.injected > 500


@pytest.mark.parametrize("name", list(parsers()))
def test_a_parser_reads_what_is_right_and_refuses_or_reads_the_rest(name: str) -> None:
    parser = parsers()[name]
    for data in parser.right:
        if data not in REFUSED:
            parser.run(data)
    for data in (b"", b"[" * 100_000, b"\xff" * 64, b"null", b"{}", *(data[:-1] for data in parser.right)):
        with contextlib.suppress(*parser.refusals):
            parser.run(data)


def test_a_parser_that_fails_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The process that fuzzes reads a parser that is wrong on purpose."""
    (tmp_path / "sitecustomize.py").write_text(
        "import sys, types\n"
        "made = types.ModuleType('torture.parsers')\n"
        "wrong = types.SimpleNamespace(run=lambda data: data[3], right=(b'abcd',), refusals=())\n"
        "made.parsers = lambda: {'wrong': wrong}\n"
        "sys.modules['torture.parsers'] = made\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=":")
    tally = fuzz(1, 7, quiet)
    assert not tally.survived
    assert "IndexError" in tally.wrong[0]


@pytest.mark.parametrize(
    "outcome",
    [
        Outcome(["row 1 is gone"]),
        Outcome(lost=1),
        Outcome(doubled=1),
        Outcome(changed=1),
        Outcome(crashes=1),
        Outcome(stall_s=LIMIT_S + 1),
    ],
)
def test_each_loss_counts(outcome: Outcome) -> None:
    tally = Tally()
    tally.add("a fault", Outcome(stall_s=1.0), limit_s=LIMIT_S)
    assert tally.survived
    tally.add("a fault", outcome, limit_s=LIMIT_S)
    assert not tally.survived
    line = tally.lines["a fault"]
    assert (line.injected, line.survived) == (2, 1)


def test_the_table_sums_up() -> None:
    tally = Tally()
    tally.add("one", Outcome(lost=2, stall_s=1.0), limit_s=LIMIT_S)
    tally.add("other", Outcome(stall_s=3.0), limit_s=LIMIT_S)
    tally.add_inputs("inputs", 100, Outcome(crashes=1), limit_s=LIMIT_S)
    text = as_text([tally])
    assert "| one | 1 | 0 | 2 | 0 | 0 | 0 | 1.0 s | 10 s |" in text
    assert "| inputs | 100 | 99 | 0 | 0 | 0 | 1 | 0.0 s | 10 s |" in text
    assert text.splitlines()[-1] == "| all | 102 | 100 | 2 | 0 | 0 | 1 | 3.0 s | 10 s |"
    assert as_csv([tally]).splitlines()[-1].startswith("all,102,100,2")
    assert json.loads(as_json([tally]))["lines"][-1]["injected"] == 102


@pytest.mark.parametrize(
    ("found", "lost", "doubled", "changed"),
    [
        ([("a", 0.0), ("b", 1.0)], 0, 0, 0),
        ([("a", 0.0)], 1, 0, 0),
        ([("a", 0.0), ("a", 0.0), ("b", 1.0)], 0, 1, 0),
        ([("a", 0.0), ("b", 2.0)], 1, 0, 0),
    ],
)
def test_keyframes_and_answers_are_compared(
    found: list[tuple[object, ...]], lost: int, doubled: int, changed: int
) -> None:
    expected: Answers = {"film": ([("a", 0.0), ("b", 1.0)], [("a", "match")])}
    outcome = Outcome()
    compare(expected, {"film": (found, [("a", "match")])}, outcome)
    assert (outcome.lost, outcome.doubled, outcome.changed) == (lost, doubled, changed)
    compare(expected, {"film": (found, [("a", "none")])}, outcome)
    assert outcome.changed == 1


def test_a_plan_is_read_as_soon_as_it_changes(tmp_path: Path) -> None:
    writer, reader = PlanFile(tmp_path), PlanFile(tmp_path)
    assert reader.read() == Plan()
    for plan in (Plan("sealing", step=2), Plan(clock_s=3.0), Plan()):
        writer.write(plan)
        assert reader.read() == plan
    reader.happened("inside")
    assert writer.all_that_happened() == ["inside"]


def test_growth_is_seen() -> None:
    flat = [Use(300.0, 30.0, 60.0, 40.0, 50.0)] * 30
    assert grown(flat) == []
    assert grown([*flat[:15], *[Use(300.0, 30.0, 90.0, 40.0, 50.0)] * 15]) == [
        "descriptors grew from 60.0 to 90.0"
    ]
    assert grown([]) == ["nothing was measured"]
