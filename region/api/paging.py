"""Answers in pages, for the operations that moto answers whole whatever size of a page is asked for.

botocore's paginators say which parameters ask for a page and which members of an answer are cut. An
operation that has the member of the next token in its own answer cuts its pages itself.
"""

from __future__ import annotations

import base64
import binascii
import functools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, cast

from botocore.exceptions import DataNotFoundError
from moto.core.exceptions import ServiceException
from moto.core.responses import ActionContext, ActionResult, PaginatedResult
from moto.core.utils import get_pagination_model

from region.api.parameters import Parameters
from region.api.patching import Original, Patches, original

patches = Patches()

_PREFIX: Final = "haproof-page:"
"""What the tokens of these pages begin with, before they are encoded."""
_MOST_WITHOUT_LIMIT: Final = 100
"""Items of a page of RDS's where a call names no limit (API reference, MaxRecords)."""
_INVALID: Final[Mapping[str, str]] = {
    "acm": "ValidationException",
    "elbv2": "ValidationError",
    "iam": "ValidationError",
    "rds": "InvalidParameterValue",
}
"""The error codes of the services for a token that they did not give; of all others InvalidNextToken."""


@dataclass(frozen=True, slots=True)
class Pages:
    """Names of an operation's parameters and of the members of its answer.

    Attributes:
        limit: The parameter that says how many items a page has at most.
        token: The parameter that says which page it is.
        following: The member with the token of the next page.
        items: The member with the items.
    """

    limit: str
    token: str
    following: str
    items: str


def of(service: str, operation: str) -> Pages | None:
    """Return how an operation's answer is cut, None if it is not, or not at its top level."""
    found = _paginators(service).get(operation)
    if found is None or "limit_key" not in found:
        return None
    items = found["result_key"]
    first = items[0] if isinstance(items, list) else items
    names = (found["limit_key"], found["input_token"], found["output_token"], first)
    if not all(isinstance(name, str) and name.isidentifier() for name in names):
        return None
    return Pages(*cast("tuple[str, str, str, str]", names))


class InvalidPageError(ServiceException):
    """A token that is none of a page; moto takes the service from where an error's class is."""


@functools.cache
def _paginators(service: str) -> Mapping[str, Any]:
    try:
        return cast("Mapping[str, Any]", get_pagination_model(service))
    except DataNotFoundError:
        return {}


@patches.around(ActionResult, "execute_result")
def _execute_result(moto: Original, self: ActionResult, context: ActionContext) -> object:
    """Answer with the page that the call asks for."""
    return moto(_paged(self, context, None), context)


@patches.method(PaginatedResult, "execute_result")
def _execute_paginated(self: PaginatedResult, context: ActionContext) -> object:
    """Answer in the same way; moto's own error for a token of nobody's is in no format of a client."""
    whole = _paged(self, context, _MOST_WITHOUT_LIMIT)
    return original(ActionResult, "execute_result")(whole, context)


def _paged(whole: ActionResult, context: ActionContext, limit: int | None) -> ActionResult:
    service = str(context.service_model.service_name)
    pages = of(service, str(context.operation_model.name))
    if pages is None:
        return whole
    try:
        _cut(whole.result, pages, Parameters(context.response), service, limit)
    except InvalidPageError as error:
        return ActionResult(error)
    return whole


def _cut(
    result: object, pages: Pages, given: Parameters, service: str, default: int | None
) -> None:
    """Leave of the items of an answer those of the page that is asked for.

    `default` is the size of a page where the call names none; None for the whole answer.

    Raises:
        InvalidPageError: The token is none of a page.
    """
    if not isinstance(result, dict) or pages.following in result or pages.items not in result:
        return
    limit, token = given.integer(pages.limit) or default, given.text(pages.token)
    if limit is None and not token:
        return
    answer = cast("dict[str, Any]", result)
    items = list(answer[pages.items])
    begin = _begin(token, len(items)) if token else 0
    if begin is None:
        code = _INVALID.get(service, "InvalidNextToken")
        raise InvalidPageError(code, f"The value of {pages.token} is not valid: {token}")
    end = len(items) if limit is None else begin + limit
    answer[pages.items] = items[begin:end]
    if end < len(items):
        answer[pages.following] = base64.b64encode(f"{_PREFIX}{end}".encode()).decode()


def _begin(token: str, length: int) -> int | None:
    """Return the number of the first item of a page, None if there is no such page."""
    try:
        text = base64.b64decode(token, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return None
    number = text.removeprefix(_PREFIX)
    valid = text.startswith(_PREFIX) and number.isdecimal() and int(number) <= length
    return int(number) if valid else None
