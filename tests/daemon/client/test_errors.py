"""Exit codes and messages where no service answers."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import get_args, get_type_hints

import pytest

from cbvir_core import errors
from cbvirctl.__main__ import main
from cbvirctl.calibrate import MAX_QUESTIONS, MIN_QUESTIONS
from cbvirctl.errors import (
    BAD_INPUT_CODES,
    BAD_REQUEST_CODES,
    BadInput,
    Refused,
    Usage,
    from_service,
)
from support import warm


def ctl(*arguments: str) -> subprocess.CompletedProcess[str]:
    code, out, err = warm.run("cbvirctl", *arguments, stdin=None, timeout=60)
    return subprocess.CompletedProcess(arguments, code, out.decode(), err.decode())


Here = Callable[..., tuple[int, str, str]]


def test_a_reader_that_goes_away_is_not_taken_for_no_match() -> None:
    line = f"{sys.executable} -m cbvirctl --help | true; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", line], capture_output=True, check=False, timeout=60)
    assert (done.returncode, done.stderr) == (128 + 13, b"")


def test_no_service_is_exit_code_3_and_says_what_to_do(tmp_path: Path) -> None:
    done = ctl("status", "--socket", str(tmp_path / "none.sock"))
    assert done.returncode == 3
    assert str(tmp_path / "none.sock") in done.stderr
    assert "Start it with" in done.stderr
    assert done.stdout == ""


def test_a_socket_that_nobody_listens_on_is_exit_code_3(tmp_path: Path) -> None:
    import socket

    path = tmp_path / "dead.sock"
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
    assert ctl("status", "--socket", str(path)).returncode == 3


def test_json_errors_are_one_document_on_stdout(tmp_path: Path) -> None:
    done = ctl("status", "--json", "--socket", str(tmp_path / "none.sock"))
    error = json.loads(done.stdout)["error"]
    assert (error["code"], error["retry"]) == ("unreachable", True)
    assert done.stderr == ""


def test_the_socket_may_come_from_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CBVIR_SOCKET", str(tmp_path / "elsewhere.sock"))
    assert "elsewhere.sock" in ctl("rescan").stderr


def test_a_mistake_of_ours_is_not_taken_for_no_match(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(**_: object) -> None:
        raise ZeroDivisionError("a mistake")

    monkeypatch.setattr("cbvirctl.__main__.app", fail)
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 5
    assert "cbvirctl: ZeroDivisionError: a mistake" in capsys.readouterr().err


def test_a_picture_that_cannot_be_read_is_exit_code_4(tmp_path: Path) -> None:
    done = ctl("query", str(tmp_path / "none.jpg"))
    assert done.returncode == 4
    assert "none.jpg" in done.stderr


@pytest.mark.parametrize("region", ["1,2,3", "a,b,c,d", "1;2;3;4", "-1,0,5,5"])
def test_a_region_that_is_none_is_exit_code_2(tmp_path: Path, region: str) -> None:
    picture = tmp_path / "picture.jpg"
    picture.write_bytes(b"")
    done = ctl("query", str(picture), f"--region={region}")
    assert done.returncode == 2
    assert "X,Y,W,H" in done.stderr


@pytest.mark.parametrize(
    "arguments", [["nonsense"], ["query"], ["query", "a", "--top", "0"], ["videos", "show"]]
)
def test_wrong_usage_is_exit_code_2(arguments: list[str]) -> None:
    assert ctl(*arguments).returncode == 2


@pytest.mark.parametrize(
    ("arguments", "about"),
    [
        ("--json status --wrong", "--wrong"),
        ("status --json --timeout 3", "--timeout"),
        ("videos shwo --json", "'shwo'"),
        ("--json query", "PICTURE"),
        ("query a.jpg --top 0 --json", "--top"),
        ("--json", "Missing command"),
    ],
)
def test_wrong_usage_is_a_json_document_where_json_is_wanted(here: Here, arguments: str, about: str) -> None:
    code, out, err = here(*arguments.split())
    error = json.loads(out)["error"]
    assert (code, error["code"], error["retry"], err) == (2, "usage", False, "")
    assert about in error["message"]


def test_json_after_two_dashes_is_the_name_of_a_file(here: Here) -> None:
    code, out, err = here("query", "--wrong", "--", "--json")
    assert (code, out) == (2, "")
    assert "No such option: --wrong" in err


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (
            "query https://example.org/a.jpg?b=1&c=2",
            "curl -sL 'https://example.org/a.jpg?b=1&c=2' | cbvirctl",
        ),
        ("query a.jpg --all --top 3", "--all names every scene, and --top some; leave out one of them."),
        ("query a.jpg --evidence why.gif", "its name must end in .png, .jpg or .webp, not in .gif."),
        ("query a.jpg --csv --json --open", "--csv does not go with --json and --open"),
        ("query / --json", '"/ is a folder; --csv asks with every picture in it."'),
        ("query - --csv", "--csv asks with files"),
        ("web --open --sign-out", "--sign-out and --open do not go together"),
        ("calibrate --questions 40", "40 questions are too few"),
        ("calibrate --questions 40000", "--questions wants 100 to 20,000."),
        ("calibrate --seed -1", "--seed wants a number of 0 or more"),
    ],
)
def test_mistakes_are_told_in_a_sentence_before_the_service_is_asked(
    here: Here, arguments: str, sentence: str
) -> None:
    code, out, err = here(*arguments.split())
    assert code == (4 if "://" in arguments else 2)
    assert sentence in out + err


def test_the_numbers_of_questions_are_those_of_the_service() -> None:
    from cbvird.http.calibrate import calibrate

    (query,) = get_args(get_type_hints(calibrate, include_extras=True)["questions"])[1:]
    least, most = query.metadata
    assert (least.ge, most.le) == (MIN_QUESTIONS, MAX_QUESTIONS)


@pytest.mark.parametrize(
    ("arguments", "socket"),
    [
        ("--socket A --json status", "A"),
        ("status --socket A --json", "A"),
        ("--json status --socket A", "A"),
        ("--socket A status --json --socket B", "B"),
        ("--socket A --socket B status --json", "B"),
        ("--socket A videos --socket B --json list", "B"),
        ("videos --json --socket A list --socket B", "B"),
        ("--json --socket A videos list", "A"),
        ("--json index --socket A status", "A"),
        ("--json --socket A models list", "A"),
        ("--json --socket A query /dev/null", "A"),
        ("--json status", "ENVIRONMENT"),
    ],
)
def test_options_stand_before_the_command_or_after_it_and_the_last_one_wins(
    arguments: str, socket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CBVIR_SOCKET", "ENVIRONMENT")
    monkeypatch.chdir(tmp_path)  # no such socket is here
    done = ctl(*arguments.split())
    error = json.loads(done.stdout)["error"]
    assert (done.returncode, error["code"], done.stderr) == (3, "unreachable", "")
    assert f"does not answer on {socket} " in error["message"]


def test_a_sentence_is_the_answer_where_json_stands_nowhere(tmp_path: Path) -> None:
    done = ctl("--socket", str(tmp_path / "none.sock"), "videos", "list")
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr.startswith("cbvirctl: cbvird does not answer")


def test_the_codes_that_choose_the_exit_code_are_codes_of_the_service() -> None:
    codes = {kind.code for kind in vars(errors).values() if isinstance(kind, type) and hasattr(kind, "code")}
    assert codes >= BAD_INPUT_CODES | (BAD_REQUEST_CODES - {"usage"})


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("not_a_picture", BadInput),
        ("too_large", BadInput),
        ("bad_input", Usage),
        ("usage", Usage),
        ("disk_full", Refused),
    ],
)
def test_the_services_errors_keep_their_code_and_sentence(code: str, kind: type[Exception]) -> None:
    error = from_service({"error": {"code": code, "message": "A sentence.", "retry": True}}, 500)
    assert type(error) is kind
    assert (str(error), error.code, error.retry) == ("A sentence.", code, True)


def test_an_answer_without_an_error_document_names_the_status() -> None:
    assert "502" in str(from_service(None, 502))
