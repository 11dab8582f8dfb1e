"""Regions: in which one each resource is, as far as the program and the preview tell."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from guardrails import tokens
from guardrails.architecture.place_names import REGION_FORM, is_region, region_of_zone
from guardrails.resources import Resource, Stack
from guardrails.values import leaves

GLOBAL = "us-east-1"
"""The Region in which AWS keeps the metrics of services that belong to no Region."""

_ARN = re.compile(rf"arn:aws[a-z-]*:[a-z0-9-]+:(?P<region>{REGION_FORM}):.*")
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
    "insufficientDataActions", "alarmConfiguration", "kmsKeyId", "kmsMasterKeyId", "kmsKeyArn",
    "performanceInsightsKmsKeyId",
)  # fmt: skip
"""Properties whose references AWS looks up in the Region of the resource that has them."""


_KEY_ELSEWHERE = ("aws:cloudtrail/trail:Trail", "aws:rds/snapshotCopy:SnapshotCopy")
"""What is encrypted by a key of the Region of its bucket, or of the copy."""


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
        """Join the resources that refer to each other and have no Region of their own or of a provider."""
        self._parents: dict[str, str] = {}
        self._by_urn = {one.urn: one for one in stack.resources if _is_somewhere(one)}
        self._of_provider = {
            one.urn: region
            for one in stack.of(tokens.PROVIDER)
            if is_region(region := one.get("region"))
        }
        for one in self._by_urn.values():
            for _, other in self._references(one):
                if self.said(one) is None and self.said(other) is None:
                    self._parents[self._root(one.urn)] = self._root(other.urn)
        # What the stack has itself, the references are about.
        self._own = {one.get(key) for one in self._by_urn.values() for key in ("arn", "id")}
        told: dict[str, set[str]] = {}
        beside: dict[str, set[str]] = {}
        for one in self._by_urn.values():
            if self.said(one) is None:
                found = set(_zones(one))
                told.setdefault(self._root(one.urn), set()).update(found)
                beside.setdefault(one.options.provider, set()).update(found)
        self._told = told
        # What is made by one provider, and says no Region, is in one.
        self._of_provider |= {
            urn: found.pop() for urn, found in beside.items() if urn and len(found) == 1
        }
        self._default = self._only(stack, told)
        placed = Counter(self.of(one) for one in self._by_urn.values())
        self._home = placed.most_common(1)[0][0] if placed else None

    def of(self, resource: Resource) -> str | None:
        """Return the Region of a resource, `None` if it is not known or it belongs to none."""
        if resource.urn not in self._by_urn:
            return None
        given = self.said(resource)
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

    def said(self, resource: Resource) -> str | None:
        """Return the Region that a resource, or else its provider, has."""
        return explicit(resource) or self._of_provider.get(resource.options.provider)

    def _references(self, resource: Resource) -> Iterator[tuple[str, Resource]]:
        for prop in _JOINED:
            if prop == "kmsKeyId" and resource.type in _KEY_ELSEWHERE:
                continue
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
    return given if is_region(given) else None


def _is_somewhere(resource: Resource) -> bool:
    return resource.type.startswith("aws:") and not resource.type.startswith(_NOWHERE)


def _is_global(resource: Resource) -> bool:
    """Return whether it is for CloudFront, from wherever it is created."""
    return resource.get("scope") == "CLOUDFRONT"


def _zones(resource: Resource) -> Iterator[str]:
    """Yield the Regions of the zones that a resource names."""
    for prop in ("availabilityZone", "availabilityZones"):
        for value in leaves(resource.get(prop)):
            found = value if is_region(value) else region_of_zone(value)
            if found is not None:
                yield found


def _written(resource: Resource) -> Iterator[tuple[str, str, str]]:
    """Yield the ARNs that the program writes out, with their Regions."""
    for prop in _JOINED:
        if prop == "kmsKeyId" and resource.type in _KEY_ELSEWHERE:
            continue
        for value in leaves(resource.get(prop)):
            found = _ARN.fullmatch(value) if isinstance(value, str) else None
            if found is not None:
                yield prop, found[0], found["region"]
