"""The frame route by itself, and how its scenes join those of the keyframes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cbvir_core.embed.views import QUERY_SCALES
from cbvir_core.index import FrameIndex, FrameNeighbours, IndexStatus
from cbvir_core.search import frames
from cbvir_core.search.findings import Scene, by_turns
from cbvir_core.search.frames import MAX_FRAME_SCENES, FrameFinder, FrameMatch, best_matches
from cbvir_core.search.variants import GRIDS, MIN_CELL_SIDE, TURNED, Variant, parts_of, turned
from cbvir_core.types import Floats, Image, RowNumbers, Rows
from cbvir_core.verify import QUERY_FEATURES, describe
from support.candidates import scene
from support.small_search import SmallSearch, colour_picture

RED, BLUE, GREEN = colour_picture(0), colour_picture(110), colour_picture(60)


class ScriptedIndex:
    """A frame index that has the same neighbours for every query view, and keeps the queries."""

    def __init__(self, *neighbours: tuple[int, int, int, float]) -> None:
        self._neighbours, self.queries = neighbours, np.zeros((0, 0), np.float32)

    def refresh(self) -> int:
        return 0

    def status(self) -> IndexStatus:
        return IndexStatus(version=1, segments=1, tail=0, tombstones=0, rows=len(self._neighbours))

    def search(self, queries: Rows, k: int) -> list[FrameNeighbours]:
        self.queries = queries
        rows, frames, views, cosines = (np.array(part) for part in zip(*self._neighbours, strict=True))
        return [FrameNeighbours(rows, frames, views, cosines) for _ in queries]

    def compare(self, queries: Rows, rows: RowNumbers) -> list[tuple[int, Floats]]:
        """Say that the third view of the second frame is alike, by how much follows from the row."""
        cosines = np.zeros((len(queries), 2, 3), np.float32)
        found = []
        for row in rows.tolist():
            cosines[:, 1, 2] = np.float32({9: 0.4, 11: 0.6}[row])
            found.append((row, cosines.copy()))
        return found


class MeanEncoder:
    """Query views of a picture: its mean colour times each scale."""

    fingerprint = "means"

    def encode_query(self, image: Image, scales: Sequence[float]) -> Rows:
        mean = image.reshape(-1, 3).mean(axis=0)
        return np.stack([mean * scale for scale in scales]).astype(np.float32)


def finder(*neighbours: tuple[int, int, int, float]) -> FrameFinder:
    index = ScriptedIndex(*neighbours)
    return FrameFinder(cast(FrameIndex, index), cast(Any, MeanEncoder()))


RED_VIEWS = finder().describe([Variant("plain", RED)])


def test_a_scene_counts_with_its_best_frame() -> None:
    found = finder((7, 0, 0, 0.6), (7, 3, 2, 0.8), (9, 1, 0, 0.7)).find(RED_VIEWS, None)
    assert list(found) == [7, 9]
    assert found[7] == FrameMatch(7, 3, 0.8, "plain", 2)


def test_only_the_rows_that_are_searched_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frames, "MAX_COMPARED_SCENES", 1)
    found = finder((7, 0, 0, 0.9), (9, 1, 0, 0.7)).find(RED_VIEWS, np.array([9, 11]))
    assert list(found) == [9]


def test_few_rows_are_compared_one_by_one() -> None:
    """The nearest views of all may contain none of a small folder."""
    found = finder((7, 0, 0, 0.9)).find(RED_VIEWS, np.array([9, 11]))
    assert found == {
        11: FrameMatch(11, 1, float(np.float32(0.6)), "plain", 2),
        9: FrameMatch(9, 1, float(np.float32(0.4)), "plain", 2),
    }


def test_every_view_of_every_variant_is_looked_for() -> None:
    route = finder((1, 0, 0, 0.5))
    views = route.describe([Variant("plain", RED), Variant("region", GREEN), Variant("mirrored", BLUE)])
    assert views.names == ["plain"] * len(QUERY_SCALES) + ["region"] + ["mirrored"] * len(QUERY_SCALES)
    route.find(views, None)
    np.testing.assert_array_equal(cast(Any, route.index).queries, views.rows)
    means = [image.reshape(-1, 3).mean(axis=0) for image in (RED, GREEN, BLUE)]
    np.testing.assert_allclose(views.usual_rows, means, rtol=1e-6)


@given(
    st.lists(st.tuples(st.integers(1, 9), st.integers(0, 3), st.sampled_from([0.2, 0.5, 0.7])), min_size=1),
    st.none() | st.sets(st.integers(1, 9)),
)
def test_the_fast_way_finds_what_one_by_one_gives(
    near: list[tuple[int, int, float]], within: set[int] | None
) -> None:
    neighbours = [(row, frame, 0, cosine) for row, frame, cosine in near]
    rows = None if within is None else np.array(sorted(within), np.int64)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(frames, "MAX_COMPARED_SCENES", -1)
        found = finder(*neighbours).find(RED_VIEWS, rows)
    slow = best_matches(
        FrameMatch(row, frame, cosine, "plain", 0)
        for row, frame, cosine in near
        if within is None or row in within
    )
    assert list(found.values()) == list(slow.values())


MATCHES = st.dictionaries(st.integers(1, 99), st.floats(0, 1, width=16), max_size=90).map(
    lambda scores: {row: FrameMatch(row, 0, score, "plain", 0) for row, score in scores.items()}
)


@given(MATCHES, MATCHES)
def test_the_better_match_of_each_scene_stays(
    one: dict[int, FrameMatch], other: dict[int, FrameMatch]
) -> None:
    joined = best_matches([*one.values(), *other.values()])
    similarities = [match.similarity for match in joined.values()]
    assert similarities == sorted(similarities, reverse=True)
    assert len(joined) == min(MAX_FRAME_SCENES, len(one | other))
    for row, match in joined.items():
        assert match.similarity == max(side[row].similarity for side in (one, other) if row in side)


def framed(number: int, video: str, score: float, similarity: float | None) -> Scene:
    match = None if similarity is None else FrameMatch(number, 0, similarity, "plain", 0)
    return replace(scene(number, video, score), frame=match)


def test_the_best_of_both_routes_come_in_turn_and_each_scene_once() -> None:
    scenes = [
        framed(1, "a", 0.9, None),
        framed(2, "a", 0.8, 0.5),
        framed(3, "b", 0.7, None),
        framed(4, "c", 0.1, 0.9),
    ]
    assert [one.keyframe.row for one in by_turns(scenes)] == [1, 4, 2, 3]


def test_a_turned_picture_is_upright_again_after_the_turn_that_its_name_says() -> None:
    # A picture turned to the right by the degrees in the name comes out upright.
    for name, quarters in (("turned_90", 1), ("turned_180", 2), ("turned_270", 3)):
        to_the_right = Variant("plain", np.ascontiguousarray(np.rot90(RED, -quarters)))
        upright = next(one for one in turned(to_the_right) if one.name == name)
        np.testing.assert_array_equal(upright.image, RED)
    assert len(TURNED) == 3


def test_halves_and_cells_are_parts_where_they_are_large_enough() -> None:
    cells = sum(rows * columns for rows, columns in GRIDS)
    noise = np.random.default_rng(0).integers(0, 255, (300, 400, 3), np.uint8)
    flat = np.ascontiguousarray(noise[: 3 * MIN_CELL_SIDE - 1])
    parts = parts_of(noise, describe(noise, QUERY_FEATURES))
    assert len(parts) >= cells
    assert len(parts_of(flat, describe(flat, QUERY_FEATURES))) < len(parts)


def test_a_part_without_local_features_is_not_looked_for() -> None:
    """The left half is a smooth slope: not blank, and like that of any other film."""
    picture = np.zeros((300, 400, 3), np.uint8)
    picture[:, :200] = np.linspace(0, 200, 300)[:, None, None]
    picture[:, 200:] = np.random.default_rng(0).integers(0, 255, (300, 200, 3), np.uint8)
    parts = parts_of(picture, describe(picture, QUERY_FEATURES))
    assert parts
    assert not any((part.image.std(axis=1) < 8).all() for part in parts)


@pytest.fixture
def films(tmp_path: Path) -> Iterator[SmallSearch]:
    """A store of red and green films, and a frame route that says of the green scene that it is alike."""
    made = SmallSearch(tmp_path)
    made.add("aa", [RED, colour_picture(3, 1)])
    made.add("bb", [GREEN])
    yield made
    made.close()


def test_a_scene_that_only_its_frame_resembles_is_a_candidate(films: SmallSearch) -> None:
    (green,) = (row.row for row in films.store.keyframes(films.store.videos()[-1].video_id))
    before = films.searcher.best_candidate(BLUE)
    films.use_frames(finder((green, 0, 0, 0.95)))
    results = films.searcher.search(BLUE).results
    assert before is not None
    assert "bb" in {hit.keyframe_id.video for hit in results}
    candidate = next(one for one in films.find(BLUE).candidates if one.row == green)
    assert candidate.evidence.frame == pytest.approx(0.95)
