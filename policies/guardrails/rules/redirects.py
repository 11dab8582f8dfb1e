"""The rule about redirects: they end at something that serves."""

from __future__ import annotations

from collections.abc import Iterator

from guardrails import tokens
from guardrails.architecture.traffic import (
    Route,
    Traffic,
    listener_step,
)
from guardrails.model import Question, Scope, Settings, Severity, StackRule, Violation
from guardrails.resources import Resource, Stack
from guardrails.values import UNKNOWN, dig, number, show

_ALB = "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/"
_WELL_ARCHITECTED = "Well-Architected"


def _redirects(stack: Stack, _: Settings) -> Iterator[Violation]:
    traffic = stack.derived(Traffic)
    for balancer in traffic.balancers:
        ports = {number(one.get("port")): one for one in traffic.listeners(balancer)}
        if None in ports:
            continue
        for listener in traffic.listeners(balancer):
            for route in traffic.live_routes(listener):
                if (
                    route.kind == "redirect"
                    and route.everything
                    and route.keeps_host
                    and not _stays_plain(stack, traffic, route)
                ):
                    yield from _follow(traffic, ports, route)


def _stays_plain(stack: Stack, traffic: Traffic, route: Route) -> bool:
    """Return whether HTTP is not redirected to HTTPS although it could be: alb-http-to-https's."""
    balancer = traffic.balancer(route.listener)
    beside = traffic.listeners(balancer) if balancer is not None else []
    secure = stack.of(tokens.CERTIFICATE) or [
        one for one in beside if one.get("protocol") == "HTTPS"
    ]
    plain = route.listener.get("protocol") != "HTTPS"
    return plain and bool(secure) and route.destination[0].upper() != "HTTPS"


def _follow(
    traffic: Traffic, ports: dict[float | None, Resource], first: Route
) -> Iterator[Violation]:
    path: list[str] = []
    seen: list[Resource] = []
    route: Route | None = first
    while route is not None and route.kind == "redirect" and route.keeps_host:
        redirect = dig(route.action, "redirect")
        if not isinstance(redirect, dict) or UNKNOWN in redirect.values():
            return
        protocol, port = route.destination
        path += [listener_step(route.listener), f"redirect to {protocol} {port:g}"]
        if port not in ports:
            yield from _nowhere(traffic, ports, first, (protocol, port), tuple(path))
            return
        seen.append(route.listener)
        listener = ports[port]
        if str(listener.get("protocol")).upper() != protocol.upper() and not listener.left_out(
            "protocol"
        ):
            yield Violation(
                f"The redirect asks port {port:g} for {protocol}, where "
                f"{show(listener.get('protocol'))} is spoken: every visitor gets an error.",
                first.resource,
                tuple(path),
                f"set default_actions to redirect to the port of a listener with {protocol}.",
            )
            return
        if listener in seen:
            if not _caught(traffic, listener, route):
                yield Violation(
                    "The redirect never ends: it leads back to where it started.",
                    first.resource,
                    (*path, listener_step(listener)),
                    "let the default_actions of the listener, or the actions of the rule, forward to "
                    "the target group where the redirect leads.",
                )
            return
        last = traffic.live_routes(listener)[-1]
        route = last if last.everything else None


def _caught(traffic: Traffic, listener: Resource, route: Route) -> bool:
    """Return whether another rule takes what is redirected to a path of its own."""
    path = str(dig(route.action, "redirect", "path") or "/#{path}")
    return path != "/#{path}" and len(traffic.live_routes(listener)) > 1


def _nowhere(
    traffic: Traffic,
    ports: dict[float | None, Resource],
    route: Route,
    destination: tuple[str, float | None],
    path: tuple[str, ...],
) -> Iterator[Violation]:
    protocol, port = destination
    others = {one: route for one in ports.values() for route in traffic.live_routes(one)}
    serves_here = any(one.kind == "forward" for one in traffic.live_routes(route.listener))
    speaks = any(str(one.get("protocol")).upper() == protocol.upper() for one in others)
    if serves_here and not speaks:
        yield Violation(
            f"whether anything answers {protocol} on port {port:g} is not known: this load balancer "
            "does not, what is in front of it may.",
            route.resource,
            path,
            f"add a listener for {protocol} on port {port:g}, or name the host in the redirect.",
            undecided=True,
        )
        return
    given = ", ".join(f"{one:g}" for one in ports if one is not None)
    yield Violation(
        f"The redirect leads to port {port:g}, on which the load balancer has no listener (it has "
        f"{given}).",
        route.resource,
        path,
        f"set default_actions to redirect to a port with a listener, or add one with "
        f"{protocol} on port {port:g}.",
    )


REDIRECT_ENDS = StackRule(
    id="listener-redirect-ends",
    title="Redirects end at a listener that serves",
    question=Question.SERVE,
    severity=Severity.HIGH,
    scope=Scope.HIGH_AVAILABILITY,
    controls={_WELL_ARCHITECTED: ("REL02-BP01",)},
    url=f"{_ALB}rule-action-types.html",
    remedy="redirect to the port of a listener that forwards.",
    steps=(
        "Add the listener to which the redirect leads, with a default action of type forward.",
        "Redirect HTTP to HTTPS on port 443, and never HTTPS to HTTP.",
    ),
    unknown="A redirect with an unknown protocol, port or host is not followed.",
    check=_redirects,
)


RULES = (REDIRECT_ENDS,)
