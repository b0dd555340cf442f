"""The comparison of ways to find neighbours, on a few rows."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bench.neighbours import main
from bench.neighbours.contest import NEIGHBOURS, MappedRows, recall
from bench.neighbours.described import RealRows
from bench.neighbours.made import density, query_rows, row_file
from bench.neighbours.measure import Figures, exact_neighbours
from bench.neighbours.program import ways
from bench.neighbours.tables import table, write_csv, write_plot
from cbvir_core.types import Rows
from support.row_store import clustered

WIDTH = 128


@pytest.fixture(scope="module")
def real() -> RealRows:
    rows = clustered(2400, WIDTH, cluster_size=6)
    return RealRows(rows[:1200], rows[1200:2100], rows[2100:])


@pytest.fixture(scope="module")
def mapped(real: RealRows, tmp_path_factory: pytest.TempPathFactory) -> MappedRows:
    return MappedRows.open(row_file(real, 4000, tmp_path_factory.mktemp("rows")))


def test_real_rows_come_first_and_made_ones_lie_where_they_lie(real: RealRows, mapped: MappedRows) -> None:
    rows = mapped.part(0, 4000)
    np.testing.assert_allclose(rows[:1200], real.whole, atol=1e-3)
    np.testing.assert_allclose(rows[1200:2100], real.windows, atol=1e-3)
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1.0, atol=2e-3)
    for _, among_real, among_made in density(real):
        assert 0.85 < among_made / among_real < 1.15


def test_queries_are_in_no_set(real: RealRows, mapped: MappedRows) -> None:
    queries = query_rows(real, 10, 30)
    assert (len(queries.tuning), len(queries.measured)) == (10, 30)
    nearest = _squares(queries.measured, mapped.part(0, 4000)).min(axis=1)
    assert nearest.min() > 1e-3
    assert np.median(nearest[1::2]) < np.median(nearest[0::2]), "a row that was moved is nearer to the set"


@pytest.mark.parametrize("way", ways(), ids=lambda way: way.name)
def test_every_way_finds_the_neighbours_with_all_its_effort(
    way: object, mapped: MappedRows, real: RealRows, tmp_path: Path
) -> None:
    (own,) = [one for one in ways() if one.name == getattr(way, "name", "")]
    queries = query_rows(real, 1, 20).measured
    truth = exact_neighbours(mapped, queries)
    own.build(mapped, tmp_path)
    search = own.open(mapped, tmp_path)
    found = [search(query, own.efforts[-1]) for query in queries]
    assert all(len(set(one.tolist())) == NEIGHBOURS for one in found)
    assert np.mean([recall(true, one) for true, one in zip(truth, found, strict=True)]) >= 0.97


def test_the_truth_is_what_a_plain_comparison_gives(mapped: MappedRows, real: RealRows) -> None:
    queries = query_rows(real, 1, 5).measured
    squares = _squares(queries, mapped.part(0, 4000))
    plain = np.argsort(squares, axis=1)[:, :NEIGHBOURS]
    agreed = [recall(one, found) for one, found in zip(plain, exact_neighbours(mapped, queries), strict=True)]
    assert np.mean(agreed) > 0.999


def test_figures_are_written_as_table_csv_and_plot(tmp_path: Path) -> None:
    figures = [Figures(size, "one way", 0.99, 1.5, 2.5, 3.0, 4.0, 5.0, 6.0, 7) for size in (1000, 2000)]
    assert "| 2,000 | one way | 0.990 | 1.50 | 2.50 | 3.0 | 4 | 5 | 6 |" in table(figures).splitlines()
    write_csv(tmp_path / "table.csv", figures)
    assert len((tmp_path / "table.csv").read_text().splitlines()) == 3
    write_plot(tmp_path / "plot.png", figures)
    assert (tmp_path / "plot.png").read_bytes().startswith(b"\x89PNG")


def _squares(queries: Rows, rows: Rows) -> Rows:
    return (2.0 - 2.0 * queries @ rows.T).astype(np.float32)


def test_frames_are_asked_for_in_every_way(capsys: pytest.CaptureFixture[str]) -> None:
    main(["frames", "--rows", "1500", "--questions", "10", "--exact"])
    lines = capsys.readouterr().out.splitlines()
    assert "codes in 1 files" in lines[0]
    assert [line.split("  ")[1] for line in lines[1:]] == [
        "every code decoded",
        "every probed code",
        "scanned in registers",
    ]
    assert all(float(line.split("right first ")[1].split()[0]) >= 0.7 for line in lines[1:])
