"""The sandbox from within: a real process tries what it may not do."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from cbvird.sandbox import SandboxReport, SandboxRules
from cbvird.sandbox.landlock import landlock_version
from cbvird.sandbox.numbers import HIGHEST_NUMBER, Processor, this_processor
from cbvird.sandbox.system_calls import COMPUTING, READING, filter_program
from cbvird.sandbox.trial import sandbox_here
from cbvird.worker.child_processes import ChildProcess
from support.sandboxed import DONE, try_everything

DENIED = "PermissionError"
NEVER = dict.fromkeys(
    (
        *("read another file", "list a folder", "make a file", "remove a file", "move a file", "fork"),
        *("read the secrets of processes", "a unix socket", "a network socket", "a pair of sockets"),
        *("run a program", "signal its parent", "trace its parent", "raise its limits", "unshare"),
        "write its file",
    ),
    DENIED,
) | {"compute in a thread": DONE, "take memory": DONE, "too much memory": "MemoryError"}


def tried(rules: SandboxRules, other: Path) -> tuple[SandboxReport, dict[str, str]]:
    """What became of each try, in a process with those rules."""
    child = ChildProcess(try_everything, (rules, other, os.getpid()), name="tries")
    try:
        assert child.connection.poll(30)
        report, outcomes = child.connection.recv()
    finally:
        child.close()
    if report.missing:
        pytest.skip(f"the kernel does not let all of it be in force: {report.said}")
    return report, outcomes


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path, Path]:
    """The file that a process reads, the one it writes, and another one beside them."""
    made = (tmp_path / "film.mp4", tmp_path / "part.mp4", tmp_path / "secret")
    for path in made:
        path.write_bytes(b"content")
    return made


def test_a_process_for_pictures_opens_no_file(files: tuple[Path, Path, Path]) -> None:
    _, outcomes = tried(SandboxRules(256), files[2])
    assert outcomes == NEVER | {
        "read its file": DENIED,
        "write its target": DENIED,
        "make memory code": DENIED,
    }
    assert files[2].read_bytes() == b"content"


def test_a_decode_worker_reads_its_file_alone(files: tuple[Path, Path, Path]) -> None:
    _, outcomes = tried(SandboxRules(256, file=files[0]), files[2])
    assert outcomes == NEVER | {
        "read its file": DONE,
        "write its target": DENIED,
        "make memory code": DONE,
    }


def test_a_worker_that_writes_a_part_writes_to_that_file_alone(files: tuple[Path, Path, Path]) -> None:
    film, part, secret = files
    _, outcomes = tried(SandboxRules(256, file=film, target=part), secret)
    assert outcomes == NEVER | {"read its file": DONE, "write its target": DONE, "make memory code": DONE}
    assert (film.read_bytes(), part.read_bytes(), secret.read_bytes()) == (b"content", b"written", b"content")


def test_a_file_that_is_not_there_is_no_error_of_the_sandbox(files: tuple[Path, Path, Path]) -> None:
    gone = files[0].with_name("gone.mp4")
    _, outcomes = tried(SandboxRules(256, file=gone), files[2])
    assert outcomes["read its file"] == "FileNotFoundError"


def test_what_is_in_force_is_said() -> None:
    report = sandbox_here()
    assert (report.landlock == 0 or not report.system_calls) == bool(report.missing)
    if report.landlock:
        assert report.landlock == landlock_version()
    if not report.missing:
        assert "no network" in report.said
    assert "no kernel" in SandboxReport(0, True, ("no kernel",)).said


@pytest.mark.parametrize("processor", [Processor(0xC000003E, 0), Processor(0xC00000B7, 1)])
@pytest.mark.parametrize(("reading", "writing"), [(False, False), (True, False), (True, True)])
def test_every_path_through_the_filter_ends_in_a_verdict(
    processor: Processor, reading: bool, writing: bool
) -> None:
    """Both processors' programs, by an interpreter of the few operations: every jump stays inside."""
    program = list(filter_program(processor, 1234, reading=reading, writing=writing))
    allowed = {number for number in range(-1, HIGHEST_NUMBER + 10) if _verdict(program, processor, number)}
    names = {*COMPUTING, *(READING if reading else ()), *(["ftruncate"] if writing else [])}
    numbers = {processor.number(name) for name in names} - {None}
    conditional = {
        processor.number(name)
        for name in ("clone", "tgkill", "prctl", "prlimit64", "ioctl", "mmap", "mprotect", "open", "openat")
    }
    assert numbers <= allowed <= numbers | conditional
    assert not _verdict(program, Processor(1, processor.column), 0)


def _verdict(program: list[tuple[int, int, int, int]], processor: Processor, number: int) -> bool:
    """Whether a call without arguments is let through."""
    words = {0: number, 4: processor.audit}
    at, loaded = 0, 0
    while True:
        operation, when_true, when_false, value = program[at]
        at += 1
        if operation == 0x20:
            loaded = words.get(value, 0)
        elif operation == 0x06:
            return value == 0x7FFF0000
        else:
            true = {0x15: loaded == value, 0x25: loaded > value, 0x45: bool(loaded & value)}[operation]
            at += when_true if true else when_false


def test_this_processor_is_known_or_said_not_to_be() -> None:
    known = this_processor() is not None
    assert known == (not any("processor" in reason for reason in sandbox_here().missing))
