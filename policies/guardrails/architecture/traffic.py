"""Traffic: which requests a load balancer's listeners send to which target groups."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from guardrails import tokens
from guardrails.architecture.conditions import conditions, match_everything
from guardrails.resources import References, Resource, Stack
from guardrails.values import UNKNOWN, dig, is_absent, is_true, items, number, show

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


@dataclass(frozen=True, eq=False)
class Route:
    """What a listener does with the requests that one rule, or the default action, matches.

    Attributes:
        rule: The rule; None for the default action.
        kind: Type of the last action, which decides: `forward`, `redirect`, `fixed-response`, or
            `UNKNOWN`.
        targets: The target groups of this stack that it forwards to.
        certain: Whether these are all, and each is meant.
        everything: Whether it matches every request that comes this far.
        spare: To how many of its target groups it gives the weight 0.
    """

    listener: Resource
    rule: Resource | None
    kind: Any
    action: Mapping[str, Any]
    targets: tuple[Share, ...]
    certain: bool
    everything: bool
    spare: int = 0

    @property
    def keeps_host(self) -> bool:
        """Whether a redirect leads to the host that was asked, as far as is known."""
        host = dig(self.action, "redirect", "host")
        return is_absent(host) or host in ("#{host}", UNKNOWN)

    @property
    def destination(self) -> tuple[str, float | None]:
        """Protocol and port to which a redirect leads; what it does not say stays as it was."""
        redirect = dig(self.action, "redirect")
        protocol, port = dig(redirect, "protocol"), dig(redirect, "port")
        if is_absent(protocol) or protocol == "#{protocol}":
            protocol = self.listener.get("protocol")
        if is_absent(port) or port == "#{port}":
            port = self.listener.get("port")
        return str(protocol), number(port)

    @property
    def is_page(self) -> bool:
        """Whether it answers itself, or sends visitors to another host."""
        if self.kind == "fixed-response":
            return True
        return self.kind == "redirect" and not self.keeps_host

    @property
    def answer(self) -> str:
        """What it does, as the end of a sentence."""
        if self.kind == "redirect":
            return f"redirects to {show(dig(self.action, 'redirect', 'host'))}"
        if self.kind == "forward":
            names = ", ".join(target_step(one.target) for one in self.targets)
            return f"forwards to {names or 'a target group'}"
        return f"answers {show(dig(self.action, 'fixedResponse', 'statusCode'))}"

    def unsure(self, share: Share) -> bool:
        """Return whether it is not known if a target group has the weight 0."""
        return share.weight is None and self.spare > 0

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
            yield self._route(listener, rule, rule, "actions")
        yield self._route(listener, None, listener, "defaultActions")

    def _route(
        self, listener: Resource, rule: Resource | None, owner: Resource, prop: str
    ) -> Route:
        actions = owner.get(prop)
        if actions is UNKNOWN or UNKNOWN in items(actions):
            found = self._stack.references(
                owner, prop, tokens.TARGET_GROUP, TARGET_GROUP_KEYS, value=UNKNOWN
            )
            shares = tuple(Share(one, None) for one in found.any)
            kind = "forward" if shares else UNKNOWN
            everything = _takes_everything(rule, kind)
            return Route(listener, rule, kind, {}, shares, certain=False, everything=everything)
        ordered = sorted(items(actions), key=lambda one: number(dig(one, "order")) or 0)
        action: Mapping[str, Any] = ordered[-1] if ordered else {}
        shares, certain = self._shares(owner, prop, action)
        kind = action.get("type")
        everything = _takes_everything(rule, kind)
        return Route(listener, rule, kind, action, shares, certain, everything, _spare(action))

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

    def leads_nowhere(self) -> bool:
        """Return whether nothing is forwarded, because what should lead on does not.

        A redirect leads to no listener, or in a circle, or a user who has signed in gets no further.
        """
        return not self.all_forwards() and any(
            str(route.kind).startswith("authenticate-")
            or (route.kind == "redirect" and route.keeps_host and self._is_lost(balancer, route))
            for balancer in self.balancers
            for listener in self.listeners(balancer)
            for route in self.live_routes(listener)
        )

    def _is_lost(self, balancer: Resource, route: Route) -> bool:
        if not isinstance(dig(route.action, "redirect"), Mapping):
            return False  # it says nothing of where it leads
        port = route.destination[1]
        ports = [number(one.get("port")) for one in self.listeners(balancer)]
        if port is None or None in ports:
            return False
        ends = [one for one in self.listeners(balancer) if number(one.get("port")) == port]
        return not ends or all(self._redirects_only(one) for one in ends)

    def _redirects_only(self, listener: Resource) -> bool:
        routes = self.live_routes(listener)
        return all(
            one.kind == "redirect"
            and one.keeps_host
            and isinstance(dig(one.action, "redirect"), Mapping)
            for one in routes
        )

    def mentioned(self) -> list[Resource]:
        """Return every target group that some action names, live or not, whatever its weight."""
        found = (
            share.target
            for routes in self._routes.values()
            for one in routes
            for share in one.targets
        )
        return list(dict.fromkeys(found))

    def idle(self) -> tuple[set[Resource], set[Resource]]:
        """Return the target groups that certainly, and that perhaps, get no request by weight.

        A preview does not know which of several new target groups a weight belongs to.
        """
        used: set[Resource] = set()
        perhaps: set[Resource] = set()
        for route, share in self.all_forwards():
            (perhaps if route.unsure(share) else used).add(share.target)
        return set(self.mentioned()) - used - perhaps, perhaps - used

    def choices(self) -> list[tuple[set[Resource], int]]:
        """Return target groups of which so many have the weight 0, but not which."""
        unsure = {route: route.spare for route, share in self.all_forwards() if route.unsure(share)}
        return [({one.target for one in route.targets}, spare) for route, spare in unsure.items()]

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


def is_internal(balancer: Resource) -> bool:
    """Return whether a load balancer has private addresses only; the default is that it has not."""
    return is_true(balancer.get("internal"))


def protocol_of(resource: Resource) -> str:
    """Return the transport protocol of a listener or target group."""
    return "udp" if resource.get("protocol") in ("UDP", "QUIC") else "tcp"


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
    if asks_same_port(target):
        return number(target.get("port"))
    return number(target.get("healthCheck", "port"))


def asks_same_port(target: Resource) -> bool:
    """Return whether health checks ask the port of each target, which is the default."""
    given = target.get("healthCheck", "port")
    return is_absent(given) or given == "traffic-port" or target.left_out("healthCheck")


def asks_another_port(target: Resource) -> bool:
    """Return whether health checks certainly ask another port, where that of the requests would answer.

    A check by HTTP beside another protocol, or beside UDP, has to ask somewhere else.
    """
    asked, port = number(target.get("healthCheck", "port")), number(target.get("port"))
    if asked is None or port is None or asked == port:
        return False
    layer_4 = str(target.get("protocol")).upper() in LAYER_4
    kind = str(target.get("healthCheck", "protocol")).upper()
    beside = kind in ("HTTP", "HTTPS") or target.get("protocol") in ("UDP", "QUIC")
    return not (layer_4 and beside)


def listeners_of(stack: Stack, resource: Resource) -> tuple[Resource, ...]:
    """Return a listener itself, or the listeners of a rule."""
    if resource.type in tokens.LISTENER:
        return (resource,)
    return stack.references(resource, "listenerArn", tokens.LISTENER, ARN_KEYS).resources


def _spare(action: Mapping[str, Any]) -> int:
    entries = items(dig(action, "forward", "targetGroups"))
    return sum(1 for one in entries if number(dig(one, "weight")) == 0)


def _takes_everything(rule: Resource | None, kind: Any) -> bool:
    """Return whether a rule leaves nothing; for a page of the balancer's own, nothing to visitors."""
    return rule is None or match_everything(conditions(rule), visits=kind != "forward")


def _weight(entry: Any) -> float | None:
    given = dig(entry, "weight")
    return 1.0 if is_absent(given) else number(given)


def _priority(rule: Resource) -> float:
    given = number(rule.get("priority"))
    # Without a priority the provider takes the next free one.
    return _LAST if given is None else given
