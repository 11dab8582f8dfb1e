"""Sessions as signed tokens: the visitor's name and the time, with a key that all instances share.

The key is stored in the database and nowhere else. A token cannot be revoked before it expires: a
logout only removes it from the visitor's browser, as is usual with signed sessions.
"""

from __future__ import annotations

from typing import Protocol

from itsdangerous import BadSignature, TimestampSigner

COOKIE = "session"
MAX_AGE_S = 3_600


class KeySource(Protocol):
    """The source of the signing key."""

    async def session_key(self) -> str:
        """Return the key; it is the same on every instance."""
        ...


class Sessions:
    """Signs and verifies tokens, with a key that the first call reads."""

    def __init__(self, source: KeySource) -> None:
        self._source = source
        self._signer: TimestampSigner | None = None

    async def token(self, username: str) -> str:
        """Create a token for a visitor."""
        return (await self._known()).sign(username).decode("ascii")

    async def user(self, token: str) -> str | None:
        """Return the token's visitor; None if it is forged or expired."""
        if not token:
            return None
        try:
            return (await self._known()).unsign(token, max_age=MAX_AGE_S).decode()
        except BadSignature:
            return None

    async def _known(self) -> TimestampSigner:
        if self._signer is None:
            self._signer = TimestampSigner(await self._source.session_key())
        return self._signer
