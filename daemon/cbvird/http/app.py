"""The application: all routes together."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from fastapi import FastAPI, Response
from fastapi.routing import APIRoute
from starlette.routing import Route

from cbvir_core.version import VERSION
from cbvird.http import (
    agreement,
    backup,
    bench,
    calibrate,
    clips,
    disk,
    duplicates,
    export,
    failures,
    folders,
    frames,
    index,
    keyframes,
    media,
    metrics,
    models,
    new_videos,
    page,
    pictures,
    preview,
    query,
    system,
    videos,
)
from cbvird.http.body import LimitBody
from cbvird.http.context import Context
from cbvird.http.error_documents import ErrorDocument
from cbvird.http.reports import HealthDocument

ROUTED = (
    query,
    clips,
    pictures,
    preview,
    videos,
    folders,
    keyframes,
    frames,
    media,
    agreement,
    disk,
    duplicates,
    export,
    index,
    models,
    calibrate,
    bench,
    backup,
    new_videos,
    page,
    system,
)
"""The modules with routes, one for each noun."""

API_PREFIX = "/v1"

_ERRORS: dict[int | str, dict[str, object]] = {
    status: {"model": ErrorDocument} for status in (400, 403, 404, 408, 409, 413, 415, 500, 503, 507)
}


class _Api(FastAPI):
    """An application that describes itself when it is first asked to: that takes half a second."""

    def openapi(self) -> dict[str, Any]:
        """Return the description, without status 422: FastAPI adds it for wrong parameters, which get 400."""
        if self.openapi_schema is None:
            for operations in super().openapi()["paths"].values():
                for operation in operations.values():
                    operation["responses"].pop("422", None)
        return super().openapi()


def build(context: Context) -> FastAPI:
    """Return the application for an open service."""
    app = _Api(
        title="cbvir",
        version=VERSION,
        description="In which video, and when, does this picture appear?",
        docs_url=None,
        redoc_url=None,
    )
    app.state.context = context
    failures.install(app)
    app.add_middleware(LimitBody)
    for module in ROUTED:
        app.include_router(module.router, prefix=API_PREFIX, responses=_ERRORS)
    _add_plain_routes(app, context)
    app.state.methods = _methods(app)
    return app


def _methods(app: FastAPI) -> dict[str, set[str]]:
    """Return the methods of every path."""
    methods = defaultdict[str, set[str]](set)
    for prefix, routes in [("", app.routes), *((API_PREFIX, module.router.routes) for module in ROUTED)]:
        for route in routes:
            if isinstance(route, Route | APIRoute):
                methods[prefix + route.path] |= route.methods or set()
    return methods


def _add_plain_routes(app: FastAPI, context: Context) -> None:
    registry = metrics.registry_of(context)

    @app.get("/metrics", response_class=Response, tags=["service"])
    def figures() -> Response:
        """The metrics in the text format of Prometheus."""
        return Response(metrics.render(registry), media_type="text/plain; version=0.0.4; charset=utf-8")

    @app.get("/healthz", tags=["service"])
    async def healthy() -> HealthDocument:
        """Whether the service answers."""
        return HealthDocument(status="ok")
