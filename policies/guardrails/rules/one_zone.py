"""The rule about what a fleet starts from: not from a single server, volume or mount target."""

from __future__ import annotations

from collections.abc import Iterator

from guardrails import tokens
from guardrails.architecture.containers import Containers
from guardrails.architecture.one_zone import Origin, origins
from guardrails.architecture.serving import Serving
from guardrails.model import Level, Question, Scope, Settings, Severity, StackRule, Violation
from guardrails.resources import Resource, Stack


def _starts(stack: Stack) -> Iterator[tuple[str, Resource, str, str]]:
    """Yield what serves, what it starts from, and the property that holds it, with its label."""
    for group in stack.derived(Serving).groups:
        for template in group.launching.templates:
            yield f'Auto Scaling group "{group.name}"', template, "userData", "user data"
    for service in stack.derived(Containers).asked:
        for task in stack.references(
            service.resource, "taskDefinition", tokens.TASK_DEFINITION, ("arn", "id")
        ).any:
            yield f'service "{service.name}"', task, "containerDefinitions", "containers"


def _one_zone(stack: Stack, _: Settings) -> Iterator[Violation]:
    seen: set[Resource] = set()
    for who, owner, prop, label in _starts(stack):
        found = origins(stack, owner, prop)
        if owner in seen or not found or not _together(found):
            continue
        seen.add(owner)
        first = found[0]
        place = f" in {first.zone}" if first.zone else ""
        yield Violation(
            f"What {who} starts is made from {first.name}{place}, which is in one zone: without that "
            "zone, what starts anew may not find it.",
            owner,
            (who, f'{label} of "{owner.name}"', *first.steps, first.name, first.zone or "one zone"),
        )


def _together(found: list[Origin]) -> bool:
    """Return whether everything that it is made from is lost with one zone."""
    zones = {one.zone for one in found}
    return len(found) == 1 or (len(zones) == 1 and None not in zones)


STARTS_ANYWHERE = StackRule(
    id="fleet-starts-without-one-zone",
    title="New instances do not depend on a single server to start",
    question=Question.SURVIVE,
    severity=Severity.MEDIUM,
    level=Level.ADVISORY,  # what is done with the address is not known
    scope=Scope.HIGH_AVAILABILITY,
    controls={"Well-Architected": ("REL10-BP01", "REL11-BP05")},
    url="https://docs.aws.amazon.com/wellarchitected/latest/reliability-pillar/rel_withstand_component_failures_static_stability.html",
    remedy=(
        "take the address out of the user data or the container definitions, or replace the server "
        "by something in several zones: a load balancer's dns_name, a file system's dns_name, the "
        "endpoint of a cluster instead of that of a member, a managed service."
    ),
    steps=(
        "Put the server behind an internal load balancer with a fleet of its own.",
        "Mount a file system by its own dns_name, which leads to the mount target of each zone.",
        "Connect to the endpoint or reader_endpoint of a cluster: it follows a failover.",
        "Or name servers in two zones.",
    ),
    unknown=(
        "Values are followed through dependencies, records and parameters. Servers whose zones are "
        "not known count as spread where there are several."
    ),
    check=_one_zone,
)

RULES = (STARTS_ANYWHERE,)
