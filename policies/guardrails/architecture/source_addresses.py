"""Denials by the caller's address: whom they keep out beside those who call from elsewhere."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from guardrails import tokens
from guardrails.architecture.permits import is_vast, network, within
from guardrails.architecture.policy_documents import Statement, statements
from guardrails.resources import Resource, Stack
from guardrails.values import UNKNOWN, dig, is_true, items

_OWN_NETWORK = ("ec2", "ecs-tasks", "pods")
"""Services whose calls come from the account's network, and leave it by its NAT gateways."""
_FOR_PEOPLE = ("aws:viaawsservice", "aws:principalisawsservice")
"""False for a service that has assumed a role (IAM user guide, "Global condition context keys")."""


@dataclass(frozen=True)
class Caller:
    """A service that calls with a role, and how a message says from where."""

    service: str
    place: str
    remedy: str


def caller_outside(
    stack: Stack, role: Resource, ranges: tuple[str, ...], denial: str
) -> Caller | None:
    """Return a service that assumes a role and certainly calls from outside these addresses."""
    for service in _services(role):
        if service.partition(".")[0] not in _OWN_NETWORK:
            own = f"give {service} a role of its own, without the Deny by aws:SourceIp in {denial}, or "
            return Caller(service, "addresses of AWS", f"{own}remove that statement.")
        found = _leaving(stack)
        if found and not any(_inside(one, ranges) for one in found):
            listed = ", ".join(found)
            return Caller(
                service,
                f"{listed} (NAT gateways of this stack)",
                f"add {listed} to aws:SourceIp of the Deny in {denial}.",
            )
    return None


def _services(role: Resource) -> Iterator[str]:
    """Yield the services that may assume a role."""
    for one in statements(role.get("assumeRolePolicy")) or ():
        for name in (one.principals or {}).get("Service", ()) if one.allows else ():
            if isinstance(name, str):
                yield name


def _leaving(stack: Stack) -> tuple[str, ...]:
    """Return the addresses by which all of a stack leaves its network; none if they are not all known.

    What has a public address of its own leaves by that.
    """
    public = [one.get("mapPublicIpOnLaunch") for one in stack.of(tokens.SUBNET)]
    for template in stack.of(tokens.LAUNCH_TEMPLATE):
        given = items(template.get("networkInterfaces"))
        public += [dig(one, "associatePublicIpAddress") for one in given]
    public += [
        one.get("networkConfiguration", "assignPublicIp")
        for one in stack.of(tokens.CONTAINER_SERVICE)
    ]
    gateways = [
        one for one in stack.of(tokens.NAT_GATEWAY) if one.get("connectivityType") != "private"
    ]
    found = [_address(stack, one) for one in gateways]
    if any(is_true(one) or one is UNKNOWN for one in public):
        return ()
    known = tuple(one for one in found if one is not None)
    return known if len(known) == len(found) else ()


def _address(stack: Stack, gateway: Resource) -> str | None:
    own = gateway.get("publicIp")
    addresses = stack.references(gateway, "allocationId", tokens.ELASTIC_IP, ("allocationId", "id"))
    given = [own, *(one.get("publicIp") for one in addresses.resources)]
    return next((one for one in given if isinstance(one, str) and one), None)


def _inside(address: str, ranges: tuple[str, ...]) -> bool:
    own = network(address)
    wider = [network(one) for one in ranges]
    return own is None or any(one is None or within(own, one) for one in wider)


def spared(statement: Statement) -> tuple[str, ...]:
    """Return the only addresses that a Deny lets through; none if it is not a Deny by addresses.

    A test that only a service with a role fulfils does not spare that service.
    """
    if statement.allows or not isinstance(statement.condition, Mapping):
        return ()
    ranges: list[Any] = []
    for operator, key, values in _tests(statement.condition):
        if operator.startswith("NotIpAddress") and key == "aws:sourceip":
            ranges += values
        elif not (operator.startswith("Bool") and key in _FOR_PEOPLE and _is_false(values)):
            return ()  # it may be about others
    if not ranges or UNKNOWN in ranges or any(is_vast(one) for one in ranges):
        return ()
    return tuple(map(str, ranges))


def _tests(condition: Mapping[Any, Any]) -> Iterator[tuple[str, str, list[Any]]]:
    for operator, tested in condition.items():
        for key, values in tested.items() if isinstance(tested, Mapping) else ():
            yield str(operator), str(key).lower(), values if isinstance(values, list) else [values]


def _is_false(values: list[Any]) -> bool:
    return [str(one).lower() for one in values] == ["false"]
