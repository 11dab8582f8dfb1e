"""Rules about the capacity that an Auto Scaling group launches: instance types and Spot."""

from __future__ import annotations

from guardrails.architecture.fleets import Fleets, auto_scaling_groups
from guardrails.architecture.serving import Serving
from guardrails.model import Level, Question, Scope, Settings, Severity, StackRule, for_each
from guardrails.resources import Resource, Stack
from guardrails.values import dig, is_absent, is_true, items


def _instance_types(stack: Stack, group: Resource, _: Settings) -> str | None:
    if not stack.derived(Fleets).of(group).launching.given:
        return None  # asg-launch-template reports it
    overrides = items(group.get("mixedInstancesPolicy", "launchTemplate", "overrides"))
    if any(not is_absent(dig(override, "instanceRequirements")) for override in overrides):
        return None  # attributes match many types
    types = {dig(override, "instanceType") for override in overrides}
    known = sorted(kind for kind in types if isinstance(kind, str) and kind)
    if len(known) > 1:
        return None
    return (
        f'Auto Scaling group "{group.name}" launches only {known[0] if known else "one type"}: '
        "if a zone has no capacity for it, the group cannot launch instances there."
    )


MULTIPLE_INSTANCE_TYPES = StackRule(
    id="asg-multiple-instance-types",
    title="An Auto Scaling group can choose among several instance types",
    question=Question.SURVIVE,
    severity=Severity.LOW,
    # The experiment compares stacks of the same instance type.
    level=Level.ADVISORY,
    scope=Scope.HIGH_AVAILABILITY,
    controls={
        "AWS Config": ("AUTOSCALING_MULTIPLE_INSTANCE_TYPES",),
        "Security Hub": ("AutoScaling.6",),
        "Control Tower": ("CT.AUTOSCALING.PR.6",),
        "Prowler": ("autoscaling_group_multiple_instance_types",),
        "Well-Architected": ("REL11-BP05",),
    },
    url="https://docs.aws.amazon.com/config/latest/developerguide/autoscaling-multiple-instance-types.html",
    remedy="set mixed_instances_policy with overrides of two or more instance types.",
    steps=(
        "Replace launch_template by mixed_instances_policy with the same template.",
        "List types of equal size and architecture in launch_template.overrides.",
    ),
    unknown="An unknown type does not count as a further type, an unknown list counts as one.",
    check=for_each(auto_scaling_groups, _instance_types),
)


def _capacity_rebalance(stack: Stack, group: Resource, _: Settings) -> str | None:
    rebalance = group.get("capacityRebalance")
    known = stack.derived(Fleets).of(group)
    enough = 1 if known in stack.derived(Serving).groups else 0
    on_demand = known.launching.on_demand(known.minimum or 1)
    if is_true(rebalance) or not known.launching.on_spot:
        return None
    if on_demand is not None and on_demand < enough:
        return None  # asg-on-demand-base reports it
    return (
        f'Auto Scaling group "{group.name}" runs on Spot and does not replace instances before they '
        f"are interrupted: capacity_rebalance is {group.shown('capacityRebalance')}."
    )


CAPACITY_REBALANCE = StackRule(
    id="asg-capacity-rebalance",
    title="An Auto Scaling group on Spot replaces instances before they are interrupted",
    question=Question.SURVIVE,
    severity=Severity.MEDIUM,
    level=Level.ADVISORY,
    scope=Scope.HIGH_AVAILABILITY,
    controls={
        "AWS Config": ("AUTOSCALING_CAPACITY_REBALANCING",),
        "Prowler": ("autoscaling_group_capacity_rebalance_enabled",),
        "Trusted Advisor": ("Amazon EC2 Auto Scaling Group has Capacity Rebalancing Enabled",),
        "Well-Architected": ("REL07-BP02",),
    },
    url="https://docs.aws.amazon.com/config/latest/developerguide/autoscaling-capacity-rebalancing.html",
    remedy="set capacity_rebalance to true, or run on On-Demand Instances.",
    steps=(
        "Set capacity_rebalance=True on the Auto Scaling group.",
        "Or set on_demand_percentage_above_base_capacity to 100.",
    ),
    unknown=(
        "An unknown share of On-Demand Instances counts as Spot. A distribution that is unknown "
        "as a whole is left to the provider: all On-Demand."
    ),
    check=for_each(auto_scaling_groups, _capacity_rebalance),
)

RULES = (MULTIPLE_INSTANCE_TYPES, CAPACITY_REBALANCE)
