"""Sessions as signed tokens: the visitor's name and the time, under a key that all instances share.

The key lies in the database and appears nowhere else. A token cannot be called back before it ends:
a logout takes it away from its visitor, as signed sessions do elsewhere too.
"""

from __future__ import annotations

from typing import Protocol

from itsdangerous import BadSignature, TimestampSigner

COOKIE = "session"
MAX_AGE_S = 3_600


class KeySource(Protocol):
    """Where the key comes from."""

    def session_key(self) -> str:
        """The key; the same on every instance."""
        ...


class Sessions:
    """Signs tokens and reads them. Its methods block while the key is not known yet."""

    def __init__(self, source: KeySource) -> None:
        self._source = source
        self._signer: TimestampSigner | None = None

    def token(self, username: str) -> str:
        """A new token for a visitor."""
        return self._known().sign(username).decode("ascii")

    def user(self, token: str) -> str | None:
        """Whose token this is; None if it is forged or too old."""
        if not token:
            return None
        try:
            return self._known().unsign(token, max_age=MAX_AGE_S).decode()
        except BadSignature:
            return None

    def _known(self) -> TimestampSigner:
        if self._signer is None:
            self._signer = TimestampSigner(self._source.session_key())
        return self._signer
