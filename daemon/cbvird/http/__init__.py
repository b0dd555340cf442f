"""HTTP on the unix socket: the routes, and how errors become answers."""

from cbvird.http.app import build

__all__ = ["build"]
