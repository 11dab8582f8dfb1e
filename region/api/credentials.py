"""Whose calls the API accepts: the region's user's, and those of the instances he runs."""

from __future__ import annotations

import hashlib
import hmac
import threading

from region.credentials import Credential, from_bytes


class Credentials:
    """The key pairs that the API knows. Thread-safe."""

    def __init__(self, user: Credential) -> None:
        """Know the user's key pair, from which those of other holders are derived."""
        self.user = user
        self._lock = threading.Lock()
        self._issued: dict[str, Credential] = {}

    def issue(self, holder: str) -> Credential:
        """Return the key pair of `holder` (an instance id) and accept calls signed with it.

        It is derived from the user's secret, so that an instance that outlives the region's process
        goes on with the one it has. It tells nothing about the secret or another holder's.
        """
        credential = from_bytes(
            self._derive(holder, "id")[:8],
            self._derive(holder, "secret")[:30],
            self._derive(holder, "token"),
        )
        with self._lock:
            # A new dictionary: `known` reads without the lock.
            self._issued = {**self._issued, holder: credential}
        return credential

    def revoke(self, holder: str) -> None:
        """Refuse calls signed with the key pair of `holder` from now on."""
        with self._lock:
            self._issued = {name: one for name, one in self._issued.items() if name != holder}

    def known(self, access_key_id: str) -> Credential | None:
        """Return the key pair with this id, None if there is none; takes the same time for any id."""
        given = access_key_id.encode()
        found: Credential | None = None
        for credential in (self.user, *self._issued.values()):
            if hmac.compare_digest(credential.access_key_id.encode(), given):
                found = credential
        return found

    def holder_of(self, credential: Credential) -> str:
        """Return the principal that a key pair was issued to; empty for the user's own."""
        issued = self._issued.items()
        return next((name for name, one in issued if one is credential), "")

    def _derive(self, holder: str, purpose: str) -> bytes:
        key = self.user.secret_access_key.encode()
        return hmac.digest(key, f"{purpose}\0{holder}".encode(), hashlib.sha256)
