from __future__ import annotations

import io
import json
import logging
import warnings
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from cbvird.runtime import log


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    """Puts logging back as the test runner had it."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    levels = {name: logging.getLogger(name).level for name in log._OWN_LEVEL_LOGGERS}
    yield
    root.handlers = handlers
    root.setLevel(level)
    for name, own in levels.items():
        logging.getLogger(name).setLevel(own)
    logging.captureWarnings(False)
    structlog.reset_defaults()


def documents(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_terminal_gets_lines_and_a_pipe_gets_json(monkeypatch: pytest.MonkeyPatch) -> None:
    cases: tuple[tuple[io.StringIO, log.LogFormat, bool], ...] = (
        (Terminal(), "auto", True),
        (io.StringIO(), "auto", False),
        (io.StringIO(), "console", True),
        (Terminal(), "json", False),
    )
    for stream, name, lines in cases:
        log.configure(name, stream=stream)
        structlog.get_logger("cbvird.test").info("film indexed", path="/media/a.mp4")
        text = stream.getvalue()
        assert "film indexed" in text
        assert text.startswith("{") is not lines


def test_colours_are_for_terminals_that_want_them(monkeypatch: pytest.MonkeyPatch) -> None:
    for stream, no_colour, coloured in (
        (Terminal(), "", True),
        (Terminal(), "1", False),
        (io.StringIO(), "", False),
    ):
        monkeypatch.delenv("NO_COLOR", raising=False)
        if no_colour:
            monkeypatch.setenv("NO_COLOR", no_colour)
        log.configure("console", stream=stream)
        structlog.get_logger().info("hello")
        assert ("\x1b[" in stream.getvalue()) is coloured


def test_a_line_says_when_who_how_bad_and_what() -> None:
    stream = io.StringIO()
    log.configure("json", stream=stream)
    structlog.get_logger("cbvird.test").warning("slow", seconds=3.5)
    (document,) = documents(stream)
    assert document.pop("timestamp").endswith("Z")
    assert document == {"event": "slow", "level": "warning", "logger": "cbvird.test", "seconds": 3.5}


def test_libraries_and_warnings_go_the_same_way() -> None:
    stream = io.StringIO()
    log.configure("json", stream=stream)
    logging.getLogger("uvicorn.error").info("started on %s", "socket")
    logging.getLogger("watchdog.observers.inotify_c").debug("in-event")
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(True)
        warnings.warn("old", DeprecationWarning, stacklevel=1)
        logging.captureWarnings(False)
    first, second = documents(stream)
    assert (first["event"], first["logger"]) == ("started on socket", "uvicorn.error")
    assert "old" in second["event"]


@pytest.mark.parametrize(("level", "count"), [("debug", 3), ("info", 2), ("warning", 1), ("error", 0)])
def test_the_level_holds_for_all(level: str, count: int) -> None:
    stream = io.StringIO()
    log.configure("json", level, stream)
    logger = structlog.get_logger()
    logger.debug("d")
    logger.info("i")
    logging.getLogger("foreign").warning("w")
    assert len(documents(stream)) == count


def test_a_library_that_turns_logging_down_does_not_turn_ours_down() -> None:
    """As OpenVINO does for the whole process while it converts a network."""
    stream = io.StringIO()
    log.configure("json", stream=stream)
    logging.getLogger().setLevel(logging.ERROR)
    structlog.get_logger("cbvird.app").info("stopping")
    logging.getLogger("uvicorn.error").info("finished")
    assert [document["event"] for document in documents(stream)] == ["stopping", "finished"]


def test_secrets_and_local_variables_stay_out() -> None:
    stream = io.StringIO()
    log.configure("json", stream=stream)
    hidden = "hunter2"
    try:
        raise ValueError("failed")
    except ValueError:
        structlog.get_logger().exception(
            "bad", api_token=hidden, Authorization=hidden, url=f"smb://me:{hidden}@nas/films"
        )
    logging.getLogger("foreign").warning("x", extra={"password": hidden})
    assert hidden not in stream.getvalue()
    first, second = documents(stream)
    assert first["url"] == "smb://***@nas/films"
    assert first["exception"][0]["exc_type"] == "ValueError"
    assert second["password"] == "***"


def test_names_that_are_not_utf8_can_be_logged() -> None:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="utf-8", errors="backslashreplace", write_through=True)
    for name in ("json", "console"):
        log.configure(name, stream=stream)
        structlog.get_logger().info("seen", path="caf\udce9.mp4")
    assert raw.getvalue().count(b"udce9") == 2


def test_configuring_again_does_not_double_lines() -> None:
    stream = io.StringIO()
    for _ in range(3):
        log.configure("json", stream=stream)
    structlog.get_logger().info("once")
    assert len(documents(stream)) == 1


def test_uvicorn_says_everything_once() -> None:
    stream = io.StringIO()
    log.configure("json", stream=stream)
    logging.getLogger("uvicorn.error").warning("careful", extra={"color_message": "\x1b[31mcareful"})
    (document,) = documents(stream)
    assert document["event"] == "careful"
    assert "color_message" not in document
