"""Password hashes: PBKDF2-HMAC-SHA256, written as `pbkdf2_sha256$<iterations>$<salt>$<hash>`.

The cost is a setting. Its default suits the two requests per visitor of the load test on a
t4g.nano's baseline (5 % of each vCPU); for real passwords OWASP recommends 600,000 iterations.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets

ALGORITHM = "pbkdf2_sha256"
NUL = "\0"
"""HMAC pads a short key with NULs, so that `a` and `a` with a NUL would be the same password."""


def _digest(password: str, salt: str, iterations: int) -> str:
    raw = hashlib.pbkdf2_hmac("sha256", password.encode(), salt.encode(), iterations)
    return base64.b64encode(raw).decode("ascii")


def hash_password(password: str, *, iterations: int, salt: str | None = None) -> str:
    """Return the text to store for `password`, with a random salt unless one is given.

    Raises:
        ValueError: The password contains a NUL character.
    """
    if NUL in password:
        raise ValueError("a password must not contain a NUL character")
    chosen = salt or secrets.token_hex(8)
    return f"{ALGORITHM}${iterations}${chosen}${_digest(password, chosen, iterations)}"


def verify(password: str, stored: str) -> bool:
    """Check whether `password` matches `stored`; False for a text in another format."""
    try:
        algorithm, iterations, salt, expected = stored.split("$")
        count = int(iterations)
    except ValueError:
        return False
    if algorithm != ALGORITHM or count < 1 or NUL in password:
        return False
    return hmac.compare_digest(_digest(password, salt, count), expected)
