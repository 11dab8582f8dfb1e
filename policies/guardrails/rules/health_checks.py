"""The rule about health checks of Route 53: one can pass, and can fail."""

from __future__ import annotations

from collections.abc import Iterator

from guardrails import tokens
from guardrails.architecture.firewall import Firewall
from guardrails.architecture.permits import INGRESS, is_private
from guardrails.architecture.records import Records
from guardrails.architecture.regions import Regions
from guardrails.architecture.targets import Targets
from guardrails.architecture.traffic import Traffic, is_internal
from guardrails.model import Question, Settings, Severity, StackRule, Violation
from guardrails.resources import Resource, Stack
from guardrails.values import UNKNOWN, is_absent, is_true, items, number, show

_GUIDE = "https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/"
_HTTP, _HTTPS = 80.0, 443.0


def _counted(check: Resource) -> Iterator[Violation]:
    children, least = (
        items(check.get("childHealthchecks")),
        number(check.get("childHealthThreshold")),
    )
    if check.get("type") != "CALCULATED" or not children or least is None:
        return
    if least > len(children):
        yield Violation(
            f'Health check "{check.name}" fails always: {least:g} of its children have to be healthy '
            f"(child_health_threshold), and it has {len(children)}.",
            check,
            (
                f'health check "{check.name}"',
                f"child_health_threshold {least:g}",
                f"{len(children)} child_healthchecks",
            ),
            f"set child_health_threshold to 1 to {len(children)}.",
        )


_PLAIN = ("HTTP", "HTTP_STR_MATCH")
_BY_TLS = ("HTTPS", "HTTPS_STR_MATCH")


def _misasked(check: Resource) -> Iterator[Violation]:
    """Yield that a health check asks by HTTP where TLS is spoken, or the other way round."""
    kind, port = check.get("type"), number(check.get("port"))
    other = {_HTTPS: _PLAIN, _HTTP: _BY_TLS}.get(port or 0, ())
    if kind in other:
        spoken = "HTTPS" if port == _HTTPS else "HTTP"
        right = kind.replace("HTTPS", "HTTP") if spoken == "HTTP" else kind.replace("HTTP", "HTTPS")
        yield Violation(
            f'Health check "{check.name}" fails always: it speaks {kind.partition("_")[0]} to port '
            f"{port:g}, where {spoken} is spoken.",
            check,
            (f'health check "{check.name}"', f"type {kind}", f"port {port:g}"),
            f'set type to "{right}", or port to {_HTTP if port == _HTTPS else _HTTPS:g}.',
        )


_OF_OTHERS = ("CALCULATED", "CLOUDWATCH_METRIC", "RECOVERY_CONTROL")


def _switched(stack: Stack, check: Resource) -> Iterator[Violation]:
    """Yield that a health check does not say what it sees, where it decides on no failover.

    Otherwise dns-fails-over reports it.
    """
    deciding = (one.get("failoverRoutingPolicies") for one in stack.users(check))
    if not all(map(is_absent, deciding)):
        return
    if is_true(check.get("disabled")):
        what, name = "always counts as healthy, also while nothing answers", "disabled"
    elif is_true(check.get("invertHealthcheck")) and check.get("type") not in _OF_OTHERS:
        what, name = (
            "counts as healthy while nothing answers, and as unhealthy otherwise",
            ("invert_healthcheck"),
        )
    else:
        return
    yield Violation(
        f'Health check "{check.name}" {what}: {name} is true.',
        check,
        (f'health check "{check.name}"', f"{name} true"),
        f"remove {name}, or set it to false.",
    )


def _asked(stack: Stack, check: Resource) -> list[Resource]:
    """Return the load balancers that a health check asks, by their own name or by a record's."""
    found = stack.sources(check, "fqdn", tokens.LOAD_BALANCER)
    name = check.get("fqdn")
    if isinstance(name, str):
        wanted = name.lower().rstrip(".")
        found += [one for one in stack.of(tokens.LOAD_BALANCER) if one.get("dnsName") == name]
        records = (one for one in stack.derived(Records).records if one.name == wanted)
        found += [balancer for one in records for balancer in one.balancers]
    return list(dict.fromkeys(found))


def _unreachable(stack: Stack, check: Resource) -> Iterator[Violation]:
    """Yield that what a health check asks has private addresses only, or admits others only."""
    address = check.get("ipAddress")
    if is_private(address):
        yield Violation(
            f'Health check "{check.name}" asks {address}, a private address, which Route 53 cannot reach.',
            check,
            (f'health check "{check.name}"', f"ip_address {address}"),
            _INSTEAD,
        )
    balancers = _asked(stack, check)
    for balancer in balancers:
        path = (f'health check "{check.name}"', f'load balancer "{balancer.name}"')
        if all(map(is_internal, balancers)):
            yield Violation(
                f'Health check "{check.name}" fails always: Route 53 asks from the internet, and load '
                f'balancer "{balancer.name}" is internal: its name leads to private addresses.',
                check,
                (*path, "internal true"),
                _INSTEAD,
            )
            return
        yield from _kept_out(stack, check, balancer, path)


_INSTEAD = (
    'set type of the health check to "CLOUDWATCH_METRIC", cloudwatch_alarm_name and '
    "cloudwatch_alarm_region to an alarm on UnHealthyHostCount of the target group, and leave out what "
    "it asks; or rely on evaluate_target_health of the alias alone."
)


def _kept_out(
    stack: Stack, check: Resource, balancer: Resource, path: tuple[str, ...]
) -> Iterator[Violation]:
    usual = _HTTPS if str(check.get("type")).startswith("HTTPS") else _HTTP
    port = number(check.get("port")) or usual
    listeners = stack.derived(Traffic).listeners(balancer)
    ports = [number(one.get("port")) for one in listeners]
    by_its_name = balancer in stack.sources(check, "fqdn", tokens.LOAD_BALANCER)
    # Of a record, dns-fails-over reports it.
    if by_its_name and ports and None not in ports and port not in ports:
        listed = ", ".join(f"{one:g}" for one in ports if one is not None)
        yield Violation(
            f'Health check "{check.name}" fails always: it asks port {port:g}, and load balancer '
            f'"{balancer.name}" listens on {listed}.',
            check,
            (*path, f"port {port:g}"),
            f"set port of the health check to {listed.replace(', ', ' or ')}.",
        )
        return
    party, firewall = stack.derived(Targets).balancer_party(balancer), stack.derived(Firewall)
    open_to_some = firewall.opens(INGRESS, party, int(port)).is_yes
    if check.get("port") is UNKNOWN or not open_to_some or is_internal(balancer):
        return
    everybody = [one for group in party.groups.resources for one in firewall.world_ports(group)]
    admitted = any(one.covers(int(port), "tcp") is not False for one in everybody)
    if party.groups.complete and not party.unfiltered and not admitted:
        yield Violation(
            f'whether health check "{check.name}" can pass is not known: load balancer '
            f'"{balancer.name}" does not admit everybody on port {port:g}, and Route 53 asks from '
            "addresses of its own.",
            check,
            (*path, f"port {port:g}"),
            "admit the prefix list com.amazonaws.<region>.route53-healthchecks on that port in the load "
            "balancer's security group.",
            undecided=True,
        )


def _followed(stack: Stack, check: Resource) -> Iterator[Violation]:
    """Yield that a health check follows an alarm whose Region it does not name."""
    if check.get("type") != "CLOUDWATCH_METRIC":
        return
    name, region = check.get("cloudwatchAlarmName"), check.get("cloudwatchAlarmRegion")
    alarms = stack.references(
        check, "cloudwatchAlarmName", tokens.METRIC_ALARM, ("name", "id"), value=[name]
    )
    for alarm in alarms.resources:
        own = stack.derived(Regions).of(alarm)
        if own is not None and isinstance(region, str) and region and region != own:
            yield Violation(
                f'Health check "{check.name}" follows alarm "{alarm.name}" in {show(region)}, and that is '
                f"in {own}.",
                check,
                (f'health check "{check.name}"', f'alarm "{alarm.name}" in {own}'),
                f'set cloudwatch_alarm_region to "{own}".',
            )


def _passes(stack: Stack, _: Settings) -> Iterator[Violation]:
    for check in stack.of(tokens.HEALTH_CHECK):
        yield from _counted(check)
        yield from _misasked(check)
        yield from _switched(stack, check)
        yield from _unreachable(stack, check)
        yield from _followed(stack, check)


PASSES = StackRule(
    id="dns-check-can-pass",
    title="A Route 53 health check can pass, and can fail",
    question=Question.SURVIVE,
    severity=Severity.HIGH,
    controls={"Well-Architected": ("REL11-BP01", "REL11-BP02")},
    url=f"{_GUIDE}health-checks-types.html",
    remedy="let the health check ask what the internet reaches.",
    steps=(
        "Set child_health_threshold to 1 or more, and at most to the number of child_healthchecks.",
        "Health checkers are on the internet: ask a public name and port, never an internal one.",
        "Ask port 443 by HTTPS, port 80 by HTTP; leave disabled and invert_healthcheck out.",
        'Of what is private, follow an alarm: type "CLOUDWATCH_METRIC".',
    ),
    unknown=(
        "Whether a load balancer that does not admit everybody admits Route 53 is undecided. Children that "
        "are not known are not counted."
    ),
    check=_passes,
)

RULES = (PASSES,)
