"""Rules about DNS (Route 53): a name leads where it is served, and fails over when it has to."""

from __future__ import annotations

from collections.abc import Iterator

from guardrails import tokens
from guardrails.architecture.conditions import Condition, conditions
from guardrails.architecture.name_checks import wrong_check
from guardrails.architecture.public_names import Hidden, PublicNames
from guardrails.architecture.records import ROUTED, ZONES, Record, Records
from guardrails.architecture.traffic import Route, Traffic, listener_step
from guardrails.model import Question, Scope, Settings, Severity, StackRule, Violation
from guardrails.refusals import joint_refusal_rule
from guardrails.refused import dns_refusals
from guardrails.resources import Resource, Stack
from guardrails.values import dig, items, number

_GUIDE = "https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/"
_API = "https://docs.aws.amazon.com/Route53/latest/APIReference/"
_FIRST_ERROR = 400


# --- failing over ---------------------------------------------------------------------------------


def _check_of(stack: Stack, record: Record) -> tuple[Resource, ...]:
    if record.resource.left_out("healthCheckId"):
        return ()
    return stack.references(
        record.resource, "healthCheckId", tokens.HEALTH_CHECK, ("id",)
    ).resources


def _failover(stack: Stack, _: Settings) -> Iterator[Violation]:
    names = stack.derived(Records)
    for record in names.records:
        if record.failover != "PRIMARY":
            continue
        if any(one.failover == "PRIMARY" for one in names.beside(record)):
            continue  # dns-accepted reports that
        checks, given = _check_of(stack, record), not record.resource.left_out("healthCheckId")
        step = (f'record "{record.resource.name}": {record.name} PRIMARY',)
        if not given and record.asks is False:
            yield Violation(
                f"{record.name} never fails over: nothing tells how primary record "
                f'"{record.resource.name}" is. It has no health check, and evaluate_target_health of its '
                "alias is false.",
                record.resource,
                step,
                "set evaluate_target_health of aliases to true, or health_check_id to an "
                "aws.route53.HealthCheck.",
            )
            continue
        for check in checks:
            wrong = wrong_check(stack, record, check)
            if wrong is not None:
                yield Violation(
                    f"{record.name} does not fail over when it should: health check "
                    f'"{check.name}" decides, and {wrong[0]}.',
                    check,
                    (*step, f'health check "{check.name}"'),
                    wrong[1],
                )
        yield from _same_place(names, record, step)
        if record.name and not any(one.failover == "SECONDARY" for one in names.beside(record)):
            yield Violation(
                f"where {record.name} fails over to is not known: this stack has a PRIMARY record and no "
                "SECONDARY one.",
                record.resource,
                step,
                "create the record with failover_routing_policies of type SECONDARY in this stack, or "
                "accept that another stack has it.",
                undecided=True,
            )


def _same_place(names: Records, record: Record, step: tuple[str, ...]) -> Iterator[Violation]:
    """Yield that a name fails over to the load balancer that has failed."""
    for other in names.beside(record):
        if other.failover == "SECONDARY" and other.balancers == record.balancers != ():
            yield Violation(
                f"{record.name} fails over to where it failed: its SECONDARY record leads to load balancer "
                f'"{record.balancers[0].name}", as the PRIMARY one does.',
                other.resource,
                (*step, f'record "{other.resource.name}": SECONDARY'),
                f'set aliases of "{other.resource.name}" to another place: a load balancer of another '
                "Region, or a page in a bucket.",
            )


FAILOVER = StackRule(
    id="dns-fails-over",
    title="A name with failover records fails over when the primary does not respond",
    question=Question.SURVIVE,
    severity=Severity.HIGH,
    scope=Scope.HIGH_AVAILABILITY,
    controls={"Well-Architected": ("REL02-BP01", "REL11-BP02")},
    url=f"{_GUIDE}dns-failover.html",
    remedy="give the primary record a health check that asks the site, and the name a secondary record.",
    steps=(
        "Set evaluate_target_health=True on the alias, or health_check_id to a check of the site.",
        "Let the health check ask the listener that forwards, by HTTP or HTTPS, every 30 s or sooner.",
        'Create a record of the same name with failover_routing_policies=[{"type": "SECONDARY"}].',
    ),
    unknown=(
        "A health check of another stack is taken to work. Whether a SECONDARY record is in another "
        "stack is undecided."
    ),
    check=_failover,
)


# --- rules by host --------------------------------------------------------------------------------


def _admits(route: Route, host: str) -> bool:
    """Return whether a rule may be for requests to a host."""
    if route.rule is None:
        return True
    asked = [one for one in conditions(route.rule) if one.field == "hostHeader"]
    wanted = Condition("hostHeader", (("", host),))
    return all(one.expressions or not one.known or one.includes(wanted) for one in asked)


def _answers(route: Route) -> bool:
    """Return whether a visitor gets there what was asked for, or is sent to another name."""
    if route.kind == "redirect":
        return not route.keeps_host
    if route.kind == "fixed-response":
        status = number(dig(route.action, "fixedResponse", "statusCode"))
        return status is None or status < _FIRST_ERROR
    return True


def _hidden(found: Hidden) -> Violation:
    """Return that visitors cannot look up a name, or, without a public zone, may not."""
    name, zone, balancer = found.record.name, found.zone.name, found.balancer.name
    only = f'its record "{found.record.resource.name}" is in private zone "{zone}"'
    what = (
        f'Nobody outside finds {name}, which leads to load balancer "{balancer}" for the internet: '
        f'{only}, and public zone "{found.public.name}" has none of that name.'
        if found.public is not None
        else f'whether visitors find load balancer "{balancer}" by {name} is not known: {only}, in which '
        "only its VPCs look names up, and no public zone is of this stack."
    )
    public = f'zone_id of public zone "{found.public.name}"' if found.public else "a public zone"
    return Violation(
        what,
        found.record.resource,
        (
            f'record "{found.record.resource.name}": {name}',
            f'private zone "{zone}"',
            f'load balancer "{balancer}"',
        ),
        f"add an aws.route53.Record of the same name with {public}, or set zone_id of the record to it; "
        "for a service of the network alone set internal of the load balancer to true.",
        undecided=found.public is None,
    )


_TOP = ("com", "org", "net", "io", "dev", "app", "eu", "de", "uk", "fr", "kr", "jp", "cloud")
"""Ends of names that are rarely those of a host within a zone."""


def _doubled(stack: Stack, record: Record) -> Iterator[Violation]:
    """Yield that a name is probably of another domain than its zone, which is then appended to it."""
    given = record.resource.get("name")
    zones = stack.references(record.resource, "zoneId", ZONES, ("zoneId", "id")).resources
    zone = zones[0].get("name") if len(zones) == 1 else None
    if not isinstance(given, str) or not isinstance(zone, str):
        return
    name, domain = given.lower().rstrip("."), zone.lower().rstrip(".")
    if "." in name and name.rpartition(".")[2] in _TOP and not f".{name}".endswith(f".{domain}"):
        yield Violation(
            f'whether visitors find {name} is not known: it is not in zone "{zones[0].name}", which '
            f"makes it {name}.{domain}.",
            record.resource,
            (f'record "{record.resource.name}": {name}', f'zone "{zones[0].name}": {domain}'),
            f"set zone_id of the record to the zone of {name.partition('.')[2]}, or name to one that ends "
            f"with {domain}.",
            undecided=True,
        )


def _unserved(stack: Stack, _: Settings) -> Iterator[Violation]:
    yield from map(_hidden, stack.derived(PublicNames).hidden())
    for record in stack.derived(Records).records:
        yield from _doubled(stack, record)
    traffic = stack.derived(Traffic)
    for record in stack.derived(Records).records:
        if record.kind not in ("A", "AAAA", "CNAME") or not record.name or "." not in record.name:
            continue
        for balancer in record.balancers:
            routes = [
                (listener, route)
                for listener in traffic.listeners(balancer)
                for route in traffic.routes(listener)
            ]
            forwarding = [one for one in routes if _answers(one[1])]
            if not forwarding or any(_admits(route, record.name) for _, route in forwarding):
                continue
            yield Violation(
                f'{record.name} leads to load balancer "{balancer.name}", and no rule of it forwards '
                "requests for that host.",
                record.resource,
                (
                    f'record "{record.resource.name}": {record.name}',
                    f'load balancer "{balancer.name}"',
                    listener_step(forwarding[0][0]),
                    "no rule for this host",
                ),
                f'add "{record.name}" to host_header of a rule that forwards, or correct the name of '
                "the record.",
            )


HOSTS = StackRule(
    id="dns-name-served",
    title="Visitors can look up every name that points to a load balancer, which serves it",
    question=Question.SERVE,
    severity=Severity.HIGH,
    scope=Scope.HIGH_AVAILABILITY,
    controls={"Well-Architected": ("REL02-BP01",)},
    url="https://docs.aws.amazon.com/elasticloadbalancing/latest/application/rule-condition-types.html",
    remedy="add the name to host_header of a rule that forwards.",
    steps=(
        "List the name of the record in the conditions of the rule that is for it.",
        "Create the record of a public name in a public zone; in a private one only its VPCs find it.",
    ),
    unknown=(
        "A name, host or rule that is not known may be the one that is meant. A name in a private zone "
        "only is undecided where no public zone of its domain is in the stack."
    ),
    check=_unserved,
)


# --- names that lead to one server ----------------------------------------------------------------


def _single(stack: Stack, _: Settings) -> Iterator[Violation]:
    for one in stack.derived(PublicNames).single():
        record = one.record.resource
        yield Violation(
            f"Visitors who ask for {one.record.name} get one server, past load balancer "
            f'"{one.beside.name}": record "{record.name}" leads to {one.label} only. Without it, or its '
            "zone, nobody is served.",
            record,
            (f'record "{record.name}": {one.record.name}', one.label, "one server"),
            f'set aliases of "{record.name}" to dns_name and zone_id of load balancer '
            f'"{one.beside.name}", in place of records and ttl.',
        )


SEVERAL = StackRule(
    id="dns-several-servers",
    title="A name for visitors does not lead to one server",
    question=Question.SURVIVE,
    severity=Severity.HIGH,
    scope=Scope.HIGH_AVAILABILITY,
    controls={"Well-Architected": ("REL02-BP01", "REL10-BP01", "REL11-BP02")},
    url=f"{_GUIDE}routing-to-elb-load-balancer.html",
    remedy="set aliases of the record to dns_name and zone_id of the load balancer.",
    steps=(
        "Replace records and ttl by aliases to the load balancer, with evaluate_target_health.",
        "Give a server that is asked for itself, such as a bastion, a name of its own.",
    ),
    unknown=(
        "Names for visitors are those of the zone, www, and what certificates, rules and distributions of "
        "the stack name. Addresses that come from no resource of the stack are not judged."
    ),
    check=_single,
)


# --- how long answers are kept --------------------------------------------------------------------

_LONGEST = "maximumTtlSeconds"


def _moves(record: Record) -> str | None:
    """Return what lets the answer of a record change when its site fails."""
    if record.failover:
        return f"failover, {record.failover}"
    routed = [name for name in ROUTED if not record.resource.left_out(name)]
    checked = not record.resource.left_out("healthCheckId")
    return "health_check_id" if checked and any(map(record.resource.setting, routed)) else None


def _kept(stack: Stack, settings: Settings) -> Iterator[Violation]:
    most = settings.integer(_LONGEST)
    for record in stack.derived(Records).records:
        ttl, moves = number(record.resource.setting("ttl")), _moves(record)
        if moves is None or ttl is None or ttl <= most or items(record.resource.get("aliases")):
            continue
        yield Violation(
            f'Visitors of record "{record.resource.name}" ask a site that has failed for up to '
            f"{ttl:g} s more: for so long (ttl) their name servers keep its address.",
            record.resource,
            (f'record "{record.resource.name}", ttl {ttl:g}', moves, "cached answers"),
        )


SHORT = StackRule(
    id="dns-ttl-short",
    title="DNS answers that change on failover have a short TTL",
    question=Question.SURVIVE,
    severity=Severity.HIGH,
    scope=Scope.HIGH_AVAILABILITY,
    controls={"Well-Architected": ("REL11-BP02",)},
    url=f"{_GUIDE}resource-record-sets-values-failover.html",
    remedy="set ttl of the record to 60 or less, or use an alias, which has a short one.",
    steps=(
        "Set ttl to 60 or less in every record of the name.",
        "Or replace records by aliases to the load balancers, with evaluate_target_health.",
    ),
    unknown="A ttl that is not known is not judged; neither is one of a record that never changes.",
    parameters={
        _LONGEST: {
            "type": "integer",
            "description": "Longest ttl, in seconds, of a record whose answer changes with its health.",
            "default": 300,
            "minimum": 0,
        }
    },
    check=_kept,
)


# --- what Route 53 refuses ------------------------------------------------------------------------

ACCEPTED = joint_refusal_rule(
    dns_refusals.TABLE,
    id="dns-accepted",
    title="Route 53 accepts every record",
    url=f"{_API}API_ChangeResourceRecordSets.html",
    remedy="correct the record as the message says.",
)

RULES = (FAILOVER, SHORT, HOSTS, SEVERAL, ACCEPTED)
