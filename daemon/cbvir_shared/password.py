"""The password of the page: a line with a salted scrypt hash.  The client makes it, the service checks it."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
import unicodedata
from dataclasses import dataclass

SCRYPT_N, SCRYPT_R, SCRYPT_P = 1 << 15, 8, 1
"""Costs of scrypt: 32 MB and about a tenth of a second, OWASP's second choice of 2023 with less memory."""

SALT_BYTES = 16
PASSWORD_MAX_CHARACTERS = 1024
PASSWORD_MIN_CHARACTERS = 8


@dataclass(frozen=True, slots=True)
class PasswordHash:
    """A salted hash.  ``str()`` of it is the line of the password file."""

    salt: bytes
    digest: bytes

    @classmethod
    def of(cls, password: str) -> PasswordHash:
        """Return a new hash of a password.  Raises ValueError for one that is too short or too long."""
        if not PASSWORD_MIN_CHARACTERS <= len(password) <= PASSWORD_MAX_CHARACTERS:
            raise ValueError(
                f"a password has {PASSWORD_MIN_CHARACTERS} to {PASSWORD_MAX_CHARACTERS} characters"
            )
        salt = os.urandom(SALT_BYTES)
        return cls(salt, _scrypt(password, salt))

    @classmethod
    def parse(cls, line: str) -> PasswordHash:
        """Return the hash that a password file holds.  Raises ValueError where it holds something else."""
        try:
            kind, costs, salt, digest = line.split()
            if (kind, costs) == ("scrypt", f"{SCRYPT_N}:{SCRYPT_R}:{SCRYPT_P}"):
                return cls(base64.b64decode(salt, validate=True), base64.b64decode(digest, validate=True))
        except (ValueError, binascii.Error):
            pass
        raise ValueError("holds no password hash")

    def __str__(self) -> str:
        salt, digest = (base64.b64encode(part).decode() for part in (self.salt, self.digest))
        return f"scrypt {SCRYPT_N}:{SCRYPT_R}:{SCRYPT_P} {salt} {digest}"

    def fits(self, password: str) -> bool:
        """Return whether the password is the one that was hashed.  Takes about a tenth of a second."""
        if len(password) > PASSWORD_MAX_CHARACTERS:
            return False
        return hmac.compare_digest(_scrypt(password, self.salt), self.digest)


def _scrypt(password: str, salt: bytes) -> bytes:
    # Keyboards write the same letter as one character or as two.
    text = unicodedata.normalize("NFC", password).encode()
    return hashlib.scrypt(text, salt=salt, n=SCRYPT_N, r=SCRYPT_R, p=SCRYPT_P, maxmem=64 << 20, dklen=32)
