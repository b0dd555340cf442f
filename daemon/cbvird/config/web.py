"""[web]: the page that people open in a browser, and the same API over TCP."""

from __future__ import annotations

import ipaddress
import re
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import BeforeValidator, Field, model_validator

from cbvird.config.sections import Globs, Paths, Section

LISTEN_FORM = re.compile(r"(?P<host>\[[0-9a-fA-F:.]+\]|[^\[\]:/\s]+):(?P<port>[0-9]{1,5})")
"""``HOST:PORT``; an IPv6 address stands in brackets."""


def _none_for_empty(value: Any) -> Any:
    return None if value == "" else value


def _no_file() -> Path | None:
    return None


FileOrNone = Annotated[Path | None, BeforeValidator(_none_for_empty)]


class WebSettings(Section):
    """[web]: where the page is served, who may open it, and which folders take uploads."""

    listen: str = Field(
        default="", description='address of the page, such as "127.0.0.1:8765"; empty: there is no page'
    )
    cert_file: FileOrNone = Field(
        default_factory=_no_file,
        description="certificate for TLS, PEM; needed where listen is not this machine alone",
    )
    key_file: FileOrNone = Field(
        default_factory=_no_file, description="private key of the certificate, PEM without a passphrase"
    )
    password_file: FileOrNone = Field(
        default_factory=_no_file, description="file that `cbvirctl web --set-password FILE` has written"
    )
    hosts: Globs = Field(
        default=(), description="names under which browsers reach the page beside that of listen"
    )
    uploads: Paths = Field(
        default=(), description="watched folders, or folders inside them, that take videos from the page"
    )
    upload_mb: int = Field(default=16384, ge=1, description="megabytes of the largest video that they take")

    @property
    def host(self) -> str:
        """The host of `listen`, an IPv6 address without its brackets; empty where there is no page."""
        return self.listen.rpartition(":")[0].strip("[]")

    @property
    def port(self) -> int:
        """The port of `listen`; 0 lets the system choose one."""
        return int(self.listen.rpartition(":")[2] or 0)

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can reach the page."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False

    @model_validator(mode="after")
    def _check_listen(self) -> Self:
        if not self.listen:
            return self
        if LISTEN_FORM.fullmatch(self.listen) is None or self.port > 65535:
            raise ValueError(f"listen = {self.listen!r} should be HOST:PORT, such as 127.0.0.1:8765")
        if (self.cert_file is None) != (self.key_file is None):
            raise ValueError("cert_file and key_file belong together; set both or none")
        missing = [key for key in ("cert_file", "key_file", "password_file") if getattr(self, key) is None]
        if not self.is_loopback and missing:
            raise ValueError(
                f"listen = {self.listen!r} can be reached from other machines: set {' and '.join(missing)}, "
                "or listen on 127.0.0.1"
            )
        if self.host in ("0.0.0.0", "::") and not self.hosts:
            raise ValueError(
                f"listen = {self.listen!r} names no host: list in hosts the names that browsers use"
            )
        return self
