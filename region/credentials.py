"""The keys that a call of the region's API is signed with, and where the user's own are kept.

The region's user has one key pair per region root. It is random, is made at the region's first start,
and lies in a directory that no other user may enter. It never is an argument of a process, and no log
or report contains it.
"""

from __future__ import annotations

import base64
import json
import secrets
from dataclasses import asdict, dataclass, field
from pathlib import Path

from commandline import files
from commandline.errors import UserError
from region import private

PREFIX = "HAPROOF"
"""How every access key id of a local region begins: AWS's own begin with AKIA or ASIA."""

_RANDOM_BYTES = 8
_RANDOM_CHARACTERS = 13
"""Base32 characters of 8 bytes; with the prefix 20, the length of AWS's own ids."""


class CredentialError(UserError):
    """The region's credentials cannot be read; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Credential:
    """A key pair; `session_token` is empty for the user's own, which does not expire."""

    access_key_id: str
    secret_access_key: str = field(repr=False)
    session_token: str = field(default="", repr=False)


def new() -> Credential:
    """Return a random key pair."""
    return from_bytes(secrets.token_bytes(_RANDOM_BYTES), secrets.token_bytes(30))


def from_bytes(name: bytes, secret: bytes, token: bytes = b"") -> Credential:
    """Return the key pair that these bytes spell: `name` becomes the id, in AWS's alphabet."""
    readable = base64.b32encode(name).decode().rstrip("=")[:_RANDOM_CHARACTERS]
    return Credential(
        PREFIX + readable,
        base64.urlsafe_b64encode(secret).decode().rstrip("="),
        base64.urlsafe_b64encode(token).decode().rstrip("="),
    )


def file(root: Path) -> Path:
    """Return where the user's key pair for the region in `root` is kept."""
    return root / "secrets" / "user.json"


def ensure(root: Path) -> Credential:
    """Return the user's key pair for the region in `root`, made if there is none.

    Raises:
        CredentialError: There is one that cannot be read.
    """
    path = file(root)
    private.directory(path.parent)
    if not path.exists():
        private.write(path, json.dumps(asdict(new())))
    return read(root)


def read(root: Path) -> Credential:
    """Return the user's key pair for the region in `root`.

    Raises:
        CredentialError: There is none, or it cannot be read.
    """
    path = file(root)
    try:
        return Credential(**files.parse_json(files.read_text(path)))
    except PermissionError as error:
        raise CredentialError(
            f"{path} may only be read by the user who started the region: run this command as that "
            "user."
        ) from error
    except FileNotFoundError as error:
        raise CredentialError(
            f"there are no credentials in {path}; stop and start the region: "
            "python -m rehearsal stop; python -m rehearsal start"
        ) from error
    except (ValueError, TypeError) as error:
        raise CredentialError(
            f"the credentials in {path} are damaged; delete the file, then stop and start the region"
        ) from error
