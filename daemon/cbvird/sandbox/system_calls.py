"""A filter of system calls (seccomp): a list of those that are let through, all others fail with EPERM.

The program is classic BPF, as seccomp(2) describes it.  It looks at numbers and plain arguments, never at
memory.  A list of what is refused would grow old with every kernel; a list of what is let through does not.
"""

from __future__ import annotations

import ctypes
import errno
import os
import struct
from collections.abc import Iterator

from cbvird.sandbox.numbers import HIGHEST_NUMBER, Processor, this_processor

# fmt: off
COMPUTING = (
    "brk", "clock_getres", "clock_gettime", "clock_nanosleep", "close", "dup", "exit", "exit_group", "fcntl",
    "fstat", "futex", "getcpu", "getegid", "geteuid", "getgid", "getpid", "getppid", "getrandom", "getrusage",
    "gettid", "gettimeofday", "getuid", "lseek", "madvise", "membarrier", "mremap", "munmap", "nanosleep",
    "poll", "ppoll", "pselect6", "read", "readv", "restart_syscall", "rseq", "rt_sigaction", "rt_sigprocmask",
    "rt_sigreturn", "sched_getaffinity", "sched_yield", "select", "set_robust_list", "set_tid_address",
    "sigaltstack", "sysinfo", "time", "uname", "write", "writev",
)
"""What computes, waits, and speaks over descriptors that are open already."""

READING = (
    "access", "faccessat", "faccessat2", "fadvise64", "getcwd", "getdents64", "lstat", "newfstatat",
    "pread64", "readlink", "readlinkat", "stat", "statx",
)
"""What reading files wants besides; Landlock says which ones."""
# fmt: on

ALLOW, REFUSE, ABSENT, KILL = 0x7FFF0000, 0x00050000 | errno.EPERM, 0x00050000 | errno.ENOSYS, 0x80000000

_LOAD, _EQUAL, _GREATER, _ANY_BIT, _RETURN = 0x20, 0x15, 0x25, 0x45, 0x06
_NUMBER_AT, _PROCESSOR_AT, _ARGUMENTS_AT = 0, 4, 16
PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 22, 2
OPEN_FOR_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
PRCTL_NAME = 15
"""PR_SET_NAME: libraries name their threads."""

CLONE_THREAD = 0x00010000
PROT_EXEC = 4
TCGETS, FIOCLEX = 0x5401, 0x5451
"""Requests of ioctl that Python makes when it opens a file."""

Instruction = tuple[int, int, int, int]
"""Operation, jump where it is true, jump where it is false, value."""


def filter_calls(*, reading: bool, writing: bool) -> str:
    """Let this process and its threads make those calls alone; return "" or why that is not possible.

    With `reading` files may be opened for reading, with `writing` also for writing; without both none may be
    opened, and no memory becomes code.  It cannot be taken back.  The process must not have another thread.
    """
    processor = this_processor()
    if processor is None:
        return "the numbers of this processor's system calls are not known"
    program = list(filter_program(processor, os.getpid(), reading=reading, writing=writing))
    packed = b"".join(struct.pack("HBBI", *one) for one in program)
    code = ctypes.create_string_buffer(packed, len(packed))
    header = struct.pack("HxxxxxxP", len(program), ctypes.addressof(code))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.c_char_p(header), 0, 0) != 0:
        return f"the kernel takes no filter of system calls ({os.strerror(ctypes.get_errno())})"
    return ""


def filter_program(processor: Processor, pid: int, *, reading: bool, writing: bool) -> Iterator[Instruction]:
    """Yield the instructions of the filter for a process of that id: see `filter_calls`."""
    yield (_LOAD, 0, 0, _PROCESSOR_AT)
    yield (_EQUAL, 1, 0, processor.audit)
    yield (_RETURN, 0, 0, KILL)
    yield (_LOAD, 0, 0, _NUMBER_AT)
    yield (_GREATER, 0, 1, HIGHEST_NUMBER)
    yield (_RETURN, 0, 0, ABSENT)
    for name in (*COMPUTING, *(READING if reading else ()), *(["ftruncate"] if writing else ())):
        yield from _call(processor, name, [(_RETURN, 0, 0, ALLOW)])
    # Where clone3 is absent, the C library makes threads by clone, whose flags lie in a register.
    yield from _call(processor, "clone3", [(_RETURN, 0, 0, ABSENT)])
    yield from _call(processor, "clone", _if_bit(0, CLONE_THREAD))
    yield from _call(processor, "tgkill", _if_equal(0, pid))
    yield from _call(processor, "prctl", _if_equal(0, PRCTL_NAME))
    yield from _call(processor, "prlimit64", _if_no_address(2))
    yield from _call(processor, "ioctl", _if_equal(1, TCGETS, FIOCLEX))
    for name in ("mmap", "mprotect"):
        yield from _call(processor, name, _unless_bit(2, PROT_EXEC) if not reading else [_allowed()])
    if reading:
        allowed = [_allowed()]
        yield from _call(processor, "open", allowed if writing else _unless_bit(1, OPEN_FOR_WRITING))
        yield from _call(processor, "openat", allowed if writing else _unless_bit(2, OPEN_FOR_WRITING))
    yield (_RETURN, 0, 0, REFUSE)


def _call(processor: Processor, name: str, decided: list[Instruction]) -> Iterator[Instruction]:
    """Yield what decides about one call; what comes next is about the other ones."""
    number = processor.number(name)
    if number is not None:
        yield (_EQUAL, 0, len(decided), number)
        yield from decided


def _allowed() -> Instruction:
    return (_RETURN, 0, 0, ALLOW)


def _argument(position: int) -> Instruction:
    """Load the lower half of an argument; both processors are little-endian."""
    return (_LOAD, 0, 0, _ARGUMENTS_AT + 8 * position)


def _if_equal(position: int, *values: int) -> list[Instruction]:
    tests = [(_EQUAL, len(values) - number, 0, value) for number, value in enumerate(values)]
    return [_argument(position), *tests, (_RETURN, 0, 0, REFUSE), _allowed()]


def _if_no_address(position: int) -> list[Instruction]:
    upper = (_LOAD, 0, 0, _ARGUMENTS_AT + 8 * position + 4)
    tests: list[Instruction] = [_argument(position), (_EQUAL, 0, 2, 0), upper, (_EQUAL, 1, 0, 0)]
    return [*tests, (_RETURN, 0, 0, REFUSE), _allowed()]


def _if_bit(position: int, bits: int) -> list[Instruction]:
    return [_argument(position), (_ANY_BIT, 0, 1, bits), _allowed(), (_RETURN, 0, 0, REFUSE)]


def _unless_bit(position: int, bits: int) -> list[Instruction]:
    return [_argument(position), (_ANY_BIT, 1, 0, bits), _allowed(), (_RETURN, 0, 0, REFUSE)]
