"""Rules about the members of a cluster and its zones: a failover is to one as large, and it stays."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from guardrails.architecture.data_stores import Cluster
from guardrails.architecture.stores import DataStores
from guardrails.model import Level, Question, Scope, Settings, Severity, StackRule, Violation
from guardrails.resources import Resource, Stack
from guardrails.values import UNKNOWN, is_absent, items, number, show

_SIZES = ("micro", "small", "medium", "large", "xlarge")
_SERVERLESS = "db.serverless"
_FOLLOWS = 1.0
"""Serverless readers up to this promotion tier are kept as large as the writer."""


def _size(member: Resource) -> float | None:
    """Return how large an instance is, in steps that double; `None` if that is not known."""
    kind = member.get("instanceClass")
    last = kind.rpartition(".")[2] if isinstance(kind, str) else ""
    if last in _SIZES:
        return 2.0 ** _SIZES.index(last)
    times = number(last.removesuffix("xlarge")) if last.endswith("xlarge") else None
    return None if times is None else times * 2.0 ** _SIZES.index("xlarge")


def _tier(member: Resource) -> float | None:
    given = member.setting("promotionTier")
    return 0.0 if is_absent(given) else number(given)  # the provider's default


def _takes_over(sized: Sequence[tuple[Resource, float, float]]) -> tuple[Resource, Resource] | None:
    """Return the largest member, and the smaller one that takes over when it fails.

    The member of the lowest promotion tier does, of several the largest.
    """
    writer = max(sized, key=lambda one: one[1])
    others = [one for one in sized if one is not writer]
    heir = min(others, key=lambda one: (one[2], -one[1]))
    return (writer[0], heir[0]) if heir[1] < writer[1] else None


def _serverless(members: Sequence[Resource]) -> Resource | None:
    """Return a member that is not kept as large as the writer, if all others are like it."""
    tiers = [_tier(one) for one in members]
    if any(one.get("instanceClass") != _SERVERLESS for one in members) or None in tiers:
        return None
    following = [tier for tier in tiers if tier is not None and tier <= _FOLLOWS]
    # One of the lowest tier is the writer; a second one has to follow it.
    return members[-1] if len(following) < 2 else None


def _members(stack: Stack, _: Settings) -> Iterator[Violation]:
    for cluster in stack.derived(DataStores).stores:
        if not isinstance(cluster, Cluster) or len(cluster.members) < 2:
            continue
        label, members = cluster.label, cluster.members
        alone = _serverless(members)
        if alone is not None:
            yield Violation(
                f"After a failover {label} is small at first: no reader is in promotion tier 0 or 1, "
                "and so none is kept as large as the writer.",
                alone,
                (label, *(f'instance "{one.name}", {_shown(one)}' for one in members)),
                "set promotion_tier of a reader to 1.",
            )
            continue
        sized = [
            (one, size, tier)
            for one in members
            if (size := _size(one)) is not None and (tier := _tier(one)) is not None
        ]
        found = _takes_over(sized) if len(sized) == len(members) else None
        if found is not None:
            writer, heir = found
            yield Violation(
                f'When "{writer.name}" of {label} fails, "{heir.name}" takes over, which is smaller: '
                f"{heir.shown('instanceClass')} instead of {writer.shown('instanceClass')}.",
                heir,
                (label, *(f'instance "{one.name}", {_shown(one)}' for one in members)),
                f'set instance_class of "{heir.name}" to {writer.shown("instanceClass")}, or '
                "promotion_tier of a reader of that class to a lower number than those of the others.",
            )


def _shown(member: Resource) -> str:
    return f"{member.shown('instanceClass')}, promotion tier {show(_tier(member))}"


SAME_SIZE = StackRule(
    id="data-store-failover-size",
    title="A cluster fails over to an instance that is as large",
    question=Question.SURVIVE,
    severity=Severity.MEDIUM,
    level=Level.ADVISORY,  # a second instance of the size costs money
    production=Level.MANDATORY,
    scope=Scope.HIGH_AVAILABILITY,
    controls={"Well-Architected": ("REL11-BP02", "REL11-BP05")},
    url="https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/Concepts.AuroraHighAvailability.html",
    remedy="set instance_class of the instance that takes over to that of the writer.",
    steps=(
        "Give at least one reader the writer's instance_class, and the lowest promotion_tier.",
        "Of serverless instances set promotion_tier of a reader to 0 or 1.",
    ),
    unknown="A class or tier that is not known is not judged.",
    check=_members,
)

# --- zones of Aurora ------------------------------------------------------------------------------

_ZONES_OF_AURORA = 3
"""Aurora keeps its volume in three zones, and adds those that a program does not name."""


def _replaced(stack: Stack, _: Settings) -> Iterator[Violation]:
    for cluster in stack.of(("aws:rds/cluster:Cluster",)):
        given = cluster.inputs if cluster.inputs is not None else {}
        named = items(given.get("availabilityZones"))
        aurora = str(cluster.get("engine")).startswith("aurora")
        if not aurora or not 0 < len(named) < _ZONES_OF_AURORA or UNKNOWN in named:
            continue
        if cluster.options.ignores("availabilityZones") is None:
            yield Violation(
                f'The next update replaces Aurora cluster "{cluster.name}", with all its data: '
                f"availability_zones names {len(named)} of the {_ZONES_OF_AURORA} zones that it has, and "
                "the provider takes the others for a change that only a new cluster can make.",
                cluster,
                (f'cluster "{cluster.name}"', f"availability_zones {', '.join(map(str, named))}"),
            )


SETTLED = StackRule(
    id="aurora-zones-settle",
    title="The zones of an Aurora cluster do not force its replacement",
    question=Question.SURVIVE,
    severity=Severity.HIGH,
    controls={"Well-Architected": ("REL09-BP01", "REL08-BP04")},
    url="https://www.pulumi.com/registry/packages/aws/api-docs/rds/cluster/",
    remedy=(
        "remove availability_zones: the subnets of the subnet group decide; or name three, or list it in "
        "ignore_changes."
    ),
    steps=(
        "Leave availability_zones out; set availability_zone of the instances where it matters.",
        "Or name all three zones that the cluster has.",
    ),
    unknown="Zones that are not known are not judged, nor is a saved state: it has the zones of AWS.",
    check=_replaced,
)

RULES = (SAME_SIZE, SETTLED)
