"""A backup that an older version made is restored, and answers as that version did.

`golden/make.py` makes it anew, with the first version that could make backups.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from cbvir_core import Library
from cbvir_core.embed import RuntimeOptions
from support import warm
from support.conversions import bring_builtin

GOLDEN = Path(__file__).resolve().parent / "golden"
ANSWERS = json.loads((GOLDEN / "answers.json").read_text())
OLDER_FOLDER = "/tmp/cbvir-golden/films"


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    data = tmp_path_factory.mktemp("restored") / "data"
    restore = ("restore", str(GOLDEN / "older.backup"), "--into", str(data), "--json")
    code, out, _ = warm.run("cbvirctl", *restore, "--map", f"{OLDER_FOLDER}=/films", stdin=None, timeout=90)
    document = json.loads(out)
    assert (code, document["videos"], document["paths_changed"]) == (0, 2, 2)
    cache = bring_builtin(tmp_path_factory.mktemp("cache"))
    with Library.open(data, profile="builtin", runtime=RuntimeOptions(cache=cache)) as library:
        library.load_refine()
        yield library


@pytest.mark.parametrize("name", ANSWERS)
def test_it_answers_as_the_version_that_made_it(library: Library, name: str) -> None:
    answer = library.search((GOLDEN / name).read_bytes())
    best, before = answer.results[0], ANSWERS[name]
    assert str(best.keyframe_id) == before["keyframe_id"]
    assert str(best.path) == before["path"].replace(OLDER_FOLDER, "/films")
    assert best.scene_start_s == pytest.approx(before["scene_start_s"], abs=1e-3)
    assert best.scene_end_s == pytest.approx(before["scene_end_s"], abs=1e-3)
    assert best.verdict.value == before["verdict"]


def test_nothing_of_it_waits_to_be_made_anew(library: Library) -> None:
    counts = library.counts()
    assert counts.keyframes == counts.refined == len(ANSWERS)
