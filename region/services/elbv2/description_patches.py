"""Answers about load balancers and their parts, and AWS's own error for what is not there."""

from __future__ import annotations

import re
from typing import Any, Final

from moto.core.responses import ActionResult
from moto.elbv2.exceptions import (
    ELBClientError,
    ListenerNotFoundError,
    LoadBalancerNotFoundError,
    RuleNotFoundError,
    TargetGroupNotFoundError,
    TooManyTagsError,
)
from moto.elbv2.models import ELBv2Backend, FakeTargetGroup
from moto.elbv2.responses import ELBV2Response

from region.api.parameters import Parameters
from region.api.patching import Original, Patches
from region.services.elbv2 import limits, repeats
from region.services.elbv2.errors import invalid

patches = Patches()

_ARN: Final = re.compile(r"arn:[a-z-]+:elasticloadbalancing:[a-z0-9-]+:\d{12}:([a-z-]+)/.+")
_ABSENT: Final[dict[str, type[ELBClientError]]] = {
    "loadbalancer": LoadBalancerNotFoundError,
    "targetgroup": TargetGroupNotFoundError,
    "listener": ListenerNotFoundError,
    "listener-rule": RuleNotFoundError,
}
_MOST_TAGS: Final = 50
"""ALB user guide, "Tag restrictions"."""


@patches.method(ELBV2Response)
def describe_load_balancers(self: ELBV2Response) -> ActionResult:
    """DescribeLoadBalancers, whole: `region.api.paging` cuts the pages; moto's have 50 at most."""
    given = Parameters(self)
    found = self.elbv2_backend.describe_load_balancers(
        given.texts("LoadBalancerArns"), given.texts("Names")
    )
    return ActionResult({"LoadBalancers": list(found)})


@patches.method(ELBV2Response)
def describe_rules(self: ELBV2Response) -> ActionResult:
    """DescribeRules, whole."""
    given = Parameters(self)
    found = self.elbv2_backend.describe_rules(given.get("ListenerArn"), given.get("RuleArns"))
    return ActionResult({"Rules": list(found)})


@patches.around(ELBv2Backend, "describe_tags")
def _describe_tags(
    moto: Original, self: ELBv2Backend, resource_arns: list[str]
) -> dict[str, dict[str, str]]:
    """Describe the tags of what is there."""
    for arn in resource_arns:
        _require(self, arn)
    return moto(self, resource_arns)


@patches.method(ELBv2Backend)
def add_tags(self: ELBv2Backend, resource_arns: list[str], tags: list[dict[str, str]]) -> None:
    """AddTags: to all of the resources or to none; moto's limit is an old one."""
    repeats.check_tags(tags)
    for arn in resource_arns:
        _require(self, arn)
        keys = {*self.tagging_service.get_tag_dict_for_resource(arn), *(tag["Key"] for tag in tags)}
        if len(keys) > _MOST_TAGS:
            raise TooManyTagsError
    for arn in resource_arns:
        self.tagging_service.tag_resource(arn, tags)


def _require(backend: ELBv2Backend, arn: str) -> None:
    found = _ARN.fullmatch(arn)
    if found is None or found.group(1) not in _ABSENT:
        raise invalid(f"'{arn}' is not a valid ARN")
    try:
        # The only one of moto's lookups that knows all kinds; a part's error is that of the whole.
        backend._get_resource_by_arn(arn)  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
    except ELBClientError as error:
        raise _ABSENT[found.group(1)] from error


@patches.around(ELBv2Backend, "delete_target_group")
def _delete_target_group(
    moto: Original, self: ELBv2Backend, target_group_arn: str
) -> FakeTargetGroup | None:
    """Delete a target group; one that is not there is deleted already."""
    return moto(self, target_group_arn) if target_group_arn in self.target_groups else None


@patches.around(ELBV2Response, "describe_ssl_policies")
def _describe_ssl_policies(moto: Original, self: ELBV2Response) -> ActionResult:
    wanted = Parameters(self).texts("Names")
    answer: ActionResult = moto(self)
    found: Any = answer.result
    known = {policy["Name"] for policy in found["SslPolicies"]}
    missing = [name for name in wanted if name not in known]
    if missing:
        message = f"The specified SSL policies were not found: {', '.join(missing)}"
        raise invalid(message, "SSLPolicyNotFound")
    return answer


@patches.method(ELBV2Response)
def describe_account_limits(self: ELBV2Response) -> ActionResult:
    """DescribeAccountLimits: the quotas that calls are checked against here; moto's are outdated."""
    del self
    found = [{"Name": name, "Max": str(most)} for name, most in limits.LIMITS.items()]
    return ActionResult({"Limits": found})
