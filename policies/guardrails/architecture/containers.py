"""Services of containers (ECS): how many tasks run, in which zones, behind which target groups."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from availability.zones import left_after_loss

from guardrails import tokens
from guardrails.architecture.fleets import TARGET_GROUP_KEYS, Fleets
from guardrails.architecture.tasks import containers, definitions, has_port
from guardrails.architecture.traffic import Traffic
from guardrails.architecture.zones import NOTHING, Spread, spread, together
from guardrails.resources import References, Resource, Stack
from guardrails.values import UNKNOWN, dig, is_absent, items, number

_SUBNETS = ("networkConfiguration", "subnets")
_GROUPS = ("networkConfiguration", "securityGroups")
_PROVIDER_KEYS = ("name", "arn", "id")
_BOUND = re.compile(
    r"attribute:ecs\.availability-zone\s*(?:==|=|in)\s*\[?(?P<zones>[a-z0-9\-, '\"]+)\]?"
)
_FREE = (
    "remove the placement constraint on attribute:ecs.availability-zone from the service, or name "
    "several zones in it."
)
_FARGATE = ("FARGATE", "FARGATE_SPOT")


@dataclass(frozen=True)
class Tasks:
    """How many tasks a service may run at least, and what says so.

    Attributes:
        least: `None` where it is not known.
        steps: The settings that say so, as steps of a path.
        resource: The resource that holds the smallest number.
    """

    least: int | None
    steps: tuple[str, ...]
    resource: Resource


class ContainerService:
    """One service of containers."""

    def __init__(self, stack: Stack, resource: Resource) -> None:
        """Remember both; everything else is looked up when it is asked for."""
        self._stack = stack
        self.resource = resource

    @property
    def name(self) -> str:
        """Return its name in the program."""
        return self.resource.name

    @cached_property
    def targets(self) -> References:
        """The target groups in which ECS registers its tasks."""
        value = self.resource.get("loadBalancers")
        arns = value if value is UNKNOWN else [dig(one, "targetGroupArn") for one in items(value)]
        return self._stack.references(
            self.resource, "loadBalancers", tokens.TARGET_GROUP, TARGET_GROUP_KEYS, value=arns
        )

    def port(self, target: Resource) -> float | None:
        """Return the port on which its containers are registered in a target group, if known.

        It is the container's own: that of the target group is not used (ECS developer guide, "Use
        an Application Load Balancer").
        """
        entries = items(self.resource.get("loadBalancers"))
        ports = {number(dig(one, "containerPort")) for one in entries}
        if not self._has_ports(entries):
            return None  # ecs-accepted reports it: no task starts
        if len(ports) == 1:
            return ports.pop()
        for one in entries:
            arn = dig(one, "targetGroupArn")
            if arn is not UNKNOWN and arn in [target.get(key) for key in TARGET_GROUP_KEYS]:
                return number(dig(one, "containerPort"))
        return None

    def _has_ports(self, entries: list[Any]) -> bool:
        """Return whether its containers have the ports to register, as far as they are known."""
        for task in definitions(self._stack, self.resource).resources:
            by_name = containers(task)
            for one in entries:
                port = number(dig(one, "containerPort"))
                container = (by_name or {}).get(dig(one, "containerName"))
                if by_name is not None and port is not None and not has_port(container, port):
                    return False
        return True

    @property
    def own_addresses(self) -> bool:
        """Whether its tasks have addresses and security groups of their own."""
        return not self.resource.left_out("networkConfiguration")

    @cached_property
    def groups(self) -> References:
        """The security groups of its tasks."""
        given = self.resource.get(*_GROUPS)
        if is_absent(given):
            return References()
        return self._stack.references(
            self.resource, _GROUPS[0], tokens.SECURITY_GROUP, ("id",), value=given
        )

    @cached_property
    def subnets(self) -> References:
        """The subnets of its tasks."""
        given = self.resource.get(*_SUBNETS)
        return self._stack.references(
            self.resource, _SUBNETS[0], tokens.SUBNET, ("id",), value=given
        )

    def zones(self, outside: Any = None) -> Spread:
        """Return the zones of its tasks: of their subnets, and of the instances they run on.

        `outside` holds the zones of subnets outside the stack, by subnet id.
        """
        bound = self._bound_zones()
        if bound:
            return Spread(bound, len(bound), len(bound), ("by placement_constraints",), _FREE)
        own, given = NOTHING, self.resource.get(*_SUBNETS)
        if self.own_addresses and not is_absent(given):
            own = spread(self._stack, self.resource, (_SUBNETS[0],), outside or {}, value=given)
        hosts = [group.zones for group in self.hosts]
        if not hosts:
            return own
        below = together(hosts)
        return own if own is not NOTHING and own.certain < below.certain else below

    def _bound_zones(self) -> tuple[str, ...]:
        """Return the zones to which a placement constraint binds its tasks; none for no such one."""
        found = (
            _BOUND.search(expression)
            for one in items(self.resource.get("placementConstraints"))
            if isinstance(expression := dig(one, "expression"), str)
        )
        zones = {
            zone.strip(" '\"")
            for one in found
            if one is not None
            for zone in one["zones"].split(",")
        }
        return tuple(sorted(zones))

    @property
    def on_fargate(self) -> bool:
        """Whether AWS chooses the machines for its tasks."""
        strategies = items(self.resource.get("capacityProviderStrategies"))
        named = [dig(one, "capacityProvider") for one in strategies]
        return self.resource.get("launchType") in _FARGATE or any(one in _FARGATE for one in named)

    @cached_property
    def hosts(self) -> list[Any]:
        """The Auto Scaling groups of this stack on whose instances its tasks run."""
        if self.on_fargate:
            return []
        strategies = items(self.resource.get("capacityProviderStrategies"))
        named = [dig(one, "capacityProvider") for one in strategies]
        providers = self._stack.of(tokens.CAPACITY_PROVIDER)
        if named:
            found = self._stack.references(
                self.resource,
                "capacityProviderStrategies",
                tokens.CAPACITY_PROVIDER,
                _PROVIDER_KEYS,
                value=named,
            )
            if found.foreign or found.untraced:
                return []
            providers = list(found.any)
        fleets = self._stack.derived(Fleets)
        groups = [
            group
            for one in providers
            for group in self._stack.linked(
                one, "autoScalingGroupProvider", tokens.AUTO_SCALING_GROUP, ("arn",)
            )
        ]
        return [fleets.of(one) for one in dict.fromkeys(groups)]

    @property
    def on_every_instance(self) -> bool:
        """Whether it runs one task on each instance, whatever the count."""
        return self.resource.get("schedulingStrategy") == "DAEMON"

    @cached_property
    def tasks(self) -> Tasks:
        """How many tasks it runs at least: the lower limit of its scaling, or else the count."""
        limits = list(self._limits())
        if limits:
            return min(limits, key=lambda one: -1 if one.least is None else one.least)
        given = self.resource.setting("desiredCount")
        count = 0.0 if is_absent(given) else number(given)  # the provider's default
        step = f"desired_count {self.resource.shown('desiredCount')}"
        return Tasks(_whole(count), (step,), self.resource)

    def _limits(self) -> Iterator[Tasks]:
        for target in self._stack.of(tokens.SCALABLE_TARGET):
            if not self._scales(target):
                continue
            step = f'scalable target "{target.name}", min_capacity {target.shown("minCapacity")}'
            yield Tasks(_whole(number(target.get("minCapacity"))), (step,), target)
            for action in self._stack.of(tokens.SCHEDULED_SCALING):
                if self._scales(action):
                    yield from _scheduled(action)

    def _scales(self, target: Resource) -> bool:
        """Return whether a scalable target or scheduled action is about the number of tasks."""
        if target.get("serviceNamespace") not in ("ecs", UNKNOWN):
            return False
        if self.resource in self._stack.sources(target, "resourceId", tokens.CONTAINER_SERVICE):
            return True
        # Of a scheduled action the id may be that of the scalable target.
        through = self._stack.sources(target, "resourceId", tokens.SCALABLE_TARGET)
        if through:
            return any(self._scales(one) for one in through)
        name, given = self.resource.get("name"), target.get("resourceId")
        return isinstance(name, str) and isinstance(given, str) and given.rpartition("/")[2] == name

    def after_zone_loss(self) -> int | None:
        """Return how many tasks are left after the loss of the worst zone, `None` if not known.

        Where the zones are not known it counts as spread as well as it may be.
        """
        if self.tasks.least is None:
            return None
        return left_after_loss(self.tasks.least, max(2, self.zones().possible))


def _scheduled(action: Resource) -> Iterator[Tasks]:
    """Yield the limits that a scheduled action sets."""
    for prop, name in (("minCapacity", "min_capacity"), ("maxCapacity", "max_capacity")):
        given = action.get("scalableTargetAction", prop)
        if not is_absent(given):
            shown = action.shown("scalableTargetAction", prop)
            step = f'scheduled action "{action.name}", {name} {shown}'
            yield Tasks(_whole(number(given)), (step,), action)


def _whole(value: float | None) -> int | None:
    return None if value is None else math.floor(value)


class Containers:
    """The services of containers of one stack."""

    def __init__(self, stack: Stack) -> None:
        """Wrap each service."""
        self._stack = stack
        self.services: tuple[ContainerService, ...] = tuple(
            ContainerService(stack, one) for one in stack.of(tokens.CONTAINER_SERVICE)
        )

    @cached_property
    def serving(self) -> tuple[ContainerService, ...]:
        """Those behind a load balancer."""
        return tuple(one for one in self.services if one.targets != References())

    @cached_property
    def asked(self) -> tuple[ContainerService, ...]:
        """Those that get requests: not all of their target groups have the weight 0."""
        idle, _ = self._stack.derived(Traffic).idle()
        return tuple(
            one for one in self.serving if not one.targets.any or set(one.targets.any) - idle
        )

    def behind(self, target: Resource) -> list[ContainerService]:
        """Return the services whose tasks are registered in a target group."""
        return [one for one in self.services if target in one.targets.any]
