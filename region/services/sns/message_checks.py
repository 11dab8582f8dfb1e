"""What SNS takes for a message (API reference, Publish)."""

from __future__ import annotations

import json
import re
from typing import Any, Final, cast

from moto.sns.exceptions import SNSInvalidParameter

_LONGEST_SUBJECT: Final = 100
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")


def check(message: str, subject: str | None, structure: str) -> None:
    """Refuse a message or a subject that SNS does not take.

    Raises:
        SNSInvalidParameter: It is one.
    """
    if not message:
        raise SNSInvalidParameter("Invalid parameter: Empty message")
    if subject is not None and (
        not 0 < len(subject) <= _LONGEST_SUBJECT or _CONTROL.search(subject)
    ):
        raise SNSInvalidParameter("Invalid parameter: Subject")
    if structure != "json":
        return
    try:
        parts = json.loads(message)
    except ValueError as error:
        raise SNSInvalidParameter(
            "Invalid parameter: Message Structure - JSON message body failed to parse"
        ) from error
    if not isinstance(parts, dict) or not isinstance(
        cast("dict[str, Any]", parts).get("default"), str
    ):
        raise SNSInvalidParameter(
            "Invalid parameter: Message Structure - No default entry in JSON message body"
        )
