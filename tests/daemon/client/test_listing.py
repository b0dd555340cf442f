"""Tables about files, at 80 columns and at 200, where the output is no terminal, and relative paths."""

from __future__ import annotations

import pytest

from cbvirctl.answers import PLAIN_VARIANT, VARIANT_WORDS, answer, variant_words
from cbvirctl.listing import ListedRow, show_listing
from cbvirctl.shown_paths import relative_to

LONG = "/archive/Nachrichten und Berichte/1962/Wochenschau, Ausgabe 42, [Bahnhof] 日本.mp4"
SHORT = "/archive/a.mp4"


def listed(capsys: pytest.CaptureFixture[str]) -> list[str]:
    rows = [
        ListedRow(("1", "match"), [LONG]),
        ListedRow(("10", "likely"), [LONG], ["of the same"]),
        ListedRow(("3", "none"), [SHORT]),
    ]
    show_listing(("rank", "verdict"), rows, numbers=("rank",))
    return capsys.readouterr().out.splitlines()


@pytest.mark.parametrize("columns", ["80", "40"])
def test_a_narrow_terminal_has_each_path_whole_above_its_rows(
    columns: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    assert listed(capsys) == [
        "  rank  verdict",
        LONG,
        "     1  match",
        "    10  likely",
        "  of the same",
        SHORT,
        "     3  none",
    ]


@pytest.mark.parametrize("columns", ["200", None])
def test_a_wide_one_and_a_file_have_a_column_of_paths(
    columns: str | None, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    if columns is not None:
        monkeypatch.setenv("COLUMNS", columns)
    assert listed(capsys) == [
        "rank  verdict  file",
        f"   1  match    {LONG}",
        f"  10  likely   {LONG}",
        "                 of the same",
        f"   3  none     {SHORT}",
    ]


def test_remarks_are_wrapped_without_spaces_at_their_ends(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "20")
    remark = "the file ends in the middle of a frame, and nothing comes after it"
    show_listing(("code",), [ListedRow(("bad",), [LONG], [remark])])
    lines = capsys.readouterr().out.splitlines()
    assert [line for line in lines if line != line.rstrip()] == []
    assert " ".join(line.strip() for line in lines[-5:]).endswith(remark[-30:])


def test_rows_without_paths_have_no_column_for_them(capsys: pytest.CaptureFixture[str]) -> None:
    show_listing(("keyframe", "time"), [ListedRow(("1", "0:01.00"))])
    assert capsys.readouterr().out.splitlines() == ["keyframe  time", "1         0:01.00"]


@pytest.mark.parametrize(
    ("variant", "words"),
    [
        ("plain", ""),
        ("region+borders_removed+turned_90+mirrored", "a part, without its borders, turned by 90°, mirrored"),
    ],
)
def test_variants_are_told_in_words(variant: str, words: str) -> None:
    assert variant_words(variant) == words


def test_every_variant_of_the_reference_has_words() -> None:
    from pathlib import Path

    reference = Path(__file__).parents[3].joinpath("docs", "reference.md").read_text("utf-8")
    section = reference.partition("### How the picture lies on the frame")[2].partition("\n### ")[0]
    cells = [line.split("|")[2] for line in section.splitlines() if line.startswith("| ")][1:]
    values = [value.strip(" `") for cell in cells for value in cell.split(",")]
    assert set(values) == {PLAIN_VARIANT, *VARIANT_WORDS}


def test_guesses_are_not_taken_for_results(capsys: pytest.CaptureFixture[str]) -> None:
    hit = {
        "rank": 1,
        "verdict": "none",
        "score": 0.4999,
        "time_s": 1.0,
        "scene_start_s": 0.0,
        "scene_end_s": 2.0,
        "variant": "plain",
        "occurrences": [],
        "path": SHORT,
        "time_note": "",
    }
    document = {
        "verdict": "none",
        "results": [hit] * 4,
        "keyframes_searched": 1,
        "took_ms": 1200.0,
        "profile": "builtin",
    }
    answer(document)
    printed = capsys.readouterr()
    assert printed.out.splitlines()[0].startswith("No scene is even likely to show this picture.")
    assert printed.out.count("0.49") == printed.out.count(SHORT) == 3
    assert "none: 1 keyframe searched in 1.2 s" in printed.err
    assert "1 less likely scene is left out" in printed.err


def test_the_innermost_watched_folder_is_cut_off() -> None:
    show = relative_to(["/archive", "/archive/news/", "/arch"])
    assert [show(path) for path in ("/archive/a.mp4", "/archive/news/b.mp4", "/archives/c.mp4")] == [
        "a.mp4",
        "b.mp4",
        "/archives/c.mp4",
    ]
