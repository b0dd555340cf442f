"""The machine: limits of the kernel and of the process, the clock, versions of packages."""

from __future__ import annotations

import importlib.metadata
import os
import re
import resource
import time
from collections.abc import Iterator
from pathlib import Path

from cbvir_core.version import VERSION
from cbvird.care.doctor.finding import Finding, fault, good, note
from cbvird.config import Settings
from cbvird.sandbox.trial import sandbox_here

INOTIFY = Path("/proc/sys/fs/inotify")
MIN_INSTANCES, MIN_OPEN_FILES = 16, 1024
COUNTED_FOLDERS = 500_000
"""Folders that are counted at most: a tree of more takes minutes."""

FIRST_YEAR = 2025
"""A clock that shows an earlier year is wrong: this release is of a later one."""


def check_inotify(settings: Settings, limits: Path = INOTIFY) -> Iterator[Finding]:
    """Check that the kernel lets all folders be watched."""
    watches, instances = _number(limits / "max_user_watches"), _number(limits / "max_user_instances")
    if watches is None or instances is None:
        yield note("inotify", "the kernel has no inotify; folders are polled")
        return
    needed = _folders_below(settings)
    said = f"{needed:,} folders are watched, and the kernel lets a user watch {watches:,}"
    if needed > watches // 2:
        advice = (
            f"sysctl fs.inotify.max_user_watches={max(524_288, 4 * needed)}; the rest is polled until then"
        )
        yield fault("inotify", said, advice)
    else:
        yield good("inotify", said)
    if instances < MIN_INSTANCES:
        advice = "sysctl fs.inotify.max_user_instances=128"
        yield fault("inotify", f"the kernel lets a user have {instances} inotify instances", advice)


def check_limits() -> Iterator[Finding]:
    """Check how many files the process may have open."""
    open_files = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    said = f"{open_files:,} files may be open at once"
    if open_files != resource.RLIM_INFINITY and open_files < MIN_OPEN_FILES:
        yield fault(
            "open files", said, f"raise it: LimitNOFILE=65536 in the unit, or ulimit -n {MIN_OPEN_FILES}"
        )
    else:
        yield good("open files", said)


def check_sandbox() -> Iterator[Finding]:
    """Check what the kernel lets a process do to confine itself, in a process that is forked for it."""
    report = sandbox_here()
    if report.missing:
        yield note("sandbox", report.said, "films and pictures are read all the same; see docs/care.md")
    else:
        yield good("sandbox", report.said)


def check_clock(newest: float | None, now: float | None = None) -> Iterator[Finding]:
    """Check the clock against the newest time that the library knows, in seconds since the epoch."""
    now = time.time() if now is None else now
    shown = time.strftime("%Y-%m-%d %H:%M", time.localtime(now))
    if time.gmtime(now).tm_year < FIRST_YEAR:
        yield fault("clock", f"the clock shows {shown}", "set it: retries and times in lists depend on it")
    elif newest is not None and newest > now + 3600:
        ahead = time.strftime("%Y-%m-%d", time.localtime(newest))
        advice = "set the clock; where it is right, `cbvirctl retry` begins what waits for a time to come"
        yield fault("clock", f"the clock shows {shown}, and something was noted on {ahead}", advice)
    else:
        yield good("clock", f"the clock shows {shown}")


def check_versions() -> Iterator[Finding]:
    """Check that the packages are as new as this release needs them."""
    try:
        wanted = importlib.metadata.requires("cbvir") or []
    except importlib.metadata.PackageNotFoundError:
        yield fault("versions", "cbvir is not installed as a package", "install it: pip install cbvir")
        return
    old = [said for line in wanted if "extra ==" not in line and (said := _too_old(line))]
    for said in old:
        yield fault("versions", said, "pip install --upgrade cbvir")
    if not old:
        yield good("versions", f"cbvir {VERSION} and all packages that it needs")


def _too_old(requirement: str) -> str | None:
    """Return what is wrong with the installed package that a requirement names, or None."""
    found = re.match(r"([A-Za-z0-9_.-]+)[^>;]*>=([0-9.]+)", requirement)
    if found is None:
        return None
    name, least = found.groups()
    try:
        version = importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return f"{name} is not installed"
    return f"{name} {version} is older than {least}" if _parts(version) < _parts(least) else None


def _parts(version: str) -> list[int]:
    return [int(part) for part in re.findall(r"\d+", version.partition("+")[0])]


def _folders_below(settings: Settings) -> int:
    count = 0
    for top in settings.watch.folders:
        for _ in os.walk(top):
            count += 1
            if count == COUNTED_FOLDERS or not settings.watch.recursive:
                break
    return count


def _number(path: Path) -> int | None:
    try:
        return int(path.read_text())
    except (OSError, ValueError):
        return None
