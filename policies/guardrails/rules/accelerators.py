"""The rule about Global Accelerator: its traffic reaches the load balancer."""

from __future__ import annotations

from collections.abc import Iterator

from guardrails import tokens
from guardrails.architecture.targets import Targets
from guardrails.architecture.traffic import ARN_KEYS, Traffic, is_network
from guardrails.architecture.zones import regions
from guardrails.model import Question, Scope, Settings, Severity, StackRule, Violation
from guardrails.resources import Resource, Stack
from guardrails.values import dig, items, number


def _off(stack: Stack, group: Resource) -> tuple[str, str] | None:
    """Return which switch or protocol lets no request pass, and what to do about it."""
    listeners = stack.references(group, "listenerArn", tokens.ACCELERATOR_LISTENER, ARN_KEYS)
    found = (_disabled(stack, one) or _speechless(stack, one, group) for one in listeners.resources)
    return next(filter(None, found), None)


def _disabled(stack: Stack, listener: Resource) -> tuple[str, str] | None:
    of = stack.references(listener, "acceleratorArn", tokens.ACCELERATOR, ARN_KEYS)
    for one in of.resources:
        if one.get("enabled") is False:
            return f'accelerator "{one.name}" is not enabled', "set enabled to true."
    return None


def _speechless(stack: Stack, listener: Resource, group: Resource) -> tuple[str, str] | None:
    """Find an endpoint that does not speak the listener's protocol."""
    if listener.get("protocol") != "UDP":
        return None
    ends = stack.references(group, "endpointConfigurations", tokens.LOAD_BALANCER, ARN_KEYS)
    for one in ends.resources:
        if not is_network(one):
            reason = f'listener "{listener.name}" takes UDP, which "{one.name}" does not speak'
            return reason, f'set protocol of "{listener.name}" to "TCP".'
    return None


def _dial(group: Resource) -> tuple[str, str] | None:
    """Return why an endpoint group gets no request, and what to do about it."""
    if number(group.get("trafficDialPercentage")) == 0:
        return "traffic_dial_percentage is 0", "set traffic_dial_percentage to 100, the default."
    endpoints = items(group.get("endpointConfigurations"))
    if endpoints and all(number(dig(one, "weight")) == 0 for one in endpoints):
        return "every endpoint has weight 0", "set weight of endpoint_configurations above 0."
    return None


def _region(stack: Stack, group: Resource) -> tuple[str, str] | None:
    """Return that the endpoints are in another Region than the group, and what to do about it."""
    given = None if group.left_out("endpointGroupRegion") else group.get("endpointGroupRegion")
    ends = stack.references(group, "endpointConfigurations", tokens.LOAD_BALANCER, ARN_KEYS)
    for one in ends.resources:
        subnets = stack.derived(Targets).balancer_subnets(one)
        found = regions([subnet for subnet in subnets if isinstance(subnet, Resource)])
        if isinstance(given, str) and given and found and given not in found:
            where = ", ".join(sorted(found))
            return (
                f'load balancer "{one.name}" is in {where}, endpoint_group_region is {given}',
                f"set endpoint_group_region to {where}.",
            )
    return None


def _ports(stack: Stack, group: Resource) -> tuple[str, str] | None:
    """Return which port leads to no listener of the load balancer, and what to do about it."""
    traffic = stack.derived(Traffic)
    listeners = stack.references(group, "listenerArn", tokens.ACCELERATOR_LISTENER, ARN_KEYS)
    balancers = stack.references(
        group, "endpointConfigurations", tokens.LOAD_BALANCER, ARN_KEYS
    ).resources
    if items(group.get("portOverrides")):
        return None
    for listener in listeners.resources:
        for given in items(listener.get("portRanges")):
            first, last = number(dig(given, "fromPort")), number(dig(given, "toPort"))
            for balancer in balancers:
                ports = [number(one.get("port")) for one in traffic.listeners(balancer)]
                if first is None or last is None or not ports or None in ports:
                    continue
                if not any(first <= port <= last for port in ports if port is not None):
                    return (
                        (
                            f'listener "{listener.name}" takes port {first:g}, on which load '
                            f'balancer "{balancer.name}" has no listener'
                        ),
                        (
                            "set port_ranges to the ports of the load balancer's listeners, or "
                            "port_overrides of the endpoint group."
                        ),
                    )
    return None


def _sends(stack: Stack, _: Settings) -> Iterator[Violation]:
    for group in stack.of(tokens.ACCELERATOR_GROUP):
        listener = group.dependencies.get("listenerArn", ())
        beside = [
            one
            for one in stack.of(tokens.ACCELERATOR_GROUP)
            if one is not group and listener and one.dependencies.get("listenerArn", ()) == listener
        ]
        found = _dial(group) if all(_dial(one) for one in beside) else None
        found = found or _off(stack, group) or _region(stack, group) or _ports(stack, group)
        if found is not None:
            yield Violation(
                f'No request reaches the service through endpoint group "{group.name}": {found[0]}.',
                group,
                ("Global Accelerator", f'endpoint group "{group.name}"', found[0]),
                found[1],
            )


ACCELERATOR = StackRule(
    id="accelerator-sends-requests",
    title="Global Accelerator forwards its requests",
    question=Question.SERVE,
    severity=Severity.HIGH,
    scope=Scope.HIGH_AVAILABILITY,
    controls={"Well-Architected": ("REL02-BP01",)},
    url="https://docs.aws.amazon.com/global-accelerator/latest/dg/about-endpoint-groups-traffic-dial.html",
    remedy="set traffic_dial_percentage and the weights of the endpoints above 0.",
    steps=(
        "Set traffic_dial_percentage to 100, and the weight of an endpoint to 1 or more.",
        "Leave enabled of the accelerator true, and protocol TCP for an application load balancer.",
        "Set port_ranges of the accelerator's listener to those of the load balancer.",
    ),
    unknown=(
        "A dial, weight or port that is not known counts as one that lets requests through, and one "
        "endpoint group of several may be turned down."
    ),
    check=_sends,
)

RULES = (ACCELERATOR,)
