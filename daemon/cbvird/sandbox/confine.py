"""The sandbox: limits, no new privileges, rules about files, and a filter of system calls, in this order.

Each part is put in force where the kernel lets it; a kernel or container that refuses one costs that part
alone.  What is in force is reported, so that a person can see it.
"""

from __future__ import annotations

import ctypes
import os
import resource
import sysconfig
from dataclasses import dataclass
from pathlib import Path

import cbvir_core
from cbvird.sandbox.landlock import landlock_version, restrict_files
from cbvird.sandbox.system_calls import filter_calls

PR_SET_NO_NEW_PRIVS = 38
MAX_OPEN_FILES = 64
"""A worker has its file open once or twice, and a handful of descriptors besides."""


@dataclass(frozen=True, slots=True)
class SandboxRules:
    """What a process may do.

    - `memory_mb`: private memory that the kernel gives it.
    - `file`: the one file that it reads; None for a process that opens no file at all.
    - `target`: a file, which exists, that it writes to.
    """

    memory_mb: int
    file: Path | None = None
    target: Path | None = None


@dataclass(frozen=True, slots=True)
class SandboxReport:
    """What is in force: the version of Landlock (0: none), the filter of system calls, and what is missing.

    `missing` has a sentence's end for each part that the kernel refused.
    """

    landlock: int
    system_calls: bool
    missing: tuple[str, ...]

    @property
    def said(self) -> str:
        """What a person reads."""
        if self.missing:
            return f"not wholly in force: {'; '.join(self.missing)}"
        return f"no network, no other file, no program (Landlock {self.landlock}, seccomp)"


def confine(rules: SandboxRules) -> SandboxReport:
    """Put the calling process into the sandbox; it must have one thread.  It cannot be taken back."""
    readable = () if rules.file is None else (rules.file, *_code_folders())
    ceiling = rules.memory_mb << 20
    resource.setrlimit(resource.RLIMIT_DATA, (ceiling, ceiling))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (MAX_OPEN_FILES, MAX_OPEN_FILES))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        reason = os.strerror(ctypes.get_errno())
        return SandboxReport(0, False, (f"privileges cannot be given up ({reason})",))
    version = landlock_version()
    files = restrict_files(readable, rules.target)
    calls = filter_calls(reading=rules.file is not None, writing=rules.target is not None)
    return SandboxReport(
        landlock=0 if files else version,
        system_calls=not calls,
        missing=tuple(reason for reason in (files, calls) if reason),
    )


def _code_folders() -> list[Path]:
    """Return where Python's modules lie: what a process imports late must be readable."""
    own = {Path(cbvir_core.__file__).parent, Path(__file__).parents[1]}
    return sorted(own | {Path(sysconfig.get_path(name)) for name in ("stdlib", "purelib", "platlib")})
