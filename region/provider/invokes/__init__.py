"""The functions that a program can call: lookups without a resource."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from region.provider import made_up
from region.provider.errors import CheckFailure
from region.provider.invokes import (
    account,
    databases,
    instances,
    network,
    parameters,
    policy_document,
)
from region.provider.invokes.lookup import NoResultError
from region.provider.operation import ProviderContext
from region.provider.values import Properties

Invoke = Callable[[ProviderContext, Properties], Properties]

_REGION: Final = "aws:index/getRegion:getRegion"
INVOKES: Final[Mapping[str, Invoke]] = {
    "aws:index/getAvailabilityZones:getAvailabilityZones": account.availability_zones,
    _REGION: account.region,
    "aws:index/getCallerIdentity:getCallerIdentity": account.caller_identity,
    "aws:index/getPartition:getPartition": account.partition,
    "aws:ec2/getAmi:getAmi": instances.ami,
    "aws:ec2/getInstanceTypeOfferings:getInstanceTypeOfferings": (
        instances.instance_type_offerings
    ),
    "aws:ec2/getSecurityGroup:getSecurityGroup": network.security_group,
    "aws:ec2/getSecurityGroups:getSecurityGroups": network.security_groups,
    "aws:ec2/getSubnet:getSubnet": network.subnet,
    "aws:ec2/getSubnets:getSubnets": network.subnets,
    "aws:ec2/getVpc:getVpc": network.vpc,
    "aws:iam/getPolicyDocument:getPolicyDocument": policy_document.policy_document,
    "aws:rds/getEngineVersion:getEngineVersion": databases.engine_version,
    "aws:ssm/getParameter:getParameter": parameters.parameter,
}
"""Tokens to functions."""


def call(
    context: ProviderContext, token: str, arguments: Properties
) -> tuple[Properties, list[CheckFailure]]:
    """Return the result of a function, or why it cannot be called.

    Where nothing is created, what only AWS knows is made up: a zone, a certificate, a network by its tags.
    """
    invoke = INVOKES.get(token)
    if context.preview_only and (invoke is None or _is_elsewhere(context, token, arguments)):
        return made_up.result(token, arguments), []
    if invoke is None:
        known = ", ".join(sorted(INVOKES))
        raise LookupError(
            f"the local region does not implement the function {token}; leave it out of the "
            f"rehearsal (implemented: {known})"
        )
    if _is_elsewhere(context, token, arguments):
        region = arguments["region"]
        reason = f"the local region is {context.region!r} and not {region!r}; remove 'region'"
        return {}, [CheckFailure("region", reason)]
    try:
        return invoke(context, arguments), []
    except NoResultError as failure:
        if context.preview_only:
            return made_up.result(token, arguments), []
        return {}, [CheckFailure(failure.argument, str(failure))]


def _is_elsewhere(context: ProviderContext, token: str, arguments: Properties) -> bool:
    region = arguments.get("region", context.region)
    return token != _REGION and region != context.region
