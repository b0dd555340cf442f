"""The log: structlog, with lines of text on a terminal and JSON elsewhere.

Messages of libraries through the standard library's logging (uvicorn, watchdog) and through warnings go the
same way.  uvicorn has to be started with ``log_config=None``.
"""

from __future__ import annotations

import logging
import os
import re
import sys
from typing import Literal, TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

LogFormat = Literal["auto", "console", "json"]

_SECRET = re.compile(r"password|passwd|secret|token|authorization|cookie|api_?key|credential", re.IGNORECASE)
_USER_INFO = re.compile(r"(?<=://)[^/\s@]+@")

_TRACEBACKS = structlog.processors.ExceptionRenderer(
    structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
)
"""Without local variables: they may hold secrets."""

_VERBOSE_LOGGERS = ("watchdog", "asyncio", "httpcore", "httpx", "PIL", "python_multipart")
"""Libraries whose debug lines would hide cbvird's own (watchdog writes each event twice)."""

_OWN_LEVEL_LOGGERS = ("cbvird", "uvicorn", "py.warnings")
"""Loggers with a level of their own: OpenVINO turns the root down to "error" while it converts networks."""


def configure(format: LogFormat = "auto", level: str = "info", stream: TextIO | None = None) -> None:
    """Send every log line of this process to `stream` (default: standard error); may be called again."""
    out = sys.stderr if stream is None else stream
    lines = format == "console" or (format == "auto" and out.isatty())
    handler = logging.StreamHandler(out)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=_shared_processors(),
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *_renderers(out, lines)],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())
    for name in _OWN_LEVEL_LOGGERS:
        logging.getLogger(name).setLevel(root.level)
    for name in _VERBOSE_LOGGERS:
        logging.getLogger(name).setLevel(max(logging.INFO, root.level))
    logging.captureWarnings(True)
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *_shared_processors(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )


def _shared_processors() -> list[Processor]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.stdlib.ExtraAdder(),
        _without_colours,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
        _without_secrets,
    ]


def _renderers(out: TextIO, lines: bool) -> list[Processor]:
    if not lines:
        return [_TRACEBACKS, structlog.processors.JSONRenderer()]
    colours = out.isatty() and "NO_COLOR" not in os.environ
    return [
        structlog.dev.ConsoleRenderer(colors=colours, exception_formatter=structlog.dev.plain_traceback),
    ]


def _without_colours(logger: WrappedLogger, name: str, event: EventDict) -> EventDict:
    """Drop uvicorn's second copy of its message, which holds escape sequences."""
    event.pop("color_message", None)
    return event


def _without_secrets(logger: WrappedLogger, name: str, event: EventDict) -> EventDict:
    """Hide values whose key sounds like a secret, and passwords in URLs."""
    for key, value in event.items():
        if _SECRET.search(key):
            event[key] = "***"
        elif isinstance(value, str) and "://" in value:
            event[key] = _USER_INFO.sub("***@", value)
    return event
