"""What a check says."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How bad a finding is."""

    GOOD = "good"
    NOTE = "note"
    FAULT = "fault"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at.

    - `check`: what was looked at, in a word or two.
    - `said`: what is so; `advice`: what to do, empty where nothing is.
    """

    check: str
    level: Level
    said: str
    advice: str = ""


def good(check: str, said: str) -> Finding:
    """Return that all is well."""
    return Finding(check, Level.GOOD, said)


def note(check: str, said: str, advice: str = "") -> Finding:
    """Return something that may be meant so."""
    return Finding(check, Level.NOTE, said, advice)


def fault(check: str, said: str, advice: str) -> Finding:
    """Return something that is wrong."""
    return Finding(check, Level.FAULT, said, advice)
