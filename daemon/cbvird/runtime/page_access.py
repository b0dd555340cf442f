"""Under which names the page is reached, from where requests may come, and who may sign in."""

from __future__ import annotations

import re
from dataclasses import dataclass

from cbvir_shared.password import PasswordHash
from cbvird.runtime.sessions import Sessions

LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})

HOST_HEADER = re.compile(r"(?P<name>\[[0-9a-f:.]+\]|[a-z0-9._-]+)(:[0-9]{1,5})?", re.ASCII)
"""A host with or without a port, in lower case."""


@dataclass(frozen=True, slots=True)
class PageAccess:
    """What decides whether a request to the page is answered.

    `address` is that of the page without a path; `hosts` are the names that the configuration lists beside
    those of loopback and of `address`.
    """

    address: str
    hosts: frozenset[str]
    sessions: Sessions
    password: PasswordHash | None = None

    @property
    def is_tls(self) -> bool:
        """Whether the service itself speaks TLS."""
        return self.address.startswith("https:")

    def knows_host(self, header: str) -> bool:
        """Return whether a ``Host`` header names this page: any other one may be DNS rebinding.

        The port does not count, so that a forwarded port works.
        """
        name = host_name(header)
        own = host_name(self.address.partition("://")[2])
        return name is not None and (name in LOOPBACK_NAMES or name == own or name in self.hosts)

    def knows_origin(self, origin: str, host_header: str) -> bool:
        """Return whether an ``Origin`` header is this page's.

        Behind a proxy that speaks TLS the page's scheme is https although the service speaks http; that is
        taken for names of the configuration only.
        """
        host = host_header.lower()
        schemes = {"https" if self.is_tls else "http"}
        if host_name(host) in self.hosts:
            schemes.add("https")
        return origin.lower() in {f"{scheme}://{host}" for scheme in schemes}

    def wants_secure_cookie(self, host_header: str) -> bool:
        """Return whether the session must travel over TLS only: everywhere but on loopback."""
        return self.is_tls or host_name(host_header) not in LOOPBACK_NAMES


def host_name(header: str) -> str | None:
    """Return the name in a ``Host`` header, in lower case and without brackets; None for what is no host."""
    found = HOST_HEADER.fullmatch(header.lower())
    return found["name"].strip("[]") if found else None
