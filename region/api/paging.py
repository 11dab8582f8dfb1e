"""Answers in pages, for the operations that moto answers whole whatever size of a page is asked for.

botocore's paginators say which parameters ask for a page and which members of an answer are cut. For an
operation without a paginator the names of its parameters say it. An operation that has the member of the
next token in its own answer cuts its pages itself.
"""

from __future__ import annotations

import base64
import binascii
import functools
import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final, cast

from botocore.exceptions import DataNotFoundError, UnknownServiceError
from botocore.model import OperationNotFoundError
from moto.core.exceptions import ServiceException
from moto.core.responses import ActionContext, ActionResult, BaseResponse, PaginatedResult
from moto.core.utils import get_pagination_model, get_service_model

from region.api import foreign_tokens
from region.api.calls import members_of
from region.api.parameters import Parameters
from region.api.patching import Original, Patches, original

log = logging.getLogger(__name__)
patches = Patches()

_PREFIX: Final = "haproof-page:"
"""What the tokens of these pages begin with, before they are encoded."""
_OF_SERVICES: Final[Mapping[str, int]] = {"iam": 100, "rds": 100}
"""Items of a page where a call names no limit (API references, MaxItems and MaxRecords)."""
_OF_OPERATIONS: Final[Mapping[tuple[str, str], int]] = {
    ("cloudwatch", "ListDashboards"): 1000,
    ("kms", "ListAliases"): 50,
    ("kms", "ListGrants"): 50,
    ("kms", "ListKeys"): 100,
    ("kms", "ListResourceTags"): 50,
    ("kms", "ListRetirableGrants"): 50,
    ("logs", "DescribeLogGroups"): 50,
    ("logs", "DescribeLogStreams"): 50,
    ("ssm", "DescribeParameters"): 50,
    ("ssm", "GetParametersByPath"): 10,
}
"""The same, where the API reference of one operation says it. Of all others no size is documented."""
_INVALID: Final[Mapping[str, str]] = {
    "acm": "ValidationException",
    "arc-zonal-shift": "ValidationException",
    "budgets": "InvalidNextTokenException",
    "elbv2": "ValidationError",
    "events": "ValidationException",
    "fis": "ValidationException",
    "iam": "ValidationError",
    "kms": "InvalidMarkerException",
    "logs": "InvalidParameterException",
    "rds": "InvalidParameterValue",
    "route53": "InvalidInput",
    "secretsmanager": "InvalidNextTokenException",
    "sns": "InvalidParameter",
}
"""The error codes of the services for a token that they did not give; of all others InvalidNextToken."""
_LIMITS: Final = (
    "MaxResults",
    "maxResults",
    "MaxRecords",
    "MaxItems",
    "Limit",
    "limit",
    "PageSize",
)
_TOKENS: Final[Mapping[str, str]] = {
    "NextToken": "NextToken",
    "nextToken": "nextToken",
    "Marker": "NextMarker",
}
"""The parameters with a token, and the members of answers that they are taken from."""
_WHOLE: Final = frozenset(
    {
        ("logs", "DescribeMetricFilters"),
        ("rds", "DescribeDBProxies"),
        ("secretsmanager", "ListSecretVersionIds"),
        *(("budgets", name) for name in ("DescribeBudgets", "DescribeNotificationsForBudget")),
        *(
            ("kms", name)
            for name in (
                "ListAliases",
                "ListGrants",
                "ListKeyPolicies",
                "ListKeyRotations",
                "ListKeys",
                "ListResourceTags",
                "ListRetirableGrants",
            )
        ),
    }
)
"""Operations that moto answers whole, although it writes the member of the next token."""
_SERIALIZED: Final = "haproof_serialized"
"""Marks a response of moto's whose answer went through `ActionResult`: it has been cut."""


@dataclass(frozen=True, slots=True)
class Pages:
    """Names of an operation's parameters and of the members of its answer.

    Attributes:
        limit: The parameter that says how many items a page has at most, empty if none does.
        token: The parameter that says which page it is.
        following: The member with the token of the next page.
        items: The member with the items.
        others: Further members with items; they come with the first page.
        more: The member that says whether there is another page, empty if none does.
    """

    limit: str
    token: str
    following: str
    items: str
    others: tuple[str, ...] = ()
    more: str = ""


class InvalidPageError(ServiceException):
    """A token that is none of a page; moto takes the service from where an error's class is."""


@functools.cache
def of(service: str, operation: str) -> Pages | None:
    """Return how an operation's answer is cut, None if it is not, or not at its top level."""
    found = _paginators(service).get(operation)
    if found is None:
        return _by_its_names(service, operation)
    result = found["result_key"]
    items, *others = result if isinstance(result, list) else [result]
    names = (found["input_token"], found["output_token"], items)
    if not all(isinstance(name, str) and name.isidentifier() for name in names):
        return None
    token, following, first = cast("tuple[str, str, str]", names)
    limit = str(found.get("limit_key", ""))
    return Pages(limit, token, following, first, tuple(others), str(found.get("more_results", "")))


def _by_its_names(service: str, operation: str) -> Pages | None:
    """Return how an answer is cut of which botocore has no paginator."""
    try:
        model = get_service_model(service).operation_model(operation)
    except (UnknownServiceError, OperationNotFoundError):
        return None
    given, answered = members_of(model.input_shape), members_of(model.output_shape)
    limit = next((name for name in _LIMITS if name in given), None)
    token = next((name for name in _TOKENS if name in given), None)
    lists = [name for name, shape in answered.items() if shape.type_name == "list"]
    if limit is None or token is None or _TOKENS[token] not in answered or not lists:
        return None
    return Pages(limit, token, _TOKENS[token], lists[0], tuple(lists[1:]))


@functools.cache
def _paginators(service: str) -> Mapping[str, Any]:
    try:
        return cast("Mapping[str, Any]", get_pagination_model(service))
    except DataNotFoundError:
        return {}


def cut(
    answer: dict[str, Any], service: str, operation: str, given: Mapping[str, Any]
) -> dict[str, Any]:
    """Return of an answer the page that the parameters ask for; the whole if they ask for none.

    Raises:
        InvalidPageError: The token is none of a page.
    """
    pages = of(service, operation)
    if pages is not None:
        limit = given.get(pages.limit) if pages.limit else None
        _cut(
            answer,
            pages,
            None if limit is None else int(limit),
            str(given.get(pages.token) or ""),
            service,
        )
    return answer


@patches.around(BaseResponse, "call_action")
def _call_action(moto: Original, self: BaseResponse) -> object:
    """Answer with the page that the call asks for, where moto writes the JSON itself."""
    service, operation = str(self.boto3_service_name), str(self._get_action())  # pyright: ignore[reportPrivateUsage]
    try:
        status, headers, body = moto(self)
    except foreign_tokens.UNREADABLE as error:
        given = Parameters(self)
        name = next((one for one in _TOKENS if given.text(one)), "")
        if not name or not foreign_tokens.is_cause(given.text(name), error):
            raise
        log.info("%s of %s: %s %r: %r", operation, service, name, given.text(name), error)
        return self.serialized(ActionResult(_invalid(service, name, given.text(name))))
    if getattr(self, _SERIALIZED, False) or int(status) != HTTPStatus.OK or not _is_object(body):
        return status, headers, body
    pages = of(service, operation)
    if pages is None:
        return status, headers, body
    given = Parameters(self)
    limit = _limit(given, pages, service, operation)
    if limit is None and not given.text(pages.token):
        return status, headers, body
    answer = cast("dict[str, Any]", json.loads(body))
    if (service, operation) in _WHOLE:
        answer.pop(pages.following, None)
    try:
        _cut(answer, pages, limit, given.text(pages.token), service)
    except InvalidPageError as error:
        return self.serialized(ActionResult(error))
    return status, headers, json.dumps(answer)


def _is_object(body: object) -> bool:
    return isinstance(body, str) and body.startswith("{")


@patches.around(ActionResult, "execute_result")
def _execute_result(moto: Original, self: ActionResult, context: ActionContext) -> object:
    """Answer with the page that the call asks for."""
    return moto(_paged(self, context), context)


@patches.method(PaginatedResult, "execute_result")
def _execute_paginated(self: PaginatedResult, context: ActionContext) -> object:
    """Answer in the same way; moto's own error for a token of nobody's is in no format of a client."""
    return original(ActionResult, "execute_result")(_paged(self, context), context)


def _limit(given: Parameters, pages: Pages, service: str, operation: str) -> int | None:
    """Return how many items a page has: as many as the call names, or AWS's default; None: all."""
    default = _OF_OPERATIONS.get((service, operation), _OF_SERVICES.get(service))
    return (given.integer(pages.limit) if pages.limit else None) or default


def _paged(whole: ActionResult, context: ActionContext) -> ActionResult:
    """Return the page that is asked for."""
    setattr(context.response, _SERIALIZED, True)
    service = str(context.service_model.service_name)
    operation = str(context.operation_model.name)
    pages = of(service, operation)
    if pages is None or not isinstance(whole.result, dict):
        return whole
    if (service, operation) in _WHOLE:
        cast("dict[str, Any]", whole.result).pop(pages.following, None)
    given = Parameters(context.response)
    limit, token = _limit(given, pages, service, operation), given.text(pages.token)
    try:
        _cut(cast("dict[str, Any]", whole.result), pages, limit, token, service)
    except InvalidPageError as error:
        return ActionResult(error)
    return whole


def _cut(answer: dict[str, Any], pages: Pages, limit: int | None, token: str, service: str) -> None:
    """Leave of the items of an answer those of a page of `limit` items; all with None.

    Raises:
        InvalidPageError: The token is none of a page.
    """
    if pages.following in answer or pages.items not in answer or (limit is None and not token):
        return
    items = list(answer[pages.items])
    begin = _begin(token, len(items)) if token else 0
    if begin is None:
        raise _invalid(service, pages.token, token)
    end = len(items) if limit is None else begin + limit
    answer[pages.items] = items[begin:end]
    if token:
        answer.update({name: [] for name in pages.others if name in answer})
    if end < len(items):
        answer[pages.following] = base64.b64encode(f"{_PREFIX}{end}".encode()).decode()
    if pages.more:
        answer[pages.more] = end < len(items)


def _invalid(service: str, name: str, token: str) -> InvalidPageError:
    code = _INVALID.get(service, "InvalidNextToken")
    return InvalidPageError(code, f"The value of {name} is not valid: {token}")


def _begin(token: str, length: int) -> int | None:
    """Return the number of the first item of a page, None if there is no such page."""
    try:
        text = base64.b64decode(token, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return None
    number = text.removeprefix(_PREFIX)
    valid = text.startswith(_PREFIX) and number.isdecimal() and int(number) <= length
    return int(number) if valid else None
