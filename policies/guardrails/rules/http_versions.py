"""The rule about versions of HTTP: requests arrive in one that the targets speak."""

from __future__ import annotations

from collections.abc import Iterator

from guardrails.architecture.traffic import Route, Traffic, is_network, listener_step, target_step
from guardrails.model import Question, Settings, Severity, StackRule, Violation
from guardrails.resources import Resource, Stack

_SPEAKS = {"HTTP2": "HTTP/2", "GRPC": "gRPC"}
"""Protocol versions of a target group that requests by HTTP/1.1 get nothing but errors from."""


def _why(traffic: Traffic, route: Route, version: str) -> tuple[str, str] | None:
    """Return why requests arrive by HTTP/1.1 only, with the remedy."""
    balancer = traffic.balancer(route.listener)
    if balancer is not None and is_network(balancer):
        return None
    if balancer is not None and balancer.setting("enableHttp2") in (False, "false"):
        return (
            f'enable_http2 of load balancer "{balancer.name}" is false',
            f'set enable_http2 of "{balancer.name}" to true, or leave it out.',
        )
    # With gRPC the API refuses such a listener, which elbv2-accepted reports.
    if version == "HTTP2" and route.listener.get("protocol") == "HTTP":
        return (
            (
                f'protocol of listener "{route.listener.name}" is HTTP, over which a load balancer speaks '
                "HTTP/1.1 only"
            ),
            (
                'set protocol_version of the target group to "HTTP1", or protocol of the listener to '
                '"HTTPS" with a certificate_arn.'
            ),
        )
    return None


def _unspoken(stack: Stack, _: Settings) -> Iterator[Violation]:
    traffic = stack.derived(Traffic)
    reported: set[Resource] = set()
    for route, share in traffic.all_forwards():
        version = share.target.get("protocolVersion")
        found = _why(traffic, route, version) if version in _SPEAKS else None
        if found is None or share.target in reported:
            continue
        why, remedy = found
        reported.add(share.target)
        yield Violation(
            f'Target group "{share.target.name}" speaks {_SPEAKS[version]}, and every request arrives by '
            f"HTTP/1.1 and is answered with an error: {why}.",
            share.target,
            (listener_step(route.listener), route.step, target_step(share.target)),
            remedy,
        )


SPOKEN = StackRule(
    id="tg-protocol-version-spoken",
    title="Requests arrive in a version of HTTP that the targets speak",
    question=Question.SERVE,
    severity=Severity.HIGH,
    controls={"Well-Architected": ("REL02-BP01",)},
    url="https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-target-groups.html",
    remedy="set enable_http2 of the load balancer to true, and protocol of the listener to HTTPS.",
    steps=(
        "Leave enable_http2 of the load balancer out: it is on.",
        "Forward to targets of HTTP/2 and gRPC from an HTTPS listener only.",
    ),
    unknown="A switch, protocol or version that the preview does not know is not judged.",
    check=_unspoken,
)

RULES = (SPOKEN,)
