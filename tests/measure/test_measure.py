"""What is measured of a library: the figures are of what was done, and it stays as it is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from cbvir_core.calibration import KnownFrames
from cbvir_core.index import Index
from cbvir_core.index.exact import ExactIndex
from cbvir_core.index.neighbours import Neighbours
from cbvir_core.library import Library, MeasureOptions
from cbvir_core.measure import measure_shortlist, queries, reading, shortlist
from cbvir_core.search.stages import STAGES
from cbvir_core.types import RowMask, Rows
from support.libraries import LibraryOpener, active_generation, store_of

OPTIONS = MeasureOptions(questions=5, film_s=4.0, seed=3)
FEW_NEIGHBOURS = 4


@pytest.fixture
def library(open_filled: LibraryOpener) -> Iterator[Library]:
    """Two films, with frame rows."""
    with open_filled(profile="refined") as opened:
        yield opened


def test_every_stage_is_measured_and_the_library_stays(library: Library) -> None:
    before = store_of(library).last_change(), library.videos()
    told = list[tuple[int, int]]()
    found = library.measures.measure(OPTIONS, lambda done, total: told.append((done, total)))
    assert (store_of(library).last_change(), library.videos()) == before
    assert told == sorted(told)
    assert told[-1] == (9, 9)
    assert found.keyframes == library.counts().keyframes
    assert found.film_hours == pytest.approx(sum(v.duration_s or 0.0 for v in library.videos()) / 3600)
    assert found.reading.videos == 2
    assert 4.0 <= found.reading.film_s < 6.0
    assert set(found.reading.stages_s) == {
        *("decode", "borders", "extract"),
        *("filter", "frames", "solar", "features"),
    }
    assert all(spent > 0.0 for spent in found.reading.stages_s.values())
    assert found.reading.times_real_time > 0.0
    assert found.queries.asked == 5
    assert set(found.queries.stages_ms) == set(STAGES)
    assert 0.0 < found.queries.p50_ms <= found.queries.p95_ms
    assert 0.0 < found.queries.descriptors_p50_ms < found.queries.p95_ms
    assert 0.0 <= found.queries.matches <= found.queries.right <= 1.0


def test_the_same_seed_asks_the_same(library: Library) -> None:
    answering, known = active_generation(library), KnownFrames(store_of(library))
    one, other = (queries.measure_queries(known, answering.searcher, 6, seed=1) for _ in range(2))
    assert (one.right, one.matches, one.asked) == (other.right, other.matches, other.asked)


def test_files_that_are_away_are_not_read(library: Library, tmp_path: Path) -> None:
    for video in library.videos():
        library.move_path(video.paths[0], tmp_path / "gone" / video.paths[0].name)
    found = library.measures.measure(replace(OPTIONS, questions=1))
    assert (found.reading.videos, found.reading.film_s, found.reading.times_real_time) == (0, 0.0, 0.0)
    assert found.queries.asked == 1  # with a still


def test_reading_ends_at_the_wanted_time(library: Library) -> None:
    found = reading.measure_reading(
        store_of(library), {}, library.measures._keyframes, "auto", film_s=2.0, seed=0
    )
    whole = reading.measure_reading(
        store_of(library), {}, library.measures._keyframes, "auto", film_s=1e6, seed=0
    )
    assert found.film_s < whole.film_s
    assert found.keyframes < whole.keyframes == library.counts().keyframes


class Forgetful(Index):
    """An index that finds every other neighbour."""

    def search(self, query: Rows, k: int, within: RowMask | None = None) -> Neighbours:
        found = super().search(query, k)
        return Neighbours(found.rows[::2], found.distances[::2])


@pytest.mark.parametrize(("kind", "recall"), [(Index, 1.0), (Forgetful, 0.5)])
def test_recall_is_that_of_the_index(
    library: Library, kind: type[Index], recall: float, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(shortlist, "NEIGHBOURS", FEW_NEIGHBOURS)
    monkeypatch.setattr(shortlist, "BLOCK_ROWS", 3)
    generation, store = active_generation(library).generation, store_of(library)
    with kind.open(tmp_path / "index", store, generation, kind="exact") as index:
        assert isinstance(index._vectors, ExactIndex)
        found = measure_shortlist(store, KnownFrames(store), index, generation, seed=0)
    assert found.recall == pytest.approx(recall)
    assert found.rows == library.counts().keyframes
    assert 0.0 < found.p50_ms <= found.p95_ms
    assert found.exact_ms > 0.0


def test_a_small_library_has_no_look_up_to_measure(library: Library) -> None:
    answering, store = active_generation(library), store_of(library)
    found = measure_shortlist(store, KnownFrames(store), answering.index, answering.generation, seed=0)
    assert (found.exact_ms, found.recall) == (0.0, 0.0)


def test_queries_are_near_rows_and_none_of_them(library: Library) -> None:
    generation = active_generation(library).generation
    rows = np.array(store_of(library).searchable_rows(v.video_id for v in library.videos()), np.int64)
    made = shortlist._queries(store_of(library), generation, np.sort(rows), seed=0)
    vectors, _ = store_of(library).present_filter_rows(generation, rows)
    nearest = (made @ vectors.T).max(axis=1)
    np.testing.assert_allclose(np.linalg.norm(made, axis=1), 1.0, atol=1e-5)
    assert nearest.min() > 0.8
    assert np.median(nearest) < 0.99999
