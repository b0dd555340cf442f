"""HTTP on the unix socket: the routes, and how errors become answers."""

from cbvird.api.app import build

__all__ = ["build"]
