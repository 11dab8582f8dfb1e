"""Rules about target groups: what is asked, where, and whether it fits what is registered."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from guardrails import tokens
from guardrails.architecture.firewall import Firewall
from guardrails.architecture.fleets import Fleets
from guardrails.architecture.launching import user_data
from guardrails.architecture.network import Network
from guardrails.architecture.targets import Targets
from guardrails.architecture.traffic import (
    TARGET_GROUP_KEYS,
    Traffic,
    asks_another_port,
    target_step,
    target_type,
)
from guardrails.model import Question, Scope, Settings, Severity, StackRule, Violation
from guardrails.resources import Resource, Stack
from guardrails.values import UNKNOWN, number, show

_ALB = "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/"
_WELL_ARCHITECTED = "Well-Architected"


# --- target type ----------------------------------------------------------------------------------

_TYPE_OF = {
    **dict.fromkeys(tokens.INSTANCE, "instance"),
    **dict.fromkeys(tokens.LOAD_BALANCER, "alb"),
    "aws:lambda/function:Function": "lambda",
}
_TYPE_OF_ID = (
    (re.compile(r"i-[0-9a-f]+"), "instance"),
    (re.compile(r"arn:aws[a-z-]*:lambda:.*"), "lambda"),
    (re.compile(r"arn:aws[a-z-]*:elasticloadbalancing:.*"), "alb"),
    (re.compile(r"[0-9a-f.:]+"), "ip"),
)


def _types(stack: Stack, _: Settings) -> Iterator[Violation]:
    # What Auto Scaling groups and services of containers need is reported by asg-parts-accepted and
    # elbv2-accepted.
    for attachment in stack.of(tokens.TARGET_GROUP_ATTACHMENT):
        yield from _unfit(stack, attachment, _attached_type(stack, attachment))


def _attached_type(stack: Stack, attachment: Resource) -> str | None:
    given = attachment.get("targetId")
    found = stack.references(attachment, "targetId", tuple(_TYPE_OF), ("id", "arn")).resources
    if found:
        return _TYPE_OF[found[0].type]
    known = (kind for form, kind in _TYPE_OF_ID if form.fullmatch(str(given)))
    return next(known, None) if isinstance(given, str) else None


def _unfit(stack: Stack, owner: Resource, needed: str | None) -> Iterator[Violation]:
    found = stack.references(owner, "targetGroupArn", tokens.TARGET_GROUP, TARGET_GROUP_KEYS)
    for target in found.resources:
        kind = target_type(target)
        if needed is None or kind == needed or target.get("targetType") is UNKNOWN:
            continue
        yield Violation(
            f'Target group "{target.name}" has target type "{kind}", but "{owner.name}" registers '
            f'"{needed}".',
            target,
            (target_step(target), f'"{owner.name}"'),
            f'set target_type="{needed}", or remove it and register in a target group of that type.',
        )


TYPE_FITS = StackRule(
    id="tg-type-fits-targets",
    title="A target group's type matches its targets",
    question=Question.VALID,
    severity=Severity.HIGH,
    scope=Scope.HIGH_AVAILABILITY,
    url=f"{_ALB}load-balancer-target-groups.html#target-type",
    remedy="set the target type of what is registered.",
    steps=(
        "An Auto Scaling group registers instances: target_type is instance.",
        "Containers with their own addresses need ip, functions lambda, load balancers alb.",
    ),
    unknown="An unknown target type is accepted; an absent one is the documented default, instance.",
    check=_types,
)


# --- VPC ------------------------------------------------------------------------------------------


def _vpcs(stack: Stack, _: Settings) -> Iterator[Violation]:
    network, traffic, targets = (
        stack.derived(Network),
        stack.derived(Traffic),
        stack.derived(Targets),
    )
    for target in stack.of(tokens.TARGET_GROUP):
        if target_type(target) == "lambda" or target.left_out("vpcId"):
            continue
        own = network.vpc(target)
        members = targets.members(target)
        sides = [(one, targets.balancer_subnets(one)) for one in traffic.senders(target)]
        sides += [(one, network.subnets(one, "vpcZoneIdentifiers")) for one in members.fleets]
        for side, subnets in sides:
            vpcs = {network.vpc(one) for one in subnets if isinstance(one, Resource)} - {None}
            if own is None or len(vpcs) != 1:
                continue
            (other,) = vpcs
            if not _same(own, other):
                yield Violation(
                    f'Target group "{target.name}" is in VPC {_vpc(own)}, but "{side.name}" is in '
                    f"VPC {_vpc(other)}: it cannot be registered or reached there.",
                    target,
                    (target_step(target), f"VPC {_vpc(own)}", f"VPC {_vpc(other)}"),
                    f"set vpc_id of the target group to VPC {_vpc(other)}.",
                )
                break


def _same(one: Resource | str | None, other: Resource | str | None) -> bool:
    return one == other or _identity(one) == _identity(other) != UNKNOWN


def _identity(vpc: Resource | str | None) -> Any:
    return vpc.get("id") or UNKNOWN if isinstance(vpc, Resource) else vpc


def _vpc(vpc: Resource | str | None) -> str:
    return f'"{vpc.name}"' if isinstance(vpc, Resource) else str(vpc)


SAME_VPC = StackRule(
    id="tg-same-vpc",
    title="A target group is in the VPC of its load balancer and its targets",
    question=Question.SERVE,
    severity=Severity.HIGH,
    scope=Scope.HIGH_AVAILABILITY,
    controls={_WELL_ARCHITECTED: ("REL02-BP01",)},
    url=f"{_ALB}create-target-group.html",
    remedy="set the target group's vpc_id to the VPC of the subnets.",
    steps=(
        "Pass the id of one VPC to target group, subnets and security groups.",
        "To serve from another VPC, register addresses (target_type ip) over a peering.",
    ),
    unknown=(
        "Unknown VPC ids are resolved through the VPCs they come from; where that is not possible "
        "the target group is not judged."
    ),
    check=_vpcs,
)


# --- port -----------------------------------------------------------------------------------------

# What user data says about the port that the application listens on.
_LISTENS = re.compile(
    r"(?:\b(?:APP_|HTTP_|SERVER_|WEB_|SERVICE_|LISTEN_)?PORT[=:]\s*[\"']?"
    r"|--port[= ]|\blisten(?:_port)?[ =:]+|0\.0\.0\.0:|-p )(\d{2,5})\b"
)
_SERVERS = re.compile(r"nginx|httpd|apache2?|caddy|haproxy|traefik|envoy|iptables|nft\b|socat")


def _ports(stack: Stack, _: Settings) -> Iterator[Violation]:
    traffic, targets, firewall = (
        stack.derived(Traffic),
        stack.derived(Targets),
        stack.derived(Firewall),
    )
    for target in traffic.target_groups:
        port = number(target.get("port"))
        if port is None:
            continue
        for fleet in targets.members(target).fleets:
            templates = stack.derived(Fleets).of(fleet).launching.templates
            text = " ".join(user_data(one) or "" for one in templates)
            listening = sorted({int(found) for found in _LISTENS.findall(text)})
            said = re.search(rf"\b{port:g}\b", text) or _SERVERS.search(text)
            if not listening or said:
                continue
            senders = [targets.balancer_party(one) for one in traffic.senders(target)]
            party = targets.fleet_party(fleet)
            if any(firewall.connects(one, party, int(port)).is_no for one in senders):
                continue  # elb-reaches-targets reports it
            given = ", ".join(map(str, listening))
            yield Violation(
                f'Target group "{target.name}" sends requests to port {port:g}, but the user data '
                f'of Auto Scaling group "{fleet.name}" starts something on {given} only.',
                target,
                (target_step(target), f'user data of "{fleet.name}": port {given}'),
                f"set the target group's port to {listening[0]}, or let the application listen on "
                f"{port:g}.",
            )


PORT_SERVED = StackRule(
    id="tg-port-served",
    title="A target group's port is one that its instances listen on",
    question=Question.SERVE,
    severity=Severity.HIGH,
    scope=Scope.HIGH_AVAILABILITY,
    controls={_WELL_ARCHITECTED: ("REL11-BP01",)},
    url=f"{_ALB}load-balancer-target-groups.html",
    remedy="set the target group's port to the one that the application listens on.",
    steps=(
        "Compare the target group's port with what the user data or the image starts.",
        (
            "Use one setting of the program for both, and for from_port and to_port of the rules of "
            "the security groups between load balancer and instances."
        ),
    ),
    unknown=(
        "Only user data that is known and names a port is judged; a web server or forwarding "
        "started there may listen on its own default."
    ),
    check=_ports,
)


# --- health check ---------------------------------------------------------------------------------


def _other_protocol(target: Resource) -> Iterator[Violation]:
    """Find a check that speaks HTTP to a port of HTTPS, or the other way round."""
    spoken = str(target.get("protocol")).upper()
    asked = target.setting("healthCheck", "protocol")
    kind = str(asked or "HTTP").upper()
    if {spoken, kind} != {"HTTP", "HTTPS"} or asked is UNKNOWN:
        return
    yield Violation(
        f'Health checks of target group "{target.name}" speak {kind} to a port that gets its '
        f"requests by {spoken}: one port speaks one of them, so every check fails, or every request.",
        target,
        (target_step(target), f"requests by {spoken}", f"health check by {kind}"),
        f'set health_check.protocol to "{spoken}".',
    )


def _check_port(stack: Stack, _: Settings) -> Iterator[Violation]:
    for target in stack.of(tokens.TARGET_GROUP):
        given, port = target.get("healthCheck", "port"), number(target.get("port"))
        asked = number(given)
        if target_type(target) == "lambda" or port is None:
            continue
        if asked is None or asked == port:
            yield from _other_protocol(target)
            continue
        if not asks_another_port(target):
            continue  # a protocol that cannot be asked is asked beside it
        yield Violation(
            f'Health checks of target group "{target.name}" ask port {asked:g}, requests go to '
            f"{port:g}: a target counts as healthy although nothing answers requests.",
            target,
            (target_step(target), f"health check on port {asked:g}"),
        )


HEALTH_CHECK_PORT = StackRule(
    id="tg-health-check-port",
    title="Health checks use the port that gets the requests",
    question=Question.SERVE,
    severity=Severity.HIGH,
    scope=Scope.HIGH_AVAILABILITY,
    controls={_WELL_ARCHITECTED: ("REL11-BP01",)},
    url=f"{_ALB}target-group-health-checks.html",
    remedy='set health_check.port to "traffic-port", the default.',
    steps=(
        'Remove health_check.port, or set it to "traffic-port".',
        "Serve the health path by what serves the requests.",
    ),
    unknown='An unknown port is accepted; an absent one is the documented default, "traffic-port".',
    check=_check_port,
)


def _matcher(stack: Stack, _: Settings) -> Iterator[Violation]:
    for target in stack.of(tokens.TARGET_GROUP):
        given = target.get("healthCheck", "matcher")
        if not isinstance(given, str) or not given:
            continue
        version = str(target.get("protocolVersion")).upper()
        accepted = _errors_in(given, grpc=version == "GRPC")
        if accepted:
            yield Violation(
                f'Health checks of target group "{target.name}" accept {show(given)}: an instance '
                f"that answers {accepted} counts as healthy, keeps its requests and is never "
                "replaced.",
                target,
                (target_step(target), f"health check accepts {given}"),
            )


def _errors_in(matcher: str, *, grpc: bool) -> str | None:
    """Return an error that a matcher accepts: a 404, a 5xx, or any within a range."""
    for part in matcher.split(","):
        ends = [number(end) for end in part.split("-")]
        if None in ends:
            continue
        first, last = int(ends[0] or 0), int(ends[-1] or 0)
        if grpc:
            # 0 is OK, 12 the service that has no health check of its own.
            if last - first > 1:
                return "an error"
        elif first <= 404 <= last:
            return "404"
        elif last >= 500:
            return str(max(first, 500))
        elif last >= 400 and first != last:
            return str(max(first, 400))
    return None


HEALTH_CHECK_MATCHER = StackRule(
    id="tg-health-check-matcher",
    title="Errors do not count as healthy",
    question=Question.SERVE,
    severity=Severity.HIGH,
    scope=Scope.HIGH_AVAILABILITY,
    controls={_WELL_ARCHITECTED: ("REL11-BP01",)},
    url=f"{_ALB}target-group-health-checks.html",
    remedy='set health_check.matcher to "200", or to the codes below 400 that the path answers.',
    steps=(
        'Set health_check.matcher="200" and a path that answers 200 while the service works.',
        "For a page that redirects, ask the page that it leads to.",
    ),
    unknown='An unknown or absent matcher is the documented default, "200".',
    check=_matcher,
)

RULES = (
    TYPE_FITS,
    SAME_VPC,
    PORT_SERVED,
    HEALTH_CHECK_PORT,
    HEALTH_CHECK_MATCHER,
)
