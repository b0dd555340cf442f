"""Errors as answers: the one place that gives an error its HTTP status and its document."""

from __future__ import annotations

from collections.abc import Mapping

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.routing import compile_path

from cbvir_core.errors import (
    BadRequest,
    CalibrationBusy,
    CbvirError,
    ComparisonBusy,
    DiskFull,
    FileExists,
    InputError,
    ModelError,
    NoPage,
    NotAllowed,
    NotAPicture,
    StoreBusy,
    TaskBusy,
    TooLarge,
    UnknownVideo,
    VideoBusy,
    VideoOffline,
    WeightsMissing,
)
from cbvir_shared.error_document import error_document
from cbvir_shared.path_text import shown
from cbvird.config.complaints import complaint

LOG = structlog.get_logger(__name__)

RETRY_AFTER_S = 2
"""Seconds after which a client should ask again that came when too many did."""

_STATUS: tuple[tuple[type[CbvirError], int], ...] = (
    (BadRequest, 400),
    (TooLarge, 413),
    (NotAPicture, 415),
    (UnknownVideo, 404),
    (NoPage, 404),
    (NotAllowed, 403),
    (FileExists, 409),
    (WeightsMissing, 404),
    (DiskFull, 507),
    (StoreBusy, 409),
    (VideoBusy, 409),
    (VideoOffline, 409),
    (CalibrationBusy, 409),
    (ComparisonBusy, 409),
    (TaskBusy, 409),
    (InputError, 400),
    (ModelError, 400),
)
"""The status of an error class; the first entry that fits counts."""


def status_of(error: CbvirError) -> int:
    """Return the HTTP status: 4xx for a mistake of the caller, 503 for what may pass, 500 otherwise."""
    for kind, status in _STATUS:
        if isinstance(error, kind):
            return 503 if error.retry and status == 400 else status
    return 503 if error.retry else 500


def respond(
    status: int, code: str, message: str, *, retry: bool = False, headers: Mapping[str, str] | None = None
) -> JSONResponse:
    """Return the error document as an answer; one that may pass says when to come back."""
    own = {"retry-after": str(RETRY_AFTER_S)} if status == 503 else {}
    return JSONResponse(error_document(code, message, retry=retry), status, own | dict(headers or {}))


def install(app: FastAPI) -> None:
    """Make every error an answer of the same shape."""
    app.add_exception_handler(CbvirError, _known)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _unknown)


def _known(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, CbvirError)
    status = status_of(error)
    if status >= 500:
        LOG.warning("request failed", path=request.url.path, code=error.code, reason=str(error))
    return respond(status, error.code, shown(str(error)), retry=error.retry)


def _invalid(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    said = [f"{'.'.join(map(str, one['loc'][1:]))}: {complaint(one)}" for one in error.errors()]
    return respond(400, BadRequest.code, "; ".join(said))


def _http(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    code = {404: "not_found", 405: "method_not_allowed"}.get(error.status_code, BadRequest.code)
    headers = dict(error.headers or {})
    if error.status_code == 405:
        headers = {"allow": ", ".join(sorted(_allowed(request)))}
    return respond(
        error.status_code, code, f"{request.method} {request.url.path}: {error.detail}", headers=headers
    )


def _allowed(request: Request) -> set[str]:
    """Return the methods of all routes with the path of a request: the router names those of one alone."""
    methods: dict[str, set[str]] = request.app.state.methods
    path = request.scope["path"]
    return set[str]().union(*(own for known, own in methods.items() if compile_path(known)[0].match(path)))


def _unknown(request: Request, error: Exception) -> JSONResponse:
    # uvicorn logs it, with its traceback.
    return respond(500, "internal", f"{type(error).__name__}: {error}; the service's log says more")
