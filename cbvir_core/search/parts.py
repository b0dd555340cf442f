"""Parts of the picture: when they are looked for, and whether their answer is the better one."""

from __future__ import annotations

from dataclasses import replace

from cbvir_core.search.findings import Findings
from cbvir_core.search.options import SearchOptions
from cbvir_core.search.query import Query
from cbvir_core.search.variants import Variant, parts_of, turned


def parts_to_look_for(query: Query, whole: Findings) -> list[Variant]:
    """Return what is looked for too: parts of the picture, and the picture turned.

    None where the whole picture gives a certain answer, or a likely scene has it in a thumbnail.  The exact
    moment of the best scene of the whole picture comes before: it takes less time, and where that frame
    shows the picture the parts are not needed.
    """
    options = query.options
    if query.described is None or not options.regions or _is_certain(options, whole):
        return []
    with query.clock.stage("regions"):
        return [
            *turned(query.variants[0]),
            *parts_of(query.described.image, query.described.features.result()),
        ]


def _is_certain(options: SearchOptions, whole: Findings) -> bool:
    if whole.best_probability < options.likely_score:
        return False
    return whole.best_probability >= options.match_score or whole.candidates[whole.best_number].is_located


def better_of(query: Query, whole: Findings, with_parts: Findings) -> Findings:
    """Return what was found with parts where that is the better answer, else what the whole picture gave.

    Parts find more scenes that resemble them, and beside those the whole picture's answer is less probable.
    """
    if query.options.everywhere or with_parts.best_probability > whole.best_probability:
        return with_parts
    return replace(with_parts, candidates=whole.candidates, descriptors=whole.descriptors)
