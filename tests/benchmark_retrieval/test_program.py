"""The benchmark on a few clips."""

from __future__ import annotations

import json
from pathlib import Path

import PIL.Image
import pytest

from bench.retrieval import main
from bench.retrieval.arguments import parse
from bench.retrieval.descriptors import PerceptualHash
from bench.retrieval.evaluate import Prepare, SystemAnswers, ask, describe_corpus, plain
from bench.retrieval.lineup import Lineup
from bench.retrieval.perturbations import PERTURBATIONS
from bench.retrieval.questions import BenchmarkQuery, CorpusEntry, RetrievalCorpus
from bench.retrieval.systems import RetrievalSystem
from cbvir_core.search.variants import variants_of
from support.networks import painted, seeded_filter, seeded_solar

SMALL = ("--queries", "40", "--distractors", "30", "--foreign", "6", "--descriptors", "hsv", "phash")


def test_prints_and_writes_every_figure(
    small: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found_file, table_file, sheet_file = (tmp_path / name for name in ("all.json", "short.md", "kinds.png"))
    line = ["--shared", str(small), *SMALL, "--json", str(found_file), "--markdown", str(table_file)]
    main([*line, "--pictures", str(sheet_file)])
    found = json.loads(found_file.read_text())
    counts = found["counts"]
    assert counts["queries asked"] == 2 * len(PERTURBATIONS)
    assert (counts["queries left out"], counts["queries foreign"]) == (len(PERTURBATIONS), 6)
    assert counts["distractors"] == 30
    histogram, phash = found["systems"]
    assert histogram["by_kind"].keys() == PERTURBATIONS.keys()
    assert histogram["overall"]["queries"] == 2 * len(PERTURBATIONS)
    assert phash["overall"]["video"] < histogram["overall"]["video"]
    printed = capsys.readouterr().out
    assert "recall at 1 % false" in printed
    assert "screen photo" in printed
    lines = table_file.read_text().splitlines()
    assert lines[0] == "| descriptor | recall@1 video | recall@1 scene | mAP | recall at 1 % false |"
    assert lines[2].startswith("| HSV histogram | ")
    with PIL.Image.open(sheet_file) as sheet:
        assert sheet.width > 1000


def test_a_refinement_stands_on_the_filter_before_it(tmp_path: Path) -> None:
    own, solar = seeded_filter(tmp_path / "own.safetensors"), seeded_solar(tmp_path / "s.safetensors")
    line = ["--descriptors", "--refine", str(solar), "--filter", f"own={own}", "--refine", f"no SOS={solar}"]
    systems = Lineup(parse(line), tmp_path).systems()
    assert [system.name for system in systems] == ["builtin filter + s", "own", "own + no SOS"]
    assert systems[2].filter is systems[1].filter
    assert systems[2].refine is systems[0].refine, "a file is loaded once"
    entries = [
        CorpusEntry(f"{number}@0", picture, str(number)) for number, picture in enumerate(painted(1, 6))
    ]
    queries = [BenchmarkQuery("asked", "logo", entry.name, entry.picture, entry.family) for entry in entries]
    own_alone, refined = answers(systems[1:], entries, queries, variants_of)
    assert own_alone.overall.queries == refined.overall.queries == 6
    assert own_alone.overall.video > 0.8


def test_variants_find_what_is_mirrored() -> None:
    entries = [
        CorpusEntry(f"{number}@0", picture, str(number)) for number, picture in enumerate(painted(1, 20))
    ]
    queries = [
        BenchmarkQuery("asked", "mirror", entry.name, entry.picture, entry.family) for entry in entries
    ]
    systems = [RetrievalSystem("pHash", PerceptualHash())]
    (alone,) = answers(systems, entries, queries, plain)
    (both_ways,) = answers(systems, entries, queries, variants_of)
    assert alone.overall.video < 0.5
    assert both_ways.overall.video == 1.0


def answers(
    systems: list[RetrievalSystem],
    entries: list[CorpusEntry],
    queries: list[BenchmarkQuery],
    variants: Prepare,
) -> list[SystemAnswers]:
    """Return the answers of the systems, also to a picture that is not in the corpus."""
    corpus, done = RetrievalCorpus(entries), list[int]()
    everything = [*queries, BenchmarkQuery("foreign", "logo", "x", painted(2, 1)[0])]
    answering = describe_corpus(systems, corpus, done.append)
    found = ask(answering, corpus, everything, 0, variants, done.append)
    assert sum(done) == len(entries) + len(everything), "the bars reach their ends"
    return found


def test_a_file_that_is_not_there_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parse(["--filter", "own=/nowhere/filter.safetensors"])
    assert "/nowhere/filter.safetensors" in capsys.readouterr().err


def test_a_missing_folder_is_said(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="--shared"):
        main(["--shared", str(tmp_path / "none")])
