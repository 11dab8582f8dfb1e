"""Password hashes: PBKDF2-HMAC-SHA512, written as `pbkdf2_sha512$<iterations>$<salt>$<hash>`.

SHA-512 and not SHA-256, which processors with an instruction for it hash twice as fast as others: a
login then costs the same share of an instance on all of them. Hashes with SHA-256 still verify.

The cost is a setting. Its default suits the two requests per visitor of the load test on a
t4g.nano's baseline (docs/sample-service.md); for real passwords OWASP recommends 210,000 iterations.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets

ALGORITHM = "pbkdf2_sha512"
DIGESTS = {ALGORITHM: "sha512", "pbkdf2_sha256": "sha256"}
"""hashlib's names; new hashes have ALGORITHM."""

INLINE_ITERATIONS = 3_000
"""Up to 1.5 ms of CPU, which the event loop can spare; hashes of more belong in a thread."""

NUL = "\0"
"""HMAC pads a short key with NULs, so that `a` and `a` with a NUL would be the same password."""


def _digest(password: str, salt: str, iterations: int, algorithm: str = ALGORITHM) -> str:
    digest = DIGESTS[algorithm]
    raw = hashlib.pbkdf2_hmac(digest, password.encode(), salt.encode(), iterations)
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
    if algorithm not in DIGESTS or count < 1 or NUL in password:
        return False
    return hmac.compare_digest(_digest(password, salt, count, algorithm), expected)
