"""HTTP on the unix socket: routes, JSON documents, errors as answers, the socket and the server."""

from cbvird.http.app import build

__all__ = ["build"]
