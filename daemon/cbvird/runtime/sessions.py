"""Who has signed in to the page: one-time tokens, and sessions that a restart of the service does not end."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
import threading
from pathlib import Path

from cbvir_core.errors import StoreError

TOKEN_LIFE_S = 600.0
"""Seconds in which the address with a token must be opened."""

MAX_TOKENS = 64
"""Tokens that wait to be used; the oldest one becomes void where more are made."""

SESSION_LIFE_S = 30 * 86400.0
"""Seconds from signing in until a browser must sign in again."""

SECRET_BYTES = 32


class Sessions:
    """Tokens and sessions.  Thread-safe; `now` is the time of the day in seconds.

    A session is the time of its end with a seal (HMAC-SHA256), so nothing is kept of it.  The key of the seal
    is made of the secret in `file` and of `password`: another password, or another secret, ends every
    session.  Raises StoreError where the secret can be neither read nor written.
    """

    def __init__(self, file: Path, password: str = "") -> None:
        self._file, self._password = file, password
        self._lock = threading.Lock()
        self._tokens: dict[bytes, float] = {}
        self._key = self._read_key()

    def issue_token(self, now: float) -> str:
        """Return a token that `redeem` takes once, within `TOKEN_LIFE_S` seconds."""
        token = secrets.token_urlsafe(24)
        with self._lock:
            self._tokens = {kept: end for kept, end in self._tokens.items() if end > now}
            while len(self._tokens) >= MAX_TOKENS:
                del self._tokens[next(iter(self._tokens))]
            self._tokens[_digest(token)] = now + TOKEN_LIFE_S
        return token

    def redeem(self, token: str, now: float) -> bool:
        """Return whether the token is good; it is void afterwards."""
        with self._lock:
            return self._tokens.pop(_digest(token), 0.0) > now

    def begin(self, now: float) -> str:
        """Return a new session, a text for a cookie."""
        text = f"{int(now + SESSION_LIFE_S)}.{secrets.token_urlsafe(12)}"
        return f"{text}.{self._seal(text)}"

    def is_valid(self, session: str, now: float) -> bool:
        """Return whether `begin` made this session, and it has not ended."""
        text, _, seal = session.rpartition(".")
        if not hmac.compare_digest(seal.encode(), self._seal(text).encode()):
            return False
        return int(text.partition(".")[0]) > now

    def end_all(self) -> None:
        """Make every session and every token void."""
        self._file.unlink(missing_ok=True)
        with self._lock:
            self._tokens.clear()
            self._key = self._read_key()

    def _seal(self, text: str) -> str:
        return hmac.new(self._key, text.encode(), hashlib.sha256).hexdigest()

    def _read_key(self) -> bytes:
        try:
            secret = self._secret()
        except OSError as error:
            raise StoreError(f"cannot be used: {error.strerror or error}", path=self._file) from error
        return hmac.new(secret, self._password.encode(), hashlib.sha256).digest()

    def _secret(self) -> bytes:
        """Return the secret of the file, which is made where it is missing or cut short."""
        if self._file.exists():
            secret = self._file.read_bytes()
            if len(secret) == SECRET_BYTES:
                return secret
            self._file.unlink()
        self._file.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(self._file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            secret = secrets.token_bytes(SECRET_BYTES)
            file.write(secret)
        return secret


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
