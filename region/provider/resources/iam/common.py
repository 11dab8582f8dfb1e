"""What the handlers of IAM's resources share."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any
from urllib.parse import unquote

from region.provider.compare import parse_document
from region.provider.errors import CheckFailure

IN_USE = "DeleteConflict"
"""The error code with which IAM refuses to delete what something else still uses."""


def check_document(path: str, value: Any) -> Iterable[CheckFailure]:
    """Reject a known value that is not a JSON policy document."""
    if isinstance(value, str) and not isinstance(parse_document(value), dict):
        yield CheckFailure(
            path, f"{path!r} is not a JSON policy document; pass json.dumps(...) of one"
        )


def document_text(document: Any) -> str:
    """Return a policy document as text; IAM returns it URL-encoded, or boto3 has parsed it."""
    return json.dumps(document) if isinstance(document, dict) else unquote(str(document))
