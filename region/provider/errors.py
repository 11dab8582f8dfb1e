"""What the provider rejects, and how AWS's errors read in the engine's output."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, cast

from botocore.exceptions import BotoCoreError, ClientError, ParamValidationError
from botocore.parsers import ResponseParserError

_NOT_IMPLEMENTED = "has not been implemented"


class ProviderError(Exception):
    """A failed operation; its text is one sentence with the value and the remedy."""


class Cancelled(ProviderError):  # noqa: N818 (a state, not a fault)
    """The engine asked to stop while the provider was waiting."""


@dataclass(frozen=True, slots=True)
class CheckFailure:
    """An input that cannot work: the property's path and a sentence with value and remedy."""

    path: str
    reason: str


def error_code(error: Exception) -> str:
    """Return the service's error code (`InvalidVpcID.NotFound`), empty for other exceptions."""
    if not isinstance(error, ClientError):
        return ""
    response = cast("dict[str, Any]", error.response)
    return str(response.get("Error", {}).get("Code", ""))


def error_status(error: Exception) -> int:
    """Return the HTTP status of a service's error, 0 for other exceptions."""
    if not isinstance(error, ClientError):
        return 0
    response = cast("dict[str, Any]", error.response)
    return int(response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))


def is_missing(error: Exception) -> bool:
    """Whether the service says that the resource does not exist."""
    code = error_code(error)
    return (
        "NotFound" in code
        or "NonExistent" in code
        or code in {"NoSuchEntity", "NoSuchBucket", "NoSuchKey", "404"}
        or code.startswith("NoSuch")
        or code.endswith("DoesNotExistException")
    )


def describe(error: Exception) -> str:
    """Return one sentence for the engine's output; of boto3's own errors only parameter names."""
    match error:
        case ClientError():
            return _describe_answer(error)
        case ParamValidationError():
            wrong = ", ".join(re.findall(r"parameter:? ([\w.\[\]]+)", str(error)))
            return f"the request does not fit AWS's model ({wrong}); check the properties of those names"
        case BotoCoreError() | ResponseParserError():
            line = str(error).split("\n", 1)[0].rstrip(":. ")
            return f"the local region did not answer ({line}); see `python -m rehearsal status`"
        case ProviderError():
            return str(error)
        case _:
            return f"{type(error).__name__}: {error}"


def _describe_answer(error: ClientError) -> str:
    response = cast("dict[str, Any]", error.response)
    message = " ".join(str(response.get("Error", {}).get("Message", "")).split()).rstrip(".")
    if error_status(error) == 501 or _NOT_IMPLEMENTED in message:
        return (
            f"the local region does not implement {error.operation_name}; "
            "leave this change out of the rehearsal or replace the resource"
        )
    if message.startswith("<"):  # the web server's page about an exception
        return f"{error.operation_name} failed inside the local region; see the region's log"
    return f"{error.operation_name}: {error_code(error)}: {message}"
