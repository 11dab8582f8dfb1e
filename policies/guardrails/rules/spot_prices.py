"""The rule about prices of Spot Instances: the maximum price that is offered buys one."""

from __future__ import annotations

from collections.abc import Iterator

from guardrails.architecture.fleets import Fleets, Group
from guardrails.architecture.instance_sizes import least_spot_price
from guardrails.model import Question, Scope, Settings, Severity, StackRule, Violation
from guardrails.resources import Resource, Stack
from guardrails.values import dig, figure, is_absent, number

_MIXED = ("mixedInstancesPolicy", "instancesDistribution", "spotMaxPrice")


def _offers(group: Group) -> Iterator[tuple[Resource, str, float]]:
    """Yield the highest prices that a group offers: who says so, the property, USD an hour."""
    launching = group.launching
    if launching.mixed:
        given = group.given(*_MIXED) if launching.on_spot else None
        price = number(given)
        if not is_absent(given) and price is not None:
            yield group.resource, "spot_max_price", price
        return
    for template in launching.spot_templates():
        given = dig(template.get("instanceMarketOptions"), "spotOptions", "maxPrice")
        price = number(given)
        if not is_absent(given) and price is not None:
            yield template, "max_price of spot_options", price


def _never(stack: Stack, _: Settings) -> Iterator[Violation]:
    for group in stack.derived(Fleets).groups:
        types = group.launching.types
        for owner, prop, price in _offers(group) if types else ():
            least, cheapest = min((least_spot_price(kind), kind) for kind in types)
            if price < least:
                yield Violation(
                    f'Auto Scaling group "{group.name}" never gets a Spot Instance: it offers '
                    f"{price:f} USD an hour at most ({prop}), and no Spot price of {cheapest} is below "
                    f"{figure(least)}, 90 % off what it costs on demand.",
                    owner,
                    (f'Auto Scaling group "{group.name}"', f"{prop} {price:f}", cheapest),
                    f"leave {prop} out: the highest price is then that on demand, and what is paid is the "
                    "Spot price all the same.",
                )


OFFERED = StackRule(
    id="asg-spot-price",
    title="Spot Instances are to be had for the price that a group offers",
    question=Question.SURVIVE,
    severity=Severity.HIGH,
    scope=Scope.HIGH_AVAILABILITY,
    controls={"Well-Architected": ("REL07-BP01", "COST06-BP03")},
    url="https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-mixed-instances-groups.html",
    remedy="leave spot_max_price out: the highest price is then that on demand.",
    steps=(
        "Leave spot_max_price, or max_price of spot_options, out.",
        "Where a limit is wanted, give USD an hour, for example what the type costs on demand.",
    ),
    unknown=(
        "A size says how many vCPUs a type has, and none of them costs less than one of the family c; of "
        "metal, mac, hpc and u a price is too low that no type has. Types by attributes, and prices that "
        "are not known, are not judged."
    ),
    check=_never,
)

RULES = (OFFERED,)
