"""Rules about the least that a data store has: it answers at once, and takes more than it usually gets."""

from __future__ import annotations

from collections.abc import Iterator

from guardrails import tokens
from guardrails.architecture.containers import Containers
from guardrails.architecture.serving import Serving
from guardrails.model import Level, Question, Scope, Settings, Severity, StackRule, Violation
from guardrails.resources import Resource, Stack
from guardrails.values import is_absent, number

_CLUSTER = ("aws:rds/cluster:Cluster",)


def _visited(stack: Stack) -> str | None:
    """Return what serves visitors here, as a step of a path; `None` if nothing does."""
    for group in stack.derived(Serving).groups:
        return f'Auto Scaling group "{group.name}"'
    for service in stack.derived(Containers).services:
        return f'service "{service.name}"'
    return None


def _asleep(stack: Stack, _: Settings) -> Iterator[Violation]:
    clusters = stack.of(_CLUSTER)
    visited = _visited(stack) if clusters else None
    for cluster in clusters:
        least = number(cluster.get("serverlessv2ScalingConfiguration", "minCapacity"))
        if least == 0 and visited is not None:
            yield Violation(
                f'Cluster "{cluster.name}" pauses while nobody is connected (min_capacity is 0): the next '
                "visitor waits for it for 15 s, and for 30 s or more after a day.",
                cluster,
                (visited, f'cluster "{cluster.name}"', "min_capacity 0"),
            )


AWAKE = StackRule(
    id="aurora-stays-awake",
    title="A database that visitors wait for does not pause",
    question=Question.SERVE,
    severity=Severity.MEDIUM,
    level=Level.ADVISORY,  # open connections of a pool keep it awake, too
    production=Level.MANDATORY,
    scope=Scope.HIGH_AVAILABILITY,
    controls={"Well-Architected": ("REL05-BP05",)},
    url="https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/aurora-serverless-v2-auto-pause.html",
    remedy="set min_capacity in serverlessv2_scaling_configuration to 0.5 or more.",
    steps=(
        "Set min_capacity to what the service needs at night, 0.5 or more.",
        "Leave 0 to environments that nobody waits for.",
    ),
    unknown="A capacity that the preview does not know is not judged.",
    check=_asleep,
)

# --- tables ---------------------------------------------------------------------------------------


def _scaled(stack: Stack, table: Resource) -> bool:
    """Return whether Application Auto Scaling may change the capacity of a table."""
    name = table.get("name")
    for target in stack.of(tokens.SCALABLE_TARGET):
        if target.get("serviceNamespace") != "dynamodb":
            continue
        given = target.get("resourceId")
        if table in stack.sources(target, "resourceId", tokens.TABLE) or given == f"table/{name}":
            return True
    return False


def _fixed(stack: Stack, _: Settings) -> Iterator[Violation]:
    for table in stack.of(tokens.TABLE):
        reads, writes = (number(table.get(one)) for one in ("readCapacity", "writeCapacity"))
        mode = table.get("billingMode")
        provisioned = mode == "PROVISIONED" or is_absent(mode)
        if provisioned and reads and writes and not _scaled(stack, table):
            yield Violation(
                f'Table "{table.name}" refuses what exceeds {reads:g} read and {writes:g} write units a '
                "second, whatever the load: billing_mode is PROVISIONED, and nothing scales it.",
                table,
                (f'table "{table.name}"', "billing_mode PROVISIONED", "no scalable target"),
            )


SCALES = StackRule(
    id="table-capacity-scales",
    title="The capacity of a table follows its load",
    question=Question.SURVIVE,
    severity=Severity.MEDIUM,
    level=Level.ADVISORY,  # what a table gets may be known, and never more
    production=Level.MANDATORY,
    controls={
        "AWS Config": ("DYNAMODB_AUTOSCALING_ENABLED",),
        "Security Hub": ("DynamoDB.1",),
        "Prowler": ("dynamodb_table_autoscaling_enabled",),
        "Well-Architected": ("REL07-BP03",),
    },
    url="https://docs.aws.amazon.com/config/latest/developerguide/dynamodb-autoscaling-enabled.html",
    remedy=(
        "set billing_mode to PAY_PER_REQUEST and leave read_capacity and write_capacity out, or create an "
        "aws.appautoscaling.Target and Policy for each."
    ),
    steps=(
        'Set billing_mode="PAY_PER_REQUEST", without read_capacity and write_capacity.',
        'Or create an aws.appautoscaling.Target with service_namespace="dynamodb" for reads and writes.',
    ),
    unknown="Capacities that the preview does not know are not judged.",
    check=_fixed,
)

RULES = (AWAKE, SCALES)
