"""Maintenance: a network that is loaded late, the change log, converted networks that nobody uses."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from shutil import copytree, rmtree

import pytest

from cbvir_core.decode import decode_still
from cbvir_core.embed import NetworkEncoder, RuntimeOptions
from cbvir_core.embed.conversions import ABANDONED_AFTER_S, conversion, drop_unused
from cbvir_core.errors import WeightsDamaged, WeightsMismatch
from cbvir_core.index import IndexOptions
from cbvir_core.library import Library
from cbvir_core.search import SearchOptions
from cbvir_core.types import Image
from cbvir_core.weights import Role, fingerprint
from support.conversions import bring_conversion
from support.films import Film
from support.libraries import LibraryOpener, active_generation, store_of
from support.networks import seeded_filter, seeded_solar

AT_ONCE = SearchOptions(wait_for_refine=False, exact_time_s=0)
REPOSITORY = Path(__file__).resolve().parents[2]


def still_picture(library: Library) -> Image:
    video = library.videos()[0]
    return decode_still(library.still(library.keyframes(video.video_id)[1].keyframe_id))


@pytest.fixture
def solar_may_load(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """Hold back the loading of SOLAR's network until this is set, as if it had to be made for the machine."""
    opened = threading.Event()

    def late(weights: Path, role: Role, options: RuntimeOptions) -> NetworkEncoder:
        assert role == "filter" or opened.wait(60)
        return NetworkEncoder(weights, role, options)

    monkeypatch.setattr("cbvir_core.library.networks.NetworkEncoder", late)
    return opened


def test_a_query_need_not_wait_for_solar(open_filled: LibraryOpener, solar_may_load: threading.Event) -> None:
    with open_filled("first") as library:
        picture = still_picture(library)
        expected = library.search(picture).results
    with open_filled("refined") as library:
        loading = threading.Thread(target=library.load_refine)
        loading.start()
        try:
            assert library.refine_loading
            early = library.search(picture, AT_ONCE)
        finally:
            solar_may_load.set()
            loading.join()
        assert (early.refined, early.results) == (False, expected)
        assert early.notes[0].startswith("SOLAR does not take part: its network is still being loaded")
        assert early.stages_ms["solar"] == 0.0
        assert not library.refine_loading
        late = library.search(picture, AT_ONCE)
        assert late.refined
        assert not any("does not take part" in note for note in late.notes)


def test_a_library_waits_unless_told_otherwise(
    open_filled: LibraryOpener, solar_may_load: threading.Event
) -> None:
    solar_may_load.set()
    with open_filled("refined") as library:
        assert library.search(still_picture(library)).refined


def test_why_solar_cannot_be_loaded_is_said(
    open_filled: LibraryOpener, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(weights: Path, role: Role, options: RuntimeOptions) -> NetworkEncoder:
        if role == "refine":
            raise WeightsDamaged("the file is spoilt")
        return NetworkEncoder(weights, role, options)

    monkeypatch.setattr("cbvir_core.library.networks.NetworkEncoder", fail)
    with open_filled("refined") as library:
        picture = still_picture(library)
        with pytest.raises(WeightsDamaged):
            library.load_refine()
        assert not library.refine_loading
        answer = library.search(picture, AT_ONCE)
        assert answer.results
        assert answer.notes[0].startswith("SOLAR does not take part: the file is spoilt; the filter")


def test_weights_that_change_before_they_are_loaded_are_not_taken_for_the_former(
    open_library: LibraryOpener, weights: Path, tmp_path: Path
) -> None:
    models = tmp_path / "models"
    copytree(weights, models)
    with open_library("refined", models_dir=models) as library:
        seeded_solar(models / "refined" / "refine.safetensors", seed=5)
        with pytest.raises(WeightsMismatch, match="another file"):
            library.load_refine()


def test_the_log_is_trimmed_behind_the_index(
    open_library: LibraryOpener, films: list[Film], monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_library("first", index=IndexOptions(seal_at=3), frames=False) as library:
        record = library.add(films[0].path)
        trim = store_of(library).trim_changes
        monkeypatch.setattr(store_of(library), "trim_changes", lambda upto: trim(upto, batch=2))
        while library.maintain():
            pass
        assert library.index_status().segments
        assert store_of(library).changes(active_generation(library).generation, 0).whole
        picture = still_picture(library)
        expected = library.search(picture).results
    with open_library("first") as library:
        assert library.search(picture).keyframes_searched == record.keyframes
        assert library.search(picture).results == expected


@pytest.fixture
def open_with_own_cache(tmp_path: Path, weights: Path, converted: Path) -> Callable[[str], Library]:
    """Return a function that opens a library with a cache and models of its own."""
    data, models = tmp_path / "own", tmp_path / "models"
    copytree(weights, models)
    copytree(converted, data / "cache")
    return lambda profile: Library.open(data, profile=profile, models_dir=models)


def conversion_names(library_folder: Path) -> set[str]:
    return {path.name for path in (library_folder / "cache").iterdir()}


def conversion_name(file: Path) -> str:
    return conversion(Path(), fingerprint(file)).name


def test_conversions_of_weights_that_nobody_has_any_more_go(
    open_with_own_cache: Callable[[str], Library],
    films: list[Film],
    weights: Path,
    converted: Path,
    tmp_path: Path,
) -> None:
    first, second = (weights / name / "filter.safetensors" for name in ("first", "second"))
    data = tmp_path / "own"
    rmtree(data / "cache")
    copytree(converted, data / "cache")
    (data / "cache" / ("0" * 32 + "-0")).mkdir()
    (data / "cache" / "a file of somebody's").touch()
    (data / "cache" / ".unfinished-old").mkdir()
    (data / "cache" / ".unfinished-new").mkdir()
    old = time.time() - 2 * ABANDONED_AFTER_S
    os.utime(data / "cache" / ".unfinished-old", (old, old))
    with open_with_own_cache("first") as library:
        library.add(films[0].path)
        assert {conversion_name(first), conversion_name(second)} <= conversion_names(data)
        assert not conversion_names(data) & {"0" * 32 + "-0", ".unfinished-old"}
        assert {"a file of somebody's", ".unfinished-new"} <= conversion_names(data)
    for name in ("first", "refined"):
        rmtree(tmp_path / "models" / name)
    seeded_filter(tmp_path / "models" / "second" / "filter.safetensors", seed=1)
    with open_with_own_cache("second") as library:
        assert conversion_name(first) in conversion_names(data), "keyframes are still on their way"
        while library.reembed():
            pass
        assert conversion_name(second) in conversion_names(data)
        assert conversion_name(first) not in conversion_names(data)
        assert library.search(still_picture(library)).results


def test_a_conversion_that_is_dropped_while_another_process_uses_it(weights: Path, tmp_path: Path) -> None:
    file, cache = weights / "first" / "filter.safetensors", tmp_path / "cache"
    bring_conversion(cache, file)
    script = (
        "import sys, numpy as np; from pathlib import Path\n"
        "from cbvir_core.embed import NetworkEncoder, RuntimeOptions\n"
        "options = RuntimeOptions(cache=Path(sys.argv[2]))\n"
        "encoder = NetworkEncoder(Path(sys.argv[1]), 'filter', options)\n"
        "for line in sys.stdin:\n"
        "    print(encoder.encode([np.full((90, 160, 3), 128, np.uint8)])[0, :3].tolist(), flush=True)\n"
    )
    command = [sys.executable, "-c", script, str(file), str(cache)]
    with subprocess.Popen(
        command, cwd=REPOSITORY, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdin is not None
        assert other.stdout is not None
        answers = []
        for _ in range(2):
            other.stdin.write("\n")
            other.stdin.flush()
            answers.append(other.stdout.readline())
            drop_unused(cache, [])
        other.stdin.close()
    assert answers[0] == answers[1] != ""
    assert list(cache.iterdir()) == []
    assert NetworkEncoder(file, "filter", RuntimeOptions(cache=cache)).dim == 64
