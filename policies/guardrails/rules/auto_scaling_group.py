"""Rules about the Auto Scaling group: zones, health checks, launch template, target group."""

from __future__ import annotations

from collections.abc import Iterator

from guardrails import tokens
from guardrails.architecture import zones
from guardrails.architecture.fleets import Fleets, auto_scaling_groups, zones_of_group
from guardrails.architecture.handed_on import only_hands_on
from guardrails.architecture.serving import Serving
from guardrails.architecture.targets import Targets
from guardrails.architecture.traffic import Traffic
from guardrails.model import Question, Scope, Settings, Severity, StackRule, Violation, for_each
from guardrails.resources import Resource, Stack


def _by_hand(stack: Stack) -> Iterator[Violation]:
    """Find targets that are single instances only: nothing replaces one that fails."""
    targets, traffic = stack.derived(Targets), stack.derived(Traffic)
    for target in dict.fromkeys(share.target for _, share in traffic.all_forwards()):
        members = targets.members(target)
        alone = [one for one in members.attached if one.type in tokens.INSTANCE]
        if not alone or members.fleets or members.others or len(alone) < len(members.attached):
            continue
        names = ", ".join(f'"{one.name}"' for one in alone)
        yield Violation(
            f'Target group "{target.name}" has single instances only ({names}): no Auto Scaling group '
            f"replaces {'it' if len(alone) == 1 else 'one'} when it fails or its zone is lost.",
            target,
            (f'target group "{target.name}"', *(f'instance "{one.name}"' for one in alone)),
            (
                "create an aws.autoscaling.Group with vpc_zone_identifiers in several zones and the "
                "target group in target_group_arns, instead of the instances."
            ),
        )


def _multi_az(stack: Stack, settings: Settings) -> Iterator[Violation]:
    yield from _by_hand(stack)
    balancer = only_hands_on(stack)
    if balancer is not None:
        yield Violation(
            f'whether what serves behind load balancer "{balancer.name}" spans several Availability Zones '
            "is not known: this stack exports an ARN, and nothing in it serves, so other stacks add it.",
            balancer,
            remedy=(
                "hold the stacks that add what serves to this pack; here, set topology of "
                'pack-configuration to "single" in the policy configuration, or list this rule as disabled.'
            ),
            undecided=True,
        )
    elif not stack.derived(Fleets).groups and not stack.derived(Targets).without_fleet:
        yield Violation(
            "The stack has no Auto Scaling group, so nothing spans several zones.",
            remedy=(
                "create an aws.autoscaling.Group with vpc_zone_identifiers in several zones and the "
                "target group in target_group_arns, and name it in autoscaling_groups of the "
                "deployment group and in the scaling policy's autoscaling_group_name."
            ),
        )
    minimum = settings.integer("minimumZones")
    outside = settings.mapping("subnetZones")
    for fleet in stack.derived(Serving).fleets:
        spreads = [zones_of_group(stack, group.resource, outside) for group in fleet.groups]
        names = " and ".join(f'"{group.name}"' for group in fleet.groups)
        several = len(fleet.groups) > 1
        subject = (
            f"Auto Scaling groups {names} together" if several else f"Auto Scaling group {names}"
        )
        found = zones.shortfall(zones.together(spreads), fleet.groups[0].resource, subject, minimum)
        if found is not None:
            yield found


ASG_MULTI_AZ = StackRule(
    id="asg-multi-az",
    title="An Auto Scaling group spans several Availability Zones",
    question=Question.SURVIVE,
    severity=Severity.HIGH,
    scope=Scope.HIGH_AVAILABILITY,
    controls={
        "AWS Config": ("AUTOSCALING_MULTIPLE_AZ",),
        "Security Hub": ("AutoScaling.2",),
        "Control Tower": ("CT.AUTOSCALING.PR.1",),
        "Prowler": ("autoscaling_group_multiple_az",),
        "Trusted Advisor": (
            (
                "Amazon EC2 Auto Scaling is not deployed in multiple AZs or does not meet the minimum "
                "number of AZs"
            ),
        ),
        "Well-Architected": ("REL10-BP01", "REL11-BP02"),
    },
    url="https://docs.aws.amazon.com/config/latest/developerguide/autoscaling-multiple-az.html",
    remedy=(
        "give the Auto Scaling group vpc_zone_identifiers from subnets with different "
        "availability_zone values that the program sets."
    ),
    steps=(
        "Create one subnet per Availability Zone; aws.get_availability_zones() lists the zones.",
        "Pass the ids of all of them to the group's vpc_zone_identifiers.",
        "For subnets of another stack, list their zones in this rule's parameter subnetZones.",
        "Groups behind the same target group may each have one zone.",
    ),
    unknown=zones.UNKNOWN_MEANS,
    parameters=zones.PARAMETERS,
    check=_multi_az,
)


def _elb_health_check(stack: Stack, group: Resource, _: Settings) -> str | None:
    kind = group.get("healthCheckType")
    # Without a target group asg-behind-listener decides whether the group may do without one.
    checks = kind.split(",") if isinstance(kind, str) else []
    if "ELB" in checks or not stack.derived(Fleets).of(group).target_groups:
        return None
    return (
        f'Auto Scaling group "{group.name}" is behind a target group, but its health check type is '
        f'{group.shown("healthCheckType")} instead of "ELB": instances that fail the load balancer\'s '
        "health check are never replaced."
    )


ASG_ELB_HEALTH_CHECK = StackRule(
    id="asg-elb-health-check",
    title="An Auto Scaling group behind a load balancer uses its health checks",
    question=Question.SURVIVE,
    severity=Severity.HIGH,
    scope=Scope.HIGH_AVAILABILITY,
    controls={
        "AWS Config": ("AUTOSCALING_GROUP_ELB_HEALTHCHECK_REQUIRED",),
        "Security Hub": ("AutoScaling.1",),
        "Control Tower": ("CT.AUTOSCALING.PR.4",),
        "Checkov": ("CKV2_AWS_15",),
        "Prowler": ("autoscaling_group_elb_health_check_enabled",),
        "Trusted Advisor": ("Amazon EC2 Auto Scaling does not have ELB Health Check Enabled",),
        "Well-Architected": ("REL11-BP01", "REL11-BP03"),
    },
    url="https://docs.aws.amazon.com/config/latest/developerguide/autoscaling-group-elb-healthcheck-required.html",
    remedy='set the Auto Scaling group\'s health_check_type to "ELB".',
    steps=(
        'Set health_check_type="ELB" on the Auto Scaling group.',
        "Set health_check_grace_period to at least boot time plus first deployment.",
    ),
    unknown=(
        "An unknown health check type is a violation: the provider leaves it unknown exactly "
        "where the program does not set it, and it then becomes EC2."
    ),
    check=for_each(auto_scaling_groups, _elb_health_check),
)


def _launch_template(stack: Stack, group: Resource, _: Settings) -> str | None:
    if stack.derived(Fleets).of(group).launching.given:
        return None
    return (
        f'Auto Scaling group "{group.name}" has no launch template (launch configuration: '
        f"{group.shown('launchConfiguration')})."
    )


ASG_LAUNCH_TEMPLATE = StackRule(
    id="asg-launch-template",
    title="An Auto Scaling group launches from a launch template",
    question=Question.SURVIVE,
    severity=Severity.MEDIUM,
    scope=Scope.HIGH_AVAILABILITY,
    controls={
        "AWS Config": ("AUTOSCALING_LAUNCH_TEMPLATE",),
        "Security Hub": ("AutoScaling.9",),
        "Control Tower": ("CT.AUTOSCALING.PR.8",),
        "Checkov": ("CKV_AWS_315",),
        "Prowler": ("autoscaling_group_using_ec2_launch_template",),
        "Well-Architected": ("REL08-BP05",),
    },
    url="https://docs.aws.amazon.com/config/latest/developerguide/autoscaling-launch-template.html",
    remedy="launch the group from an aws.ec2.LaunchTemplate instead of a launch configuration.",
    steps=(
        "Create an aws.ec2.LaunchTemplate with image, type, profile and user data.",
        (
            "Set the group's launch_template, or for several types its mixed_instances_policy, with "
            "the template's id and latest_version; remove launch_configuration."
        ),
    ),
    unknown=(
        "A launch template that is unknown as a whole is accepted if it comes from a launch "
        "template resource; otherwise it is a violation."
    ),
    check=for_each(auto_scaling_groups, _launch_template),
)


def _behind_listener(stack: Stack, _: Settings) -> Iterator[Violation]:
    # A missing target group or load balancer is reported by its own rule.
    if not stack.of(tokens.TARGET_GROUP) or not stack.of(tokens.LOAD_BALANCER):
        return
    targets = stack.derived(Targets)
    # listener-redirect-ends reports redirects, elbv2-accepted an action that does not lead on.
    stranded = [] if stack.derived(Traffic).leads_nowhere() else targets.stranded()
    for group in stranded:
        attached = stack.derived(Fleets).of(group).target_groups
        names = ", ".join(f'"{target.name}"' for target in attached)
        yield Violation(
            f'Auto Scaling group "{group.name}" is attached to target group {names}, to which '
            "no listener forwards.",
            group,
            remedy=_forward(stack, targets, names),
        )
    if not targets.attached_fleets():
        yield from _detached(targets)


def _forward(stack: Stack, targets: Targets, names: str) -> str:
    """Return how requests get to target groups that no action names.

    An action that others need stays as it is.
    """
    named = stack.derived(Traffic).mentioned()
    vacant = ", ".join(f'"{target.name}"' for target in targets.vacant() if target in named)
    if vacant:
        return (
            f"add the ARN of target group {vacant}, which gets the requests and has no targets, to the "
            f"group's target_group_arns, or let the action forward to target group {names} instead."
        )
    if any(targets.members(target).any for target in named):
        return (
            f"add an aws.lb.ListenerRule with the hosts or paths of this service that forwards to target "
            f"group {names}; correct the rule if there is one."
        )
    return (
        f"let the default_actions of a listener forward to target group {names}; "
        "create the aws.lb.Listener if there is none."
    )


def _detached(targets: Targets) -> Iterator[Violation]:
    """Report that no Auto Scaling group is attached although a target group is vacant."""
    fleets, vacant = targets.serving_fleets(), targets.vacant()
    if not fleets:
        return
    names = " or ".join(f'"{target.name}"' for target in vacant)
    traced = [fleet for fleet in fleets if fleet not in targets.untraced]
    if not traced:
        yield Violation(
            f'whether Auto Scaling group "{fleets[0].name}" is attached to target group {names} is '
            "not known: its target_group_arns come from outside this stack.",
            fleets[0],
            remedy="pass the arn output of the target group to target_group_arns.",
            undecided=True,
        )
    elif len(fleets) == 1:
        yield Violation(
            f'Auto Scaling group "{fleets[0].name}" is not attached to a target group: the load '
            "balancer never sends requests to its instances.",
            fleets[0],
            remedy=f"add the ARN of target group {names} to the group's target_group_arns.",
        )
    else:
        groups = ", ".join(f'"{fleet.name}"' for fleet in fleets)
        yield Violation(
            f"None of the Auto Scaling groups {groups} is attached to target group {names}: the "
            "load balancer sends requests to nobody.",
            vacant[0] if vacant else None,
            remedy=(
                f"add the ARN of target group {names} to the target_group_arns of the group that "
                "serves; a group of workers needs none."
            ),
        )


ASG_BEHIND_LISTENER = StackRule(
    id="asg-behind-listener",
    title="The Auto Scaling group is attached to a target group that a listener forwards to",
    question=Question.SERVE,
    severity=Severity.HIGH,
    scope=Scope.HIGH_AVAILABILITY,
    controls={"Well-Architected": ("REL02-BP01", "REL11-BP02")},
    url="https://docs.aws.amazon.com/autoscaling/ec2/userguide/attach-load-balancer-asg.html",
    remedy=(
        "add the ARN of the target group to which the listener forwards to the Auto Scaling "
        "group's target_group_arns."
    ),
    steps=(
        "Create a listener whose default action forwards to the target group.",
        "Set the Auto Scaling group's target_group_arns to that target group.",
    ),
    unknown=(
        "Unknown ARNs are resolved through the target groups they come from; a reference that "
        "does not come from a target group of the stack does not count."
    ),
    check=_behind_listener,
)

RULES = (ASG_MULTI_AZ, ASG_ELB_HEALTH_CHECK, ASG_LAUNCH_TEMPLATE, ASG_BEHIND_LISTENER)
