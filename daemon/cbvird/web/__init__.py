"""The page over TCP: its files, signing in, the guard in front of it, and its socket."""

from cbvird.web.app import build_web
from cbvird.web.listener import page_access, page_socket

__all__ = ["build_web", "page_access", "page_socket"]
