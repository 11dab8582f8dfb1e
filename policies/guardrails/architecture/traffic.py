"""Traffic: which requests a load balancer's listeners send to which target groups."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from guardrails import tokens
from guardrails.resources import References, Resource, Stack
from guardrails.values import UNKNOWN, dig, is_absent, items, number

ARN_KEYS = ("arn", "id")
TARGET_GROUP_KEYS = ("arn", "id", "name")
_LAST = 50_000
"""The largest priority that a rule can have (ELB API reference, CreateRule)."""

LAYER_4 = ("TCP", "UDP", "TCP_UDP", "TLS", "GENEVE", "QUIC", "TCP_QUIC")


@dataclass(frozen=True)
class Share:
    """A target group that gets a part of the requests; `weight` is None if it is not known."""

    target: Resource
    weight: float | None = 1


@dataclass(frozen=True)
class Route:
    """What a listener does with the requests that one rule, or the default action, matches.

    Attributes:
        rule: The rule; None for the default action.
        kind: Type of the last action, which decides: `forward`, `redirect`, `fixed-response`, or
            `UNKNOWN`.
        targets: The target groups of this stack that it forwards to.
        certain: Whether these are all, and each is meant.
        everything: Whether it matches every request that comes this far.
    """

    listener: Resource
    rule: Resource | None
    kind: Any
    action: Mapping[str, Any]
    targets: tuple[Share, ...]
    certain: bool
    everything: bool

    @property
    def resource(self) -> Resource:
        """The resource that holds the action."""
        return self.rule or self.listener

    @property
    def step(self) -> str:
        """Name it as a step of a path."""
        if self.rule is None:
            return "default action"
        priority = number(self.rule.get("priority"))
        which = f"{priority:g} " if priority is not None else ""
        return f'rule {which}("{self.rule.name}")'


class Traffic:
    """Load balancers, listeners, rules and target groups of one stack."""

    def __init__(self, stack: Stack) -> None:
        """Index listeners by load balancer and rules by listener."""
        self._stack = stack
        self.balancers = stack.of(tokens.LOAD_BALANCER)
        self.target_groups = stack.of(tokens.TARGET_GROUP)
        self._listeners: dict[Resource, list[Resource]] = {}
        self._balancer: dict[Resource, Resource] = {}
        for listener in stack.of(tokens.LISTENER):
            found = stack.references(
                listener, "loadBalancerArn", tokens.LOAD_BALANCER, ARN_KEYS
            ).any
            for balancer in found:
                self._listeners.setdefault(balancer, []).append(listener)
            if len(found) == 1:
                self._balancer[listener] = found[0]
        self._rules: dict[Resource, list[Resource]] = {}
        for rule in stack.of(tokens.LISTENER_RULE):
            for listener in stack.references(rule, "listenerArn", tokens.LISTENER, ARN_KEYS).any:
                self._rules.setdefault(listener, []).append(rule)
        self._routes = {one: tuple(self._read(one)) for one in stack.of(tokens.LISTENER)}

    # --- index ------------------------------------------------------------------------------------

    def _read(self, listener: Resource) -> Iterator[Route]:
        rules = sorted(self._rules.get(listener, ()), key=_priority)
        for rule in rules:
            everything = _matches_everything(rule)
            yield self._route(listener, rule, rule, "actions", everything=everything)
        yield self._route(listener, None, listener, "defaultActions", everything=True)

    def _route(
        self,
        listener: Resource,
        rule: Resource | None,
        owner: Resource,
        prop: str,
        *,
        everything: bool,
    ) -> Route:
        actions = owner.get(prop)
        if actions is UNKNOWN or UNKNOWN in items(actions):
            found = self._stack.references(
                owner, prop, tokens.TARGET_GROUP, TARGET_GROUP_KEYS, value=UNKNOWN
            )
            shares = tuple(Share(one, None) for one in found.any)
            kind = "forward" if shares else UNKNOWN
            return Route(listener, rule, kind, {}, shares, certain=False, everything=everything)
        ordered = sorted(items(actions), key=lambda one: number(dig(one, "order")) or 0)
        action: Mapping[str, Any] = ordered[-1] if ordered else {}
        shares, certain = self._shares(owner, prop, action)
        return Route(
            listener, rule, action.get("type"), action, shares, certain, everything=everything
        )

    def _shares(
        self, owner: Resource, prop: str, action: Mapping[str, Any]
    ) -> tuple[tuple[Share, ...], bool]:
        if action.get("type") != "forward":
            return (), True
        entries = items(dig(action, "forward", "targetGroups"))
        if not entries:
            value = action.get("targetGroupArn")
            value = dig(action, "forward", "targetGroups") if is_absent(value) else value
            found = self._targets(owner, prop, value)
            return tuple(Share(one) for one in found.any), found.complete
        found = self._targets(owner, prop, [dig(one, "arn") for one in entries])
        if found.possible or len(found.resources) != len(entries):
            return tuple(Share(one, None) for one in found.any), False
        weights = [_weight(one) for one in entries]
        by_arn = self._in_order(owner, prop, entries)
        if by_arn is None:
            # Which of them an unknown ARN means is not known where the weights differ.
            same = weights[0] if len(set(weights)) == 1 else None
            return tuple(Share(one, same) for one in found.resources), True
        return tuple(map(Share, by_arn, weights)), True

    def _in_order(self, owner: Resource, prop: str, entries: list[Any]) -> list[Resource] | None:
        if len(entries) == 1:
            return list(self._targets(owner, prop, [dig(entries[0], "arn")]).resources)
        each = [self._targets(owner, prop, [dig(one, "arn")]).resources for one in entries]
        known = [
            dig(one, "arn") is not UNKNOWN and len(e) == 1
            for one, e in zip(entries, each, strict=True)
        ]
        return [one[0] for one in each] if all(known) else None

    def _targets(self, owner: Resource, prop: str, value: Any) -> References:
        return self._stack.references(
            owner, prop, tokens.TARGET_GROUP, TARGET_GROUP_KEYS, value=value
        )

    # --- questions --------------------------------------------------------------------------------

    def listeners(self, balancer: Resource) -> list[Resource]:
        """Return the listeners of a load balancer."""
        return self._listeners.get(balancer, [])

    def balancer(self, listener: Resource) -> Resource | None:
        """Return the load balancer of a listener, None if it is not certain."""
        return self._balancer.get(listener)

    def routes(self, listener: Resource) -> tuple[Route, ...]:
        """Return the routes of a listener as they are tried: rules by priority, then the default."""
        return self._routes[listener]

    def live_routes(self, listener: Resource) -> list[Route]:
        """Return the routes that requests can reach: none after one that matches everything."""
        live: list[Route] = []
        for route in self._routes[listener]:
            live.append(route)
            if route.everything:
                break
        return live

    def forwards(self, balancer: Resource) -> list[tuple[Route, Share]]:
        """Return what a load balancer sends requests to: every share that is not certainly zero."""
        return [
            (route, share)
            for listener in self.listeners(balancer)
            for route in self.live_routes(listener)
            for share in route.targets
            if share.weight != 0
        ]

    def all_forwards(self) -> list[tuple[Route, Share]]:
        """Return what every listener of the stack sends requests to."""
        return [
            (route, share)
            for listener in self._stack.of(tokens.LISTENER)
            for route in self.live_routes(listener)
            for share in route.targets
            if share.weight != 0
        ]

    def mentioned(self) -> list[Resource]:
        """Return every target group that some action names, live or not, whatever its weight."""
        found = (
            share.target
            for routes in self._routes.values()
            for one in routes
            for share in one.targets
        )
        return list(dict.fromkeys(found))

    def senders(self, target: Resource) -> list[Resource]:
        """Return the load balancers that send requests to a target group."""
        return [
            balancer
            for balancer in self.balancers
            if any(share.target is target for _, share in self.forwards(balancer))
        ]


def is_network(balancer: Resource) -> bool:
    """Return whether it is a Network Load Balancer."""
    return balancer.get("loadBalancerType") == "network"


def target_type(target: Resource) -> str:
    """Return the target type; the default is `instance`."""
    value = target.get("targetType")
    return value if isinstance(value, str) and value else "instance"


def listener_step(listener: Resource) -> str:
    """Name a listener as a step of a path."""
    port = number(listener.get("port"))
    return f'listener {f"{port:g} " if port is not None else ""}("{listener.name}")'


def target_step(target: Resource) -> str:
    """Name a target group as a step of a path."""
    port = number(target.get("port"))
    return f'target group "{target.name}"' + (f", port {port:g}" if port is not None else "")


def health_check_port(target: Resource) -> float | None:
    """Return the port that health checks ask; None if it is not known."""
    given = target.get("healthCheck", "port")
    if is_absent(given) or given == "traffic-port" or target.left_out("healthCheck"):
        return number(target.get("port"))
    return number(given)


def _weight(entry: Any) -> float | None:
    given = dig(entry, "weight")
    return 1.0 if is_absent(given) else number(given)


def _priority(rule: Resource) -> float:
    given = number(rule.get("priority"))
    # Without a priority the provider takes the next free one.
    return _LAST if given is None else given


def _matches_everything(rule: Resource) -> bool:
    conditions = items(rule.get("conditions"))
    return bool(conditions) and all(
        condition is not UNKNOWN and _is_catch_all(condition) for condition in conditions
    )


def given_fields(condition: Any) -> Mapping[str, Any]:
    """Return the fields that a condition of a rule sets."""
    if not isinstance(condition, Mapping):
        return {}
    return {name: value for name, value in condition.items() if not is_absent(value)}


def _is_catch_all(condition: Mapping[str, Any]) -> bool:
    """Return whether a condition holds for every ordinary request."""
    given = given_fields(condition)
    if not given or UNKNOWN in given.values():
        return False
    for name, value in given.items():
        values = items(dig(value, "values"))
        if name == "pathPattern" and {"*", "/*"} & set(map(str, values)):
            continue
        if name == "hostHeader" and {"*", "*.*"} & set(map(str, values)):
            continue
        if name == "sourceIp" and "0.0.0.0/0" in values:
            continue
        if name == "httpRequestMethod" and "GET" in values:
            continue
        return False
    return True
