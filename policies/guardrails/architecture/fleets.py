"""The Auto Scaling groups: sizes, zones, launch source, and what refers to them."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from guardrails import tokens
from guardrails.architecture.given import given
from guardrails.architecture.launching import Launching, launching
from guardrails.architecture.zones import Spread, named_zones, spread
from guardrails.resources import Resource, Stack
from guardrails.values import UNKNOWN, dig, leaves, number

GROUP_KEYS = ("name", "id")
TARGET_GROUP_KEYS = ("arn", "id", "name")
_POLICY_KEYS = ("arn", "id")

_ATTACHMENTS = (
    (tokens.AUTO_SCALING_ATTACHMENT, ("lbTargetGroupArn", "elb")),
    (tokens.TRAFFIC_SOURCE_ATTACHMENT, ("trafficSource",)),
)
_OWN_ATTACHMENTS = ("targetGroupArns", "trafficSources", "loadBalancers")


@dataclass(frozen=True, eq=False)
class Group:
    """One Auto Scaling group; compared by identity.

    Attributes:
        target_groups: Target groups of this stack in which it registers its instances.
        outside: Load balancing that it names, or takes, from outside this stack.
        launching: From what it launches.
        policies: Its scaling policies.
        schedules: Its scheduled actions.
        hooks: Its lifecycle hooks that are resources of their own.
    """

    resource: Resource
    zones: Spread
    target_groups: tuple[Resource, ...]
    outside: tuple[str, ...]
    launching: Launching
    policies: tuple[Resource, ...] = ()
    schedules: tuple[Resource, ...] = ()
    hooks: tuple[Resource, ...] = ()

    @property
    def name(self) -> str:
        """Return its name in the program."""
        return self.resource.name

    @property
    def attached(self) -> bool:
        """Return whether a load balancer sends requests to it."""
        return bool(self.target_groups or self.outside)

    def given(self, *path: str) -> Any:
        """Return a property as the program gives it: `None` where it is left to the provider."""
        return given(self.resource, *path)

    def instances(self, capacity: float | None) -> int | None:
        """Return at least how many instances a capacity means, `None` where it is not known."""
        if capacity is None or self.given("desiredCapacityType") not in (None, "units", UNKNOWN):
            return None
        return math.ceil(max(0.0, capacity) / self.launching.units)

    @property
    def minimum(self) -> int | None:
        """Return the smallest number of instances that it may run, `None` where not known."""
        return self.instances(number(self.resource.get("minSize")))


@dataclass
class _Index:
    """Resources that refer to groups, by group."""

    attachments: dict[Resource, list[tuple[Resource, str]]] = field(
        default_factory=dict[Resource, list[tuple[Resource, str]]]
    )
    policies: dict[Resource, list[Resource]] = field(default_factory=dict[Resource, list[Resource]])
    schedules: dict[Resource, list[Resource]] = field(
        default_factory=dict[Resource, list[Resource]]
    )
    hooks: dict[Resource, list[Resource]] = field(default_factory=dict[Resource, list[Resource]])


def auto_scaling_groups(stack: Stack) -> list[Resource]:
    """Return every Auto Scaling group of the stack."""
    return stack.of(tokens.AUTO_SCALING_GROUP)


class Fleets:
    """The Auto Scaling groups of one stack, in its order."""

    def __init__(self, stack: Stack) -> None:
        """Resolve what refers to each group, once."""
        self._stack = stack
        self._resources = auto_scaling_groups(stack)
        self._index = self._build_index()
        self.groups: tuple[Group, ...] = tuple(self._group(one) for one in self._resources)
        self._by_resource = {group.resource: group for group in self.groups}

    def of(self, resource: Resource) -> Group:
        """Return the group of an Auto Scaling group's resource."""
        return self._by_resource[resource]

    def triggered(self, policy: Resource) -> bool:
        """Return whether an alarm of this stack has a scaling policy as its action."""
        return bool(self.triggers(policy))

    def triggers(self, policy: Resource) -> tuple[Resource, ...]:
        """Return the alarms of this stack that have a scaling policy as their action."""
        return tuple(self._triggers.get(policy, ()))

    # --- building ---------------------------------------------------------------------------------

    @cached_property
    def _triggers(self) -> dict[Resource, list[Resource]]:
        found: dict[Resource, list[Resource]] = {}
        for alarm in self._stack.of(tokens.ALARM):
            for prop in ("alarmActions", "okActions", "insufficientDataActions"):
                policies = self._stack.linked(alarm, prop, tokens.SCALING_POLICY, _POLICY_KEYS)
                for policy in policies:
                    found.setdefault(policy, []).append(alarm)
        return found

    def _groups_of(self, resource: Resource) -> list[Resource]:
        return self._stack.linked(
            resource, "autoscalingGroupName", tokens.AUTO_SCALING_GROUP, GROUP_KEYS
        )

    def _build_index(self) -> _Index:
        index = _Index()
        for types, props in _ATTACHMENTS:
            for attachment in self._stack.of(types):
                for group in self._groups_of(attachment):
                    index.attachments.setdefault(group, []).extend(
                        (attachment, prop) for prop in props
                    )
        for types, found in (
            (tokens.SCALING_POLICY, index.policies),
            (tokens.SCHEDULE, index.schedules),
            (tokens.LIFECYCLE_HOOK, index.hooks),
        ):
            for resource in self._stack.of(types):
                for group in self._groups_of(resource):
                    found.setdefault(group, []).append(resource)
        return index

    def _group(self, resource: Resource) -> Group:
        places = [(resource, prop) for prop in _OWN_ATTACHMENTS]
        places += self._index.attachments.get(resource, [])
        targets: list[Resource] = []
        outside: list[str] = []
        for owner, prop in places:
            found, others = self._balanced_by(owner, prop)
            targets += found
            outside += others
        return Group(
            resource=resource,
            zones=zones_of_group(self._stack, resource),
            target_groups=tuple(dict.fromkeys(targets)),
            outside=tuple(dict.fromkeys(outside)),
            launching=launching(self._stack, resource),
            policies=tuple(self._index.policies.get(resource, ())),
            schedules=tuple(self._index.schedules.get(resource, ())),
            hooks=tuple(self._index.hooks.get(resource, ())),
        )

    def _balanced_by(self, owner: Resource, prop: str) -> tuple[list[Resource], list[str]]:
        value = given(owner, prop)
        if value is None:
            return [], []
        if prop in ("trafficSource", "trafficSources"):
            value = _identifiers(value)
        found = self._stack.linked(owner, prop, tokens.TARGET_GROUP, TARGET_GROUP_KEYS, value=value)
        if found:
            return found, []
        named = [one for one in leaves(value) if isinstance(one, str)]
        if not named:
            named = [f"{prop} of {owner.name}"]  # unknown, but set by the program
        return [], named


def zones_of_group(stack: Stack, group: Resource, zones: Any = None) -> Spread:
    """Return the zones of a group: those of its subnets, or else those that it names.

    `zones` holds the zones of subnets outside the stack, by subnet id.
    """
    listed = given(group, "availabilityZones")
    if listed is not None and given(group, "vpcZoneIdentifiers") is None:
        return named_zones(listed)
    return spread(stack, group, ("vpcZoneIdentifiers",), zones or {})


def _identifiers(value: Any) -> Any:
    """Return the identifiers of traffic sources; their types are not references."""
    if value is UNKNOWN:
        return UNKNOWN
    sources = value if isinstance(value, list) else [value]
    return [UNKNOWN if one is UNKNOWN else dig(one, "identifier") for one in sources]
