"""Search options with each stage switched off: every switch that `SearchOptions` has, also future ones."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

from cbvir_core.search import SearchOptions

EVERY_STAGE = "every stage"

ASKED_EXPLICITLY = frozenset({"wait_for_refine", "everywhere"})
"""Switches that are no stage."""

OTHER_SWITCHES: dict[str, Any] = {"verify": "never", "exact_time_s": 0.0}
"""Values that switch off the stages whose option is no truth value."""


def switches() -> dict[str, Any]:
    """Return the options that are stages and on by default, with the value that switches each off."""
    default = SearchOptions()
    plain = {
        one.name: False
        for one in fields(SearchOptions)
        if getattr(default, one.name) is True and one.name not in ASKED_EXPLICITLY
    }
    return {**plain, **OTHER_SWITCHES}


def without(stage: str, options: SearchOptions) -> SearchOptions:
    """Return the options with one stage switched off."""
    return replace(options, **{stage: switches()[stage]})
