"""Health checks of names (Route 53): whether one says how the site is, and in time."""

from __future__ import annotations

from guardrails.architecture.records import Record
from guardrails.architecture.traffic import Traffic, is_network, listener_step
from guardrails.resources import Resource, Stack
from guardrails.values import is_absent, is_true, number

_INTERVAL, _FAILURES = 30.0, 3.0
"""Defaults of Route 53: seconds between two requests, and how many have to fail."""
_LONGEST = 180.0
"""Seconds within which a site that does not answer has to be noticed; the default takes 90."""


def wrong_check(stack: Stack, record: Record, check: Resource) -> tuple[str, str] | None:
    """Return why a health check does not say how the site is, and what to do about it."""
    if is_true(check.get("disabled")):
        return "it is disabled, and counts as healthy", "set disabled of the health check to false."
    if is_true(check.get("invertHealthcheck")):
        return (
            "invert_healthcheck is true: it fails while the site works",
            "set invert_healthcheck of the health check to false.",
        )
    if check.get("type") == "CALCULATED" and number(check.get("childHealthThreshold")) == 0:
        return (
            "child_health_threshold is 0: it is healthy however its children are",
            "set child_health_threshold of the health check to 1 or more.",
        )
    wrong = _elsewhere(stack, record, check)
    # Where the alias asks for the health of the load balancer too, that tells the rest.
    return wrong or (None if record.asks else _blind(stack, record, check) or _slow(check))


def _listeners(stack: Stack, record: Record) -> list[Resource]:
    traffic = stack.derived(Traffic)
    return [one for balancer in record.balancers for one in traffic.listeners(balancer)]


def _asks_the_site(record: Record, check: Resource) -> bool:
    return str(check.get("fqdn")).lower() == record.name


def _elsewhere(stack: Stack, record: Record, check: Resource) -> tuple[str, str] | None:
    port = number(check.get("port"))
    ports = [number(one.get("port")) for one in _listeners(stack, record)]
    if not _asks_the_site(record, check) or not port or not ports or None in ports or port in ports:
        return None
    listed = ", ".join(f"{one:g}" for one in ports if one is not None)
    return (
        f"it asks port {port:g}, and the load balancer listens on {listed}",
        "set port of the health check to that of a listener.",
    )


def _blind(stack: Stack, record: Record, check: Resource) -> tuple[str, str] | None:
    """Return that what it asks answers as well while every application is dead."""
    if not record.balancers or not _asks_the_site(record, check):
        return None
    if check.get("type") == "TCP" and not any(map(is_network, record.balancers)):
        return (
            (
                "it only opens a connection, which the load balancer takes also while every application "
                "behind it is dead"
            ),
            (
                "set type of the health check to HTTPS (or HTTP), and resource_path to what the "
                "application answers."
            ),
        )
    if check.get("type") not in ("HTTP", "HTTPS"):
        return None
    traffic, port = stack.derived(Traffic), number(check.get("port"))
    asked = [one for one in _listeners(stack, record) if number(one.get("port")) == port]
    kinds = {route.kind for one in asked for route in traffic.live_routes(one)}
    if asked and kinds == {"redirect"}:
        return (
            (
                f"it asks {listener_step(asked[0])}, which only redirects: an answer with 301 counts as "
                "healthy, whatever is behind it"
            ),
            "set type of the health check to HTTPS and port to that of the listener that forwards.",
        )
    return None


def _slow(check: Resource) -> tuple[str, str] | None:
    given, failures = check.get("requestInterval"), check.get("failureThreshold")
    every = _INTERVAL if is_absent(given) else number(given)
    count = _FAILURES if is_absent(failures) else number(failures)
    if every is None or count is None or every * count <= _LONGEST:
        return None
    return (
        (
            f"it takes {every * count:g} s to fail (request_interval {every:g} s, failure_threshold "
            f"{count:g}), more than {_LONGEST:g} s"
        ),
        "set failure_threshold of the health check to 3.",
    )
