"""Regions: in which one each resource is, as far as the program and the preview tell."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from guardrails import tokens
from guardrails.resources import Resource, Stack
from guardrails.values import leaves

GLOBAL = "us-east-1"
"""The Region in which AWS keeps the metrics of services that belong to no Region."""

_REGION = re.compile(r"[a-z]{2}(?:-[a-z]+)+-\d")
_ZONE = re.compile(r"(?P<region>[a-z]{2}(?:-[a-z]+)+-\d)[a-z]?")
_ARN = re.compile(r"arn:aws[a-z-]*:[a-z0-9-]+:(?P<region>[a-z]{2}(?:-[a-z]+)+-\d):.*")
_NOWHERE = ("aws:iam/", "aws:route53/", "aws:cloudfront/", "aws:globalaccelerator/", "aws:shield/")
"""Services that belong to no Region."""

_JOINED = (
    "vpcId", "subnetId", "subnetIds", "subnets", "vpcZoneIdentifiers", "securityGroups",
    "securityGroupId", "securityGroupIds", "vpcSecurityGroupIds", "routeTableId", "gatewayId",
    "natGatewayId", "allocationId", "networkConfiguration", "vpcConfig", "loadBalancerArn",
    "listenerArn", "targetGroupArn", "targetGroupArns", "defaultActions", "actions", "loadBalancers",
    "launchTemplate", "mixedInstancesPolicy", "autoscalingGroupName", "autoscalingGroups",
    "loadBalancerInfo", "cluster", "clusterName", "taskDefinition", "dbSubnetGroupName",
    "subnetGroupName", "parameterGroupName", "clusterIdentifier", "fileSystemId", "webAclArn",
    "resourceArn", "dimensions", "metricQueries", "alarmActions", "okActions",
    "insufficientDataActions", "alarmConfiguration",
)  # fmt: skip
"""Properties whose references AWS looks up in the Region of the resource that has them."""


@dataclass(frozen=True)
class Apart:
    """A resource that refers to what is in another Region.

    Attributes:
        prop: The property that refers to it.
        region: Its own Region.
        other: How a message names what it refers to.
        there: The Region of that.
        by_reference: Whether that is a resource of the stack, and not an ARN that is written out.
        odd: Which of both is not where most of the stack is.
    """

    resource: Resource
    prop: str
    region: str
    other: str
    there: str
    by_reference: bool
    odd: Resource


class Regions:
    """The Regions of one stack's resources."""

    def __init__(self, stack: Stack) -> None:
        """Join the resources without a Region of their own that refer to each other."""
        self._stack = stack
        self._parents: dict[str, str] = {}
        self._by_urn = {one.urn: one for one in stack.resources if _is_somewhere(one)}
        for one in self._by_urn.values():
            for _, other in self._references(one):
                if explicit(one) is None and explicit(other) is None:
                    self._parents[self._root(one.urn)] = self._root(other.urn)
        # What the stack has itself, the references are about.
        self._own = {one.get(key) for one in self._by_urn.values() for key in ("arn", "id")}
        told: dict[str, set[str]] = {}
        for one in self._by_urn.values():
            if explicit(one) is None:
                told.setdefault(self._root(one.urn), set()).update(_zones(one))
        self._told = told
        self._default = self._only(stack, told)
        placed = Counter(self.of(one) for one in self._by_urn.values())
        self._home = placed.most_common(1)[0][0] if placed else None

    def of(self, resource: Resource) -> str | None:
        """Return the Region of a resource, `None` if it is not known or it belongs to none."""
        if resource.urn not in self._by_urn:
            return None
        given = explicit(resource)
        if given is not None:
            return given
        found = self._told.get(self._root(resource.urn), set())
        return next(iter(found)) if len(found) == 1 else (None if found else self._default)

    def apart(self) -> Iterator[Apart]:
        """Yield each reference to what is in another Region, the first per resource and property."""
        for one in self._by_urn.values():
            own = self.of(one)
            if own is None or _is_global(one):
                continue
            for prop, other in self._references(one):
                there = self.of(other)
                if there is not None and there != own:
                    odd = other if own == self._home else one
                    yield Apart(one, prop, own, f'"{other.name}"', there, True, odd)
                    break
            for prop, arn, there in _written(one):
                if there != own and arn not in self._own:
                    yield Apart(one, prop, own, arn, there, False, one)
                    break

    def _references(self, resource: Resource) -> Iterator[tuple[str, Resource]]:
        for prop in _JOINED:
            for urn in resource.dependencies.get(prop, ()):
                other = self._by_urn.get(urn)
                if other is not None and not _is_global(other):
                    yield prop, other

    def _root(self, urn: str) -> str:
        while (parent := self._parents.get(urn, urn)) != urn:
            urn = parent
        return urn

    def _only(self, stack: Stack, told: dict[str, set[str]]) -> str | None:
        """Return the Region of everything that says nothing, if there can be only one."""
        providers = stack.of(tokens.PROVIDER)
        if len(providers) > 1:
            return None
        given = providers[0].get("region") if providers else None
        found = {given} if isinstance(given, str) and given else set().union(*told.values())
        return next(iter(found)) if len(found) == 1 else None


def explicit(resource: Resource) -> str | None:
    """Return the Region that a resource itself says, `None` if it says none."""
    given = resource.get("region")
    return given if isinstance(given, str) and _REGION.fullmatch(given) else None


def _is_somewhere(resource: Resource) -> bool:
    return resource.type.startswith("aws:") and not resource.type.startswith(_NOWHERE)


def _is_global(resource: Resource) -> bool:
    """Return whether it is for CloudFront, from wherever it is created."""
    return resource.get("scope") == "CLOUDFRONT"


def _zones(resource: Resource) -> Iterator[str]:
    """Yield the Regions of the zones that a resource names."""
    for prop in ("availabilityZone", "availabilityZones"):
        for value in leaves(resource.get(prop)):
            found = _ZONE.fullmatch(value) if isinstance(value, str) else None
            if found is not None:
                yield found["region"]


def _written(resource: Resource) -> Iterator[tuple[str, str, str]]:
    """Yield the ARNs that the program writes out, with their Regions."""
    for prop in _JOINED:
        for value in leaves(resource.get(prop)):
            found = _ARN.fullmatch(value) if isinstance(value, str) else None
            if found is not None:
                yield prop, found[0], found["region"]
