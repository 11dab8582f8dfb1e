"""Rules about scaling policies: that there is one, that it can work, on fresh metrics and credits."""

from __future__ import annotations

from collections.abc import Iterator
from types import MappingProxyType

from guardrails import tokens
from guardrails.architecture import scaling
from guardrails.architecture.alarms import Alarms
from guardrails.architecture.fleets import Fleets, Group
from guardrails.architecture.request_labels import label_problem
from guardrails.architecture.scaling import Tracking
from guardrails.architecture.serving import Serving
from guardrails.model import Level, Question, Scope, Settings, Severity, StackRule, Violation
from guardrails.resources import Resource, Stack
from guardrails.values import UNKNOWN, is_absent, is_true, items, number, show

_SUSPENDED = "the process AlarmNotification is suspended, so no scaling policy acts"
_LONGEST_COOLDOWN = 1800
"""Seconds; the default of Auto Scaling is 300."""
_RESUME = "take AlarmNotification out of suspended_processes."


def _grows(stack: Stack, _: Settings) -> Iterator[Violation]:
    fleets = stack.derived(Fleets)
    if stack.of(tokens.SCALING_PLAN):
        return
    by_containers = {
        group
        for provider in stack.of(tokens.CAPACITY_PROVIDER)
        for group in stack.linked(
            provider, "autoScalingGroupProvider", tokens.AUTO_SCALING_GROUP, ("arn",)
        )
    }
    for fleet in stack.derived(Serving).fleets:
        if any(group.resource in by_containers for group in fleet.groups):
            continue  # ECS scales it with its tasks
        reasons = [_cannot_grow(fleets, group) for group in fleet.groups]
        if all(reason is not None for reason in reasons) and not (fleet.idle or fleet.perhaps_idle):
            yield Violation(
                f'Auto Scaling group "{fleet.groups[0].name}" cannot grow with its load: '
                f"{reasons[0]}.",
                fleet.groups[0].resource,
                remedy=_RESUME if reasons[0] == _SUSPENDED else None,
            )


def _cannot_grow(fleets: Fleets, group: Group) -> str | None:
    least, most = group.resource.get("minSize"), group.resource.get("maxSize")
    if number(least) is not None and number(least) == number(most):
        return f"min_size and max_size are both {show(least)}"
    scheduled = [
        size for one in group.schedules if (size := number(one.get("maxSize"))) and size > 0
    ]
    if scheduled:
        capped = max(scheduled) <= (number(least) or 0) and all(
            not is_absent(one.get("recurrence")) for one in group.schedules
        )
        return _capped(group, max(scheduled)) if capped else None
    suspended = items(group.resource.get("suspendedProcesses"))
    if "AlarmNotification" in suspended and group.policies:
        return _SUSPENDED
    why = [(policy, scaling.grows(fleets, policy)) for policy in group.policies]
    if any(reason is None for _, reason in why):
        return None
    policies = [f'scaling policy "{policy.name}" {reason}' for policy, reason in why]
    return " and ".join(policies) or "it has no scaling policy"


def _capped(group: Group, highest: float) -> str:
    return (
        f'scheduled action "{group.schedules[0].name}" sets max_size to {highest:g}, the smallest size, '
        "and none sets it back"
    )


SCALING_POLICY = StackRule(
    id="asg-scaling-policy",
    title="A fleet can grow with its load",
    question=Question.SURVIVE,
    severity=Severity.LOW,
    level=Level.ADVISORY,  # further instances cost money
    scope=Scope.HIGH_AVAILABILITY,
    controls={
        "Well-Architected": ("REL07-BP03", "REL07-BP01"),
    },
    url="https://docs.aws.amazon.com/autoscaling/ec2/userguide/as-scaling-target-tracking.html",
    remedy=(
        "set max_size above min_size and add an aws.autoscaling.Policy with target tracking, for "
        "example of ALBRequestCountPerTarget."
    ),
    steps=(
        "Set max_size well above min_size.",
        "Add an aws.autoscaling.Policy with policy_type TargetTrackingScaling.",
        "Give a step or simple scaling policy an alarm that has it as its action.",
    ),
    unknown="A policy whose settings are not known counts as one that lets the group grow.",
    check=_grows,
)


def _works(stack: Stack, _: Settings) -> Iterator[Violation]:
    for group in stack.derived(Fleets).groups:
        if group.attached:
            yield from _late(group)
        # Workers may well follow the load of those who give them work.
        for policy in group.policies if group.attached else ():
            yield from _strange(stack, group, policy)
        for tracked in scaling.tracking(group):
            found = _target(tracked)
            if found is None and tracked.metric == scaling.REQUESTS:
                found = label_problem(stack, group, tracked)
            if found is not None:
                what, remedy = found
                name = (
                    f'Scaling policy "{tracked.policy.name}" of Auto Scaling group "{group.name}"'
                )
                yield Violation(f"{name} {what}", tracked.policy, remedy=remedy)


def _late(group: Group) -> Iterator[Violation]:
    """Yield policies that add instances once, and then not for hours."""
    for policy in group.policies:
        if policy.get("policyType") not in (None, "", "SimpleScaling"):
            continue
        own = policy.setting("cooldown")
        waits = number(group.given("defaultCooldown") if is_absent(own) else own)
        adds = (number(policy.get("scalingAdjustment")) or 0) > 0
        if adds and waits is not None and waits > _LONGEST_COOLDOWN:
            where = "default_cooldown" if is_absent(own) else "cooldown"
            yield Violation(
                f'Scaling policy "{policy.name}" of Auto Scaling group "{group.name}" adds instances once '
                f"and then not for {waits:g} s ({where}), however much the load still grows.",
                policy,
                (
                    f'policy "{policy.name}"',
                    f"{where} {waits:g}",
                    f'Auto Scaling group "{group.name}"',
                ),
                f"set {where} to 300 or less, or policy_type to TargetTrackingScaling.",
            )


def _strange(stack: Stack, group: Group, policy: Resource) -> Iterator[Violation]:
    """Yield that a policy follows the load of another service than its group's."""
    own, alarms = frozenset({group.resource, *group.target_groups}), stack.derived(Alarms)
    for alarm in stack.derived(Fleets).triggers(policy) if scaling.by_alarms(policy) else ():
        for metric in alarms.watch(alarm).metrics:
            others = alarms.on_others(alarm, metric.prop, metric.dimensions, own)
            if others:
                yield _of_others(group, policy, others, (f'alarm "{alarm.name}"',))
                return
    for tracked in scaling.tracking(group):
        if tracked.policy is policy:
            dimensions = {"AutoScalingGroupName": tracked.group}
            others = alarms.on_others(policy, "targetTrackingConfiguration", dimensions, own)
            if others:
                yield _of_others(group, policy, others, ())


def _of_others(
    group: Group, policy: Resource, others: tuple[Resource, ...], alarm: tuple[str, ...]
) -> Violation:
    names = ", ".join(f'"{one.name}"' for one in others)
    return Violation(
        f'Scaling policy "{policy.name}" of Auto Scaling group "{group.name}" follows the load of '
        f"{names}, not that of its own group.",
        policy,
        (names, *alarm, f'policy "{policy.name}"', f'Auto Scaling group "{group.name}"'),
        f"set the dimensions of the {'alarm' if alarm else 'metric'} to the name of the group "
        f'"{group.name}", or the arn_suffix of its own target group.',
    )


def _target(tracked: Tracking) -> tuple[str, str] | None:
    target = number(tracked.target)
    if target is None:
        return None
    if target <= 0:
        return f"aims at {target:g}: no value is ever low enough.", "set target_value above 0."
    if tracked.metric == scaling.CPU and target <= 1:
        return (
            (
                f"aims at {target:g} % CPU, which every instance exceeds: the group is always at its "
                "largest, and has nothing left to grow by."
            ),
            f"set target_value to a percentage, {target * 100:g} where a share was meant.",
        )
    if tracked.metric == scaling.CPU and target >= 100:
        return (
            f"aims at {target:g} % CPU, which is never exceeded: the group never grows.",
            "set target_value well below 100, for example to 50.",
        )
    return None


SCALING_WORKS = StackRule(
    id="asg-scaling-policy-works",
    title="A scaling policy follows its own group's load, and can reach its target",
    question=Question.SURVIVE,
    severity=Severity.HIGH,
    scope=Scope.HIGH_AVAILABILITY,
    controls={"Well-Architected": ("REL07-BP03",)},
    url="https://docs.aws.amazon.com/autoscaling/ec2/userguide/as-scaling-target-tracking.html",
    remedy="track a metric of the group itself, with a target that it can exceed.",
    steps=(
        (
            "For ALBRequestCountPerTarget set resource_label from the arn_suffix of the load balancer "
            "and of the group's target group."
        ),
        "Set target_value above 0, of a CPU metric well below 100.",
    ),
    unknown=(
        "A label that is not known is resolved through the load balancer and target group that it "
        "comes from; an unknown target value is left to the program."
    ),
    check=_works,
)


_LONGEST_WARMUP = 1800
"""Seconds: what starts for longer is not started when load comes."""


def _warmup(stack: Stack, _: Settings) -> Iterator[Violation]:
    for group in stack.derived(Fleets).groups:
        dynamic = [one for one in group.policies if scaling.kind(one) != "PredictiveScaling"]
        own = [one for one in dynamic if not is_absent(one.get("estimatedInstanceWarmup"))]
        if group.given("defaultInstanceWarmup") is None and len(own) < len(dynamic):
            yield Violation(
                f'Auto Scaling group "{group.name}" counts the metrics of instances that are still '
                "starting: default_instance_warmup is not set.",
                group.resource,
            )
        seconds = number(group.given("defaultInstanceWarmup")) or 0
        if dynamic and seconds > _LONGEST_WARMUP:
            yield Violation(
                f'Auto Scaling group "{group.name}" grows once in {seconds:g} s: for that time '
                "(default_instance_warmup) what a new instance does is not counted.",
                group.resource,
                remedy="set default_instance_warmup to the seconds until a new instance's load is normal.",
            )


DEFAULT_WARMUP = StackRule(
    id="asg-default-instance-warmup",
    title="Scaling leaves out instances that are still starting",
    question=Question.SURVIVE,
    severity=Severity.LOW,
    level=Level.ADVISORY,  # a harmless default where instances start fast
    scope=Scope.HIGH_AVAILABILITY,
    controls={"Well-Architected": ("REL07-BP03",)},
    url="https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-default-instance-warmup.html",
    remedy="set default_instance_warmup to the seconds until a new instance's load is normal.",
    steps=("Set default_instance_warmup, for example to 60; 0 is allowed.",),
    unknown="An unknown warmup is one that the program sets.",
    check=_warmup,
)


def _monitored(stack: Stack, _: Settings) -> Iterator[Violation]:
    for group in stack.derived(Fleets).groups:
        slow = [
            one
            for one in scaling.tracking(group)
            if one.metric in scaling.EC2_METRICS or one.namespace == "AWS/EC2"
        ]
        for template, enabled in group.launching.template_values("monitoring", "enabled"):
            if slow and not is_true(enabled) and enabled is not UNKNOWN:
                yield Violation(
                    f'Scaling policy "{slow[0].policy.name}" follows {show(slow[0].metric)}, which '
                    f'launch template "{template.name}" reports every five minutes: '
                    f"monitoring.enabled is {show(enabled)}.",
                    template,
                )


DETAILED_MONITORING = StackRule(
    id="ec2-detailed-monitoring",
    title="A group that scales on EC2's metrics gets them every minute",
    question=Question.SURVIVE,
    severity=Severity.LOW,
    level=Level.ADVISORY,  # detailed monitoring costs money
    scope=Scope.HIGH_AVAILABILITY,
    controls={
        "AWS Config": ("EC2_INSTANCE_DETAILED_MONITORING_ENABLED",),
        "Control Tower": ("CT.EC2.PR.10",),
        "Checkov": ("CKV_AWS_126",),
        "Trusted Advisor": ("Amazon EC2 detailed monitoring not enabled",),
        "Well-Architected": ("REL07-BP03", "REL06-BP01"),
    },
    url="https://docs.aws.amazon.com/autoscaling/ec2/userguide/enable-as-instance-metrics.html",
    remedy="set the launch template's monitoring.enabled to true.",
    steps=("Set monitoring with enabled=True in the launch template.",),
    unknown="An unknown switch is one that the program sets.",
    check=_monitored,
)

# Baseline CPU utilization per vCPU, in percent: EC2 user guide, "Key concepts for burstable
# performance instances"; T3, T3a and T4g.
_BASELINE = MappingProxyType(
    {"nano": 5, "micro": 10, "small": 20, "medium": 20, "large": 30, "xlarge": 40, "2xlarge": 40}
)
_BURSTABLE = ("t2", "t3", "t3a", "t4g")


def _credits(stack: Stack, _: Settings) -> Iterator[Violation]:
    for group in stack.derived(Fleets).groups:
        burstable = [one for one in group.launching.types if one.split(".")[0] in _BURSTABLE]
        if not burstable:
            continue
        targets = [one for one in scaling.tracking(group) if one.metric == scaling.CPU]
        for template, mode in group.launching.template_values("creditSpecification", "cpuCredits"):
            what, remedy = _credit_problem(burstable[0], mode, targets)
            if what:
                yield Violation(
                    f'Launch template "{template.name}" of Auto Scaling group "{group.name}" '
                    f"launches {burstable[0]} {what}",
                    template,
                    remedy=remedy,
                )


def _credit_problem(
    instance_type: str, mode: object, targets: list[Tracking]
) -> tuple[str | None, str | None]:
    family, _, size = instance_type.partition(".")
    if is_absent(mode):
        default = "standard" if family == "t2" else "unlimited"
        effect = (
            "throttled when its credits are spent" if default == "standard" else "billed for more"
        )
        return (
            f"without a credit mode: {default} by default, and then {effect}.",
            None,
        )
    baseline = _BASELINE.get(size)
    aims = [value for one in targets if (value := number(one.target)) is not None]
    if mode == "standard" and baseline is not None and aims and min(aims) > baseline:
        return (
            (
                f"in standard mode, which falls to {baseline} % CPU without credits; the scaling "
                f"policy waits for {min(aims):g} %."
            ),
            "scale on ALBRequestCountPerTarget, or set cpu_credits to unlimited.",
        )
    return None, None


BURST_CREDITS = StackRule(
    id="asg-burst-credits-explicit",
    title="A group of burstable instances sets what happens when credits run out",
    question=Question.SURVIVE,
    severity=Severity.LOW,
    level=Level.ADVISORY,  # unlimited costs money, standard may be what is wanted
    scope=Scope.HIGH_AVAILABILITY,
    controls={"Well-Architected": ("PERF02-BP04", "COST06-BP02")},
    url="https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/burstable-performance-instances.html",
    remedy="set the launch template's credit_specification.cpu_credits to standard or unlimited.",
    steps=(
        'Set credit_specification with cpu_credits="unlimited" and a budget, or "standard".',
        "With standard do not scale on CPU above the type's baseline.",
    ),
    unknown="An unknown mode is one that the program sets; unknown types are not considered.",
    check=_credits,
)

RULES = (SCALING_POLICY, SCALING_WORKS, DEFAULT_WARMUP, DETAILED_MONITORING, BURST_CREDITS)
