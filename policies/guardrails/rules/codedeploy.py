"""Rules about CodeDeploy: deployments reach the group, shift traffic and can roll back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from guardrails import tokens
from guardrails.architecture.deployments import Deployment, Deployments, rollback
from guardrails.architecture.fleets import Fleets, auto_scaling_groups
from guardrails.architecture.handed_on import only_hands_on
from guardrails.architecture.targets import Targets
from guardrails.model import Question, Scope, Settings, Severity, StackRule, Violation, for_each
from guardrails.property_rules import must_be, property_rule
from guardrails.resources import Resource, Stack
from guardrails.values import UNKNOWN, is_true, items

_TROUBLESHOOTING = (
    "https://docs.aws.amazon.com/codedeploy/latest/userguide/troubleshooting-auto-scaling.html"
)
_BALANCER_DOC = "https://docs.aws.amazon.com/codedeploy/latest/userguide/integrations-aws-elastic-load-balancing.html"
_SCALING_DOC = (
    "https://docs.aws.amazon.com/codedeploy/latest/userguide/integrations-aws-auto-scaling.html"
)


def _for_servers(stack: Stack) -> list[Resource]:
    return [one.resource for one in stack.derived(Deployments).servers]


def _that_serve(stack: Stack) -> list[Resource]:
    """Return the deployment groups that deploy to what serves; workers have no visitors."""
    return [one.resource for one in stack.derived(Deployments).serving]


def _exists(stack: Stack, _: Settings) -> Iterator[Violation]:
    deployments = stack.derived(Deployments)
    servers = deployments.servers
    nothing = not stack.of((*tokens.AUTO_SCALING_GROUP, *tokens.TARGET_GROUP))
    nothing &= only_hands_on(stack) is None  # asg-multi-az says that other stacks add what serves
    if not servers and (deployments.unreleased or nothing):
        names = ", ".join(f' "{group.name}"' for group in deployments.unreleased)
        yield Violation(
            "The stack has no CodeDeploy deployment group for servers: instances that the Auto "
            f"Scaling group{names} launches do not get the application."
        )
        return
    for group in deployments.unreleased:
        names = "; ".join(_addresses(one) for one in servers)
        yield Violation(
            f'Auto Scaling group "{group.name}" is not in a deployment group (the stack has '
            f"{names}).",
            group,
            remedy=_add_to(group, servers),
        )
    for deployment in servers:
        yield from _not_by_name(deployment)


def _add_to(group: Resource, deployments: Sequence[Deployment]) -> str:
    """Return which deployment group should address a fleet: not one that delivers something else."""
    own = [one for one in deployments if one.delivers(group)]
    free = own or [one for one in deployments if not one.groups.any]
    if not free:
        return (
            "create an aws.codedeploy.DeploymentGroup for it, whose autoscaling_groups lists the name "
            "output of the Auto Scaling group; those that there are deliver other services."
        )
    first = free[0]
    removed = "; remove ec2_tag_filters from it" if first.by_tags else ""
    others = [one.name for one in first.groups.any if not first.delivers(one)]
    instead = f' in place of "{others[0]}"' if own and others else ""
    return (
        "add the name output of the Auto Scaling group to autoscaling_groups of the deployment "
        f'group that delivers its application, "{first.resource.name}"{instead}{removed}.'
    )


def _addresses(deployment: Deployment) -> str:
    """Describe a deployment group with the names in it that lead nowhere."""
    named = [
        f'"{name}", an ARN instead of the name' if name.startswith("arn:") else f'"{name}"'
        for name in deployment.groups.foreign
    ]
    named += ["instances by their tags"] if deployment.by_tags else []
    return f'"{deployment.resource.name}"' + (f" for {', '.join(named)}" if named else "")


def _not_by_name(deployment: Deployment) -> Iterator[Violation]:
    """Report references to a group that are unknown although its name is known."""
    listed = items(deployment.resource.get("autoscalingGroups"))
    for group in deployment.groups.any:
        name = group.get("name")
        if isinstance(name, str) and name not in listed and UNKNOWN in listed:
            yield Violation(
                f'{deployment.step} refers to Auto Scaling group "{group.name}" by a value that '
                f'this preview does not know, although the name "{name}" is known: an ARN would '
                "not do.",
                deployment.resource,
                remedy="pass the name output of the Auto Scaling group.",
                undecided=True,
            )


CODEDEPLOY_DEPLOYMENT_GROUP = StackRule(
    id="codedeploy-deployment-group",
    title="A CodeDeploy deployment group deploys to the Auto Scaling group",
    question=Question.DEPLOY,
    severity=Severity.HIGH,
    scope=Scope.HIGH_AVAILABILITY,
    controls={"Well-Architected": ("REL08-BP05", "OPS05-BP04")},
    url=_SCALING_DOC,
    remedy=(
        "create an aws.codedeploy.DeploymentGroup whose autoscaling_groups lists the Auto Scaling "
        "group's name."
    ),
    steps=(
        "Create an aws.codedeploy.Application and an aws.codedeploy.DeploymentGroup.",
        "Set autoscaling_groups to the name output of the Auto Scaling group.",
    ),
    unknown=(
        "An unknown group name is resolved through the Auto Scaling group it comes from; a name "
        "that does not come from a group of the stack does not count. In a stack without CodeDeploy "
        "an instance refresh releases what the image holds, and ECS what its capacity runs."
    ),
    check=_exists,
)


def _traffic_control(stack: Stack, _: Settings) -> Iterator[Violation]:
    balanced = bool(stack.of(tokens.TARGET_GROUP))  # else tg-health-check-defined reports it
    for deployment in stack.derived(Deployments).serving:
        if not deployment.groups.any:
            continue  # codedeploy-deployment-group decides whether it needs one
        option = deployment.resource.shown("deploymentStyle", "deploymentOption")
        if not deployment.shifts_traffic:
            yield Violation(
                f"{deployment.label} deploys with deployment option {option}: instances are "
                "updated while requests still reach them.",
                deployment.resource,
            )
        elif balanced:
            yield from _traffic_elsewhere(stack, deployment)


def _traffic_elsewhere(stack: Stack, deployment: Deployment) -> Iterator[Violation]:
    named = deployment.controlled.any
    targets = stack.derived(Targets)
    if any(deployment.delivers(one) for one in stack.derived(Deployments).unreleased):
        return  # codedeploy-deployment-group reports which fleet it should address
    for group in deployment.groups.any:
        if group in targets.stranded() or _beside(stack, group, named):
            continue  # asg-behind-listener or tg-has-targets reports where the fleet should be
        attached = stack.derived(Fleets).of(group).target_groups
        if not attached and group not in stack.derived(Targets).serving_fleets():
            continue
        if named and (not attached or set(attached) & set(named)):
            continue
        given = [f'"{target.name}"' for target in named]
        given += [_not_a_name(name) for name in deployment.controlled.foreign]
        actual = ", ".join(f'"{target.name}"' for target in attached) or "none"
        yield Violation(
            f"{deployment.label} controls the traffic of target group "
            f"{', '.join(given) or 'none of this stack'}, but Auto Scaling group "
            f'"{group.name}" is behind {actual}.',
            deployment.resource,
        )


def _beside(stack: Stack, group: Resource, named: Sequence[Resource]) -> bool:
    """Return whether a fleet shares another one's target group, and those that are named are vacant."""
    targets = stack.derived(Targets)
    attached = stack.derived(Fleets).of(group).target_groups
    shared = any(len(targets.members(target).fleets) > 1 for target in attached)
    return shared and bool(named) and all(one in targets.vacant() for one in named)


def _not_a_name(name: str) -> str:
    return f'"{name}"' + (", an ARN instead of the name" if name.startswith("arn:") else "")


CODEDEPLOY_TRAFFIC_CONTROL = StackRule(
    id="codedeploy-traffic-control",
    title="Deployments take instances out of the group's own target group",
    question=Question.DEPLOY,
    severity=Severity.HIGH,
    scope=Scope.HIGH_AVAILABILITY,
    controls={"Well-Architected": ("OPS06-BP03", "REL08-BP05")},
    url=_BALANCER_DOC,
    remedy=(
        "set deployment_style with deployment_option WITH_TRAFFIC_CONTROL and add the name of the "
        "group's target group to load_balancer_info.target_group_infos."
    ),
    steps=(
        'Set deployment_style with deployment_option="WITH_TRAFFIC_CONTROL".',
        "Set load_balancer_info.target_group_infos to the name, not the ARN, of the target group.",
    ),
    unknown=(
        "An unknown deployment option is a violation: it becomes WITHOUT_TRAFFIC_CONTROL. Unknown "
        "names are resolved through the target groups they come from."
    ),
    check=_traffic_control,
)


def _auto_rollback(_: Stack, deployment: Resource, __: Settings) -> str | None:
    enabled, events = rollback(deployment)
    if not is_true(enabled):
        return (
            f'Deployment group "{deployment.name}" does not roll back automatically: enabled is '
            f"{deployment.shown('autoRollbackConfiguration', 'enabled')}."
        )
    if "DEPLOYMENT_FAILURE" in items(events):
        return None
    return (
        f'Deployment group "{deployment.name}" does not roll back when a deployment fails: events '
        f"is {deployment.shown('autoRollbackConfiguration', 'events')}."
    )


CODEDEPLOY_AUTO_ROLLBACK = StackRule(
    id="codedeploy-auto-rollback",
    title="A failed deployment is rolled back automatically",
    question=Question.DEPLOY,
    severity=Severity.HIGH,
    scope=Scope.HIGH_AVAILABILITY,
    controls={
        "AWS Config": ("CODEDEPLOY_DEPLOYMENT_GROUP_AUTO_ROLLBACK_ENABLED",),
        "Well-Architected": ("OPS06-BP04", "REL08-BP05"),
    },
    url="https://docs.aws.amazon.com/config/latest/developerguide/codedeploy-deployment-group-auto-rollback-enabled.html",
    remedy=("set auto_rollback_configuration with enabled true and the event DEPLOYMENT_FAILURE."),
    steps=(
        'Set auto_rollback_configuration with enabled=True and events=["DEPLOYMENT_FAILURE"].',
        "Add DEPLOYMENT_STOP_ON_ALARM where the group has alarms.",
    ),
    unknown="An unknown switch or event list is a violation: both are plain settings.",
    check=for_each(_for_servers, _auto_rollback),
)


def _alarms(stack: Stack, deployment: Resource, _: Settings) -> str | None:
    enabled, events = rollback(deployment)
    if not is_true(enabled):
        return None  # codedeploy-auto-rollback reports it
    watching = deployment.get("alarmConfiguration", "enabled")
    alarms = deployment.get("alarmConfiguration", "alarms")
    named = items(alarms)
    if alarms is UNKNOWN:
        named = stack.sources(deployment, "alarmConfiguration", tokens.ALARM)
    if not named or watching not in (None, True):
        return (
            f'Deployment group "{deployment.name}" watches no alarm during deployments: alarms is '
            f"{deployment.shown('alarmConfiguration', 'alarms')}, enabled is "
            f"{deployment.shown('alarmConfiguration', 'enabled')}."
        )
    if "DEPLOYMENT_STOP_ON_ALARM" in items(events):
        return None
    return (
        f'Deployment group "{deployment.name}" stops on an alarm but does not roll back: events '
        f"is {deployment.shown('autoRollbackConfiguration', 'events')}."
    )


CODEDEPLOY_ALARMS = StackRule(
    id="codedeploy-rollback-and-alarms",
    title="An alarm during a deployment stops it and rolls it back",
    question=Question.DEPLOY,
    severity=Severity.HIGH,
    # Only an alarm catches a revision that passes health checks but fails its users.
    scope=Scope.HIGH_AVAILABILITY,
    controls={
        "AWS Config": ("CODEDEPLOY_AUTO_ROLLBACK_MONITOR_ENABLED",),
        "Well-Architected": ("OPS06-BP04", "REL08-BP05"),
    },
    url="https://docs.aws.amazon.com/config/latest/developerguide/codedeploy-auto-rollback-monitor-enabled.html",
    remedy=(
        "set alarm_configuration with enabled true and the alarms' names, and add "
        "DEPLOYMENT_STOP_ON_ALARM to auto_rollback_configuration's events."
    ),
    steps=(
        (
            "Alarm on what visitors notice: HTTPCode_Target_5XX_Count and TargetResponseTime, missing "
            "data not breaching; not on HealthyHostCount, which the deployment itself lowers."
        ),
        "Name at most ten alarms in alarm_configuration.alarms and set enabled.",
        'Set auto_rollback_configuration.events=["DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM"].',
    ),
    unknown=(
        "An alarm with an unknown name counts as an alarm: it is still to be created. An unknown "
        "list is resolved through the alarms it comes from; an unknown switch or event list is a "
        "violation."
    ),
    check=for_each(_that_serve, _alarms),
)


def _no_copy(_: Stack, deployment: Resource, __: Settings) -> str | None:
    action = deployment.get("blueGreenDeploymentConfig", "greenFleetProvisioningOption", "action")
    style = deployment.get("deploymentStyle", "deploymentType")
    in_place = style not in ("BLUE_GREEN", UNKNOWN)  # values-accepted reports any other word
    if action != "COPY_AUTO_SCALING_GROUP" and (action is not UNKNOWN or in_place):
        return None
    return (
        f'Deployment group "{deployment.name}" provisions its green fleet by an action that is '
        f"{deployment.shown('blueGreenDeploymentConfig', 'greenFleetProvisioningOption', 'action')}: "
        "CodeDeploy would create a copy of the Auto Scaling group outside this stack's state, "
        "and delete the original."
    )


CODEDEPLOY_NO_COPY = StackRule(
    id="codedeploy-no-copy-asg-bluegreen",
    title="No deployment replaces the Auto Scaling group outside the stack's state",
    question=Question.DEPLOY,
    severity=Severity.HIGH,
    scope=Scope.HIGH_AVAILABILITY,
    controls={"Well-Architected": ("OPS05-BP03",)},
    url="https://github.com/hashicorp/terraform-provider-aws/issues/4678",
    remedy=(
        "deploy in place with traffic control, or set the green fleet's action to "
        "DISCOVER_EXISTING."
    ),
    steps=(
        'Set deployment_style with deployment_type="IN_PLACE".',
        "Remove blue_green_deployment_config.",
    ),
    unknown=(
        "An unknown action is a violation unless the deployment type is IN_PLACE, the default: "
        "the provider then computes the block, and it is not used."
    ),
    check=for_each(_for_servers, _no_copy),
)


def _one_per_group(stack: Stack, group: Resource, _: Settings) -> str | None:
    deployments = stack.derived(Deployments)
    owners = [one for one in deployments.servers if group in one.groups.any]
    # One that should deploy to another group is reported by codedeploy-deployment-group.
    if len(owners) <= 1 or deployments.unreleased:
        return None
    names = ", ".join(f'"{owner.resource.name}"' for owner in owners)
    return (
        f'Auto Scaling group "{group.name}" is in {len(owners)} deployment groups ({names}): each '
        "new instance gets concurrent deployments that time out."
    )


CODEDEPLOY_ONE_DG = StackRule(
    id="codedeploy-one-dg-per-asg",
    title="An Auto Scaling group belongs to one deployment group",
    question=Question.DEPLOY,
    severity=Severity.HIGH,
    scope=Scope.HIGH_AVAILABILITY,
    controls={"Well-Architected": ("OPS05-BP04",)},
    url=_TROUBLESHOOTING,
    remedy="keep one deployment group per Auto Scaling group and remove the others.",
    steps=(
        "Keep the deployment group that deploys the application.",
        "Deliver other software in the same revision, or by user data.",
    ),
    unknown="Unknown group names are resolved through the Auto Scaling groups they come from.",
    check=for_each(auto_scaling_groups, _one_per_group),
)


CODEDEPLOY_OUTDATED = property_rule(
    must_be(
        "outdatedInstancesStrategy",
        "UPDATE",
        'Deployment group "{name}" leaves instances launched during a deployment on the old '
        "revision",
        default="UPDATE",
    ),
    tokens.DEPLOYMENT_GROUP,
    id="codedeploy-outdated-instances-update",
    title="Instances launched during a deployment get the new revision",
    question=Question.DEPLOY,
    severity=Severity.MEDIUM,
    scope=Scope.HIGH_AVAILABILITY,
    controls={
        "AWS Config": ("CODEDEPLOY_DEPLOYMENT_GROUP_OUTDATED_INSTANCES_UPDATE",),
        "Well-Architected": ("REL08-BP05",),
    },
    url="https://docs.aws.amazon.com/config/latest/developerguide/codedeploy-deployment-group-outdated-instances-update.html",
    remedy="set outdated_instances_strategy to UPDATE or leave it out.",
    steps=("Remove outdated_instances_strategy or set it to UPDATE.",),
)

RULES = (
    CODEDEPLOY_DEPLOYMENT_GROUP,
    CODEDEPLOY_TRAFFIC_CONTROL,
    CODEDEPLOY_AUTO_ROLLBACK,
    CODEDEPLOY_ALARMS,
    CODEDEPLOY_NO_COPY,
    CODEDEPLOY_ONE_DG,
    CODEDEPLOY_OUTDATED,
)
