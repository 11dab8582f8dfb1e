"""Answers in pages, for the operations that moto answers whole whatever size of a page is asked for.

botocore's paginators say which parameters ask for a page and which members of an answer are cut. For an
operation without a paginator the names of its parameters say it. An operation that has the member of the
next token in its own answer cuts its pages itself.
"""

from __future__ import annotations

import functools
import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Any, Final, cast

from botocore.exceptions import DataNotFoundError, UnknownServiceError
from botocore.model import OperationNotFoundError
from moto.core.exceptions import ServiceException
from moto.core.responses import ActionContext, ActionResult, BaseResponse, PaginatedResult
from moto.core.utils import get_pagination_model, get_service_model

from region.api import foreign_tokens, page_tokens
from region.api.calls import members_of
from region.api.parameters import Parameters
from region.api.patching import Original, Patches, original

log = logging.getLogger(__name__)
patches = Patches()

_OF_SERVICES: Final[Mapping[str, int]] = {
    "autoscaling": 50,
    "codedeploy": 100,
    "iam": 100,
    "rds": 100,
}
"""Items of a page where a call names no limit (API references, MaxItems and MaxRecords).

CodeDeploy's is not documented: what its lists have been seen to hold.
"""
_OF_OPERATIONS: Final[Mapping[tuple[str, str], int]] = {
    ("autoscaling", "DescribeLoadBalancerTargetGroups"): 100,
    ("autoscaling", "DescribeLoadBalancers"): 100,
    ("autoscaling", "DescribeScalingActivities"): 100,
    ("cloudwatch", "DescribeAlarmHistory"): 100,
    ("cloudwatch", "ListAlarmMuteRules"): 50,
    ("cloudwatch", "ListDashboards"): 1000,
    ("cloudwatch", "ListMetrics"): 500,
    ("kms", "ListAliases"): 50,
    ("kms", "ListGrants"): 50,
    ("kms", "ListKeys"): 100,
    ("kms", "ListResourceTags"): 50,
    ("kms", "ListRetirableGrants"): 50,
    ("logs", "DescribeLogGroups"): 50,
    ("logs", "DescribeLogStreams"): 50,
    ("ssm", "DescribeInstanceInformation"): 10,
    ("ssm", "DescribeParameters"): 10,
    ("ssm", "GetParametersByPath"): 10,
    ("ssm", "ListCommandInvocations"): 50,
    ("ssm", "ListCommands"): 50,
}
"""The same, where the API reference of one operation says it. Of all others no size is documented."""
_INVALID: Final[Mapping[str, str]] = {
    "acm": "ValidationException",
    "arc-zonal-shift": "ValidationException",
    "budgets": "InvalidNextTokenException",
    "codedeploy": "InvalidNextTokenException",
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
_INVALID_OF: Final[Mapping[tuple[str, str], str]] = {
    ("cloudwatch", "ListMetrics"): "InvalidParameterValue",
    ("s3", "ListBuckets"): "InvalidArgument",
}
"""The same, where one operation has a code of its own."""
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
_TOGETHER: Final = frozenset({("cloudwatch", "DescribeAlarms")})
"""Operations whose size of a page counts the items of all lists of an answer, one list after the other."""
_WHOLE: Final = frozenset(
    {
        *(
            ("iam", name)
            for name in (
                "ListAttachedGroupPolicies",
                "ListAttachedRolePolicies",
                "ListAttachedUserPolicies",
                "ListPolicies",
                "ListPolicyTags",
                "ListRoleTags",
                "ListRoles",
            )
        ),
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
        size = None if limit is None else int(limit)
        _cut(answer, pages, size, str(given.get(pages.token) or ""), (service, operation))
    return answer


@patches.around(BaseResponse, "call_action")
def _call_action(moto: Original, self: BaseResponse) -> object:
    """Answer with the page that the call asks for, where moto writes the JSON itself."""
    service, operation = str(self.boto3_service_name), str(self._get_action())  # pyright: ignore[reportPrivateUsage]
    foreign_tokens.begin()
    try:
        status, headers, body = moto(self)
    except foreign_tokens.UNREADABLE as error:
        given = Parameters(self)
        name = next((one for one in _TOKENS if given.text(one)), "")
        if not name or not foreign_tokens.is_cause(given.text(name), error):
            raise
        log.info("%s of %s: %s %r: %r", operation, service, name, given.text(name), error)
        refusal = _invalid((service, operation), name, given.text(name))
        return self.serialized(ActionResult(refusal))
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
        _cut(answer, pages, limit, given.text(pages.token), (service, operation))
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
    """Answer in the same way; moto's own error for an unknown token is in no format that a client reads."""
    return original(ActionResult, "execute_result")(_paged(self, context), context)


def _limit(given: Parameters, pages: Pages, service: str, operation: str) -> int | None:
    """Return how many items a page has: as many as the call names, or AWS's default; None: all."""
    default = _OF_OPERATIONS.get((service, operation), _OF_SERVICES.get(service))
    return (given.integer(pages.limit) if pages.limit else None) or default


def _in_request(pages: Pages, context: ActionContext) -> Pages:
    """Return the names as the request has them: moto reads those of S3 as they are in its query."""
    if context.service_model.service_name != "s3":
        return pages
    members = members_of(context.operation_model.input_shape)
    names = {name: str(shape.serialization.get("name", name)) for name, shape in members.items()}
    return replace(pages, limit=names.get(pages.limit, ""), token=names.get(pages.token, ""))


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
    pages_given = _in_request(pages, context)
    given = Parameters(context.response)
    limit, token = _limit(given, pages_given, service, operation), given.text(pages_given.token)
    try:
        answer = cast("dict[str, Any]", whole.result)
        _cut(answer, pages, limit, token, (service, operation))
    except InvalidPageError as error:
        return ActionResult(error)
    return whole


def _cut(
    answer: dict[str, Any],
    pages: Pages,
    limit: int | None,
    token: str,
    operation: tuple[str, str],
) -> None:
    """Leave of the items of an answer those of a page of `limit` items; all with None.

    Raises:
        InvalidPageError: The token is none of a page.
    """
    if pages.following in answer or pages.items not in answer or (limit is None and not token):
        return
    names = [pages.items, *(name for name in pages.others if name in answer)]
    counted = names if operation in _TOGETHER else names[:1]
    every = [(name, item) for name in counted for item in answer[name]]
    try:
        shown, following = page_tokens.page_of(every, token, limit)
    except page_tokens.UnknownTokenError as error:
        if foreign_tokens.moto_has_cut():
            return  # This is moto's last page: it leaves the next token out.
        raise _invalid(operation, pages.token, token) from error
    for name in names if token else counted:
        answer[name] = [item for place, item in shown if place == name]
    if following is not None:
        answer[pages.following] = following
    if pages.more:
        answer[pages.more] = following is not None


def _invalid(operation: tuple[str, str], name: str, token: str) -> InvalidPageError:
    service, _ = operation
    code = _INVALID_OF.get(operation) or _INVALID.get(service, "InvalidNextToken")
    return InvalidPageError(code, f"The value of {name} is not valid: {token}")
