"""Searchers of an opened library, for measurements that a library itself does not offer."""

from __future__ import annotations

from cbvir_core.library import Library
from cbvir_core.search import Searcher
from support.libraries import active_generation, store_of


def without_refinement(library: Library) -> tuple[Searcher, Searcher]:
    """Return the library's own searcher, and one that answers by the filter alone."""
    active = active_generation(library)
    alone = Searcher(
        store_of(library),
        active.index,
        active.generation,
        active.networks.filter,
        profile_name=active.networks.profile.name,
        filter_scale=active.networks.filter_scale,
        frames=active.frames,
    )
    return active.searcher, alone
