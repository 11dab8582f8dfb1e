"""What AWS rejects about deployment groups, and about the options that deployments share with them.

https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_CreateDeploymentGroup.html#API_CreateDeploymentGroup_Errors
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, cast

from moto.autoscaling.models import autoscaling_backends
from moto.codedeploy.exceptions import CodeDeployException
from moto.codedeploy.models import CodeDeployBackend, DeploymentGroup
from moto.elbv2.models import elbv2_backends

from region.services.codedeploy import blue_green, service_role, triggers
from region.services.codedeploy.deployment_configs import config_of
from region.services.codedeploy.membership import WITH_TRAFFIC_CONTROL, target_group_names
from region.services.codedeploy.records import DeploymentGroupRecord, alarm_configuration_of

SERVER = "Server"
MAX_ALARMS, MAX_ALARM_NAME, MAX_TAG_SETS, MAX_SCALING_GROUPS = 10, 255, 3, 10
SUSPENDABLE = ("Terminate", "AZRebalance", "InstanceRefresh", "ScheduledActions")
ROLLBACK_EVENTS = ("DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM", "DEPLOYMENT_STOP_ON_REQUEST")
STYLES = {
    "deploymentType": ("IN_PLACE", blue_green.BLUE_GREEN),
    "deploymentOption": (WITH_TRAFFIC_CONTROL, "WITHOUT_TRAFFIC_CONTROL"),
}
STRATEGIES = ("UPDATE", "IGNORE")
TAG_FILTERS = {
    "KEY_ONLY": ("Key",),
    "VALUE_ONLY": ("Value",),
    "KEY_AND_VALUE": ("Key",),
}
"""The kinds of a tag filter, and what each must have. With a key, an empty value is one too."""


def check_group(backend: CodeDeployBackend, group: DeploymentGroup) -> None:
    """Reject a deployment group that AWS, or the local region, does not take."""
    _check_platform(group)
    config_of(backend, str(group.deployment_config_name))
    service_role.check(backend, group)
    _check_style(group)
    _check_selection(group)
    _check_scaling_groups(backend, group)
    check_processes(DeploymentGroupRecord.of(group).processes_to_suspend, group.auto_scaling_groups)
    check_alarms(alarm_configuration_of(group))
    check_rollback(group.auto_rollback_configuration)
    triggers.check(cast("list[dict[str, Any]]", group.trigger_configurations or []))
    _check_load_balancer(backend, group)


def check_processes(processes: Sequence[str] | None, scaling_groups: list[str]) -> None:
    """Reject processes that CodeDeploy cannot suspend at all or in this deployment group."""
    unknown = [name for name in processes or [] if name not in SUSPENDABLE]
    if unknown:
        raise CodeDeployException(
            "InvalidAutoScalingGroupProcessToSuspendException",
            f"{', '.join(unknown)} cannot be suspended: use {', '.join(SUSPENDABLE)}.",
        )
    if processes and not scaling_groups:
        raise CodeDeployException(
            "InvalidAutoScalingGroupProcessToSuspendException",
            "The deployment group has no Auto Scaling group whose processes could be suspended.",
        )


def check_alarms(settings: dict[str, Any]) -> None:
    """Reject what InvalidAlarmConfigException and AlarmsLimitExceededException are documented for."""
    names = [entry.get("name") for entry in settings.get("alarms") or []]
    if len(names) > MAX_ALARMS:
        raise CodeDeployException(
            "AlarmsLimitExceededException",
            f"A deployment group takes {MAX_ALARMS} alarms, not {len(names)}.",
        )
    if settings.get("enabled") and not names:
        raise _invalid_alarms("The alarm configuration is enabled without an alarm.")
    if len(set(names)) != len(names) or not all(names):
        raise _invalid_alarms("Alarms need names that differ from each other.")
    long = [name for name in names if name and len(name) > MAX_ALARM_NAME]
    if long:
        raise _invalid_alarms(
            f"The alarm's name {long[0]!r} is longer than {MAX_ALARM_NAME} characters."
        )


def check_rollback(settings: dict[str, Any] | None) -> None:
    """Reject an automatic rollback that nothing, or nothing known, would cause."""
    events = cast("list[str]", (settings or {}).get("events") or [])
    unknown = [event for event in events if event not in ROLLBACK_EVENTS]
    if unknown or ((settings or {}).get("enabled") and not events):
        raise CodeDeployException(
            "InvalidAutoRollbackConfigException",
            f"Automatic rollbacks need events of {', '.join(ROLLBACK_EVENTS)}, not "
            f"{', '.join(unknown) or 'none'}.",
        )


def _invalid_alarms(message: str) -> CodeDeployException:
    return CodeDeployException("InvalidAlarmConfigException", message)


def _check_platform(group: DeploymentGroup) -> None:
    if group.ecs_services:
        raise CodeDeployException(
            "InvalidECSServiceException",
            "The local region deploys to instances only: leave ecsServices out.",
        )
    platform = group.application.compute_platform or SERVER
    if platform != SERVER:
        raise CodeDeployException(
            "InvalidInputException",
            f"The application is for {platform}: the local region deploys to instances only, so use "
            f"an application with the compute platform {SERVER}.",
        )


def _check_style(group: DeploymentGroup) -> None:
    for name, known in STYLES.items():
        value = group.deployment_style.get(name)
        if value is not None and value not in known:
            raise CodeDeployException(
                "InvalidDeploymentStyleException",
                f"{name} is {value!r}: use {' or '.join(known)}.",
            )
    strategy = group.outdated_instances_strategy
    if strategy and strategy not in STRATEGIES:
        raise CodeDeployException(
            "InvalidInputException",
            f"outdatedInstancesStrategy is {strategy!r}: use {' or '.join(STRATEGIES)}.",
        )
    if blue_green.is_blue_green(group):
        if group.deployment_style.get("deploymentOption") != WITH_TRAFFIC_CONTROL:
            raise CodeDeployException(
                "InvalidDeploymentStyleException",
                f"A {blue_green.BLUE_GREEN} deployment to instances needs the deployment option "
                f"{WITH_TRAFFIC_CONTROL}.",
            )
        blue_green.options_of(group)


def _check_selection(group: DeploymentGroup) -> None:
    """Check the tags by which instances, in EC2 and on premises, are chosen."""
    check_tags(
        group.ec2_tag_filters or [],
        group.ec2_tag_set.get("ec2TagSetList") or [],
        invalid="InvalidEC2TagException",
        combination="InvalidEC2TagCombinationException",
    )
    check_tags(
        group.on_premises_instance_tag_filters or [],
        group.on_premises_tag_set.get("onPremisesTagSetList") or [],
        invalid="InvalidTagException",
        combination="InvalidOnPremisesTagCombinationException",
    )


def check_tags(
    filters: Sequence[dict[str, str]],
    sets: Sequence[Sequence[dict[str, str]]],
    *,
    invalid: str,
    combination: str,
) -> None:
    """Reject a choice of instances by tags; the last two name AWS's errors for it."""
    if filters and sets:
        raise CodeDeployException(
            combination, "Tag filters and a tag set were given: use one of the two."
        )
    if len(sets) > MAX_TAG_SETS:
        raise CodeDeployException(
            "TagSetListLimitExceededException",
            f"A tag set list takes {MAX_TAG_SETS} groups of tags, not {len(sets)}.",
        )
    for entry in _all(filters, sets):
        kind = entry.get("Type", "KEY_AND_VALUE")
        if kind not in TAG_FILTERS:
            raise CodeDeployException(
                invalid, f"The type of a tag filter is {kind!r}: use {', '.join(TAG_FILTERS)}."
            )
        missing = [name for name in TAG_FILTERS[kind] if not entry.get(name)]
        if missing:
            raise CodeDeployException(invalid, f"A tag filter of type {kind} needs a {missing[0]}.")


def _all(
    filters: Iterable[dict[str, str]], sets: Iterable[Iterable[dict[str, str]]]
) -> Iterable[dict[str, str]]:
    yield from filters
    for one in sets:
        yield from one


def _check_scaling_groups(backend: CodeDeployBackend, group: DeploymentGroup) -> None:
    names = group.auto_scaling_groups
    if len(names) > MAX_SCALING_GROUPS or len(set(names)) != len(names):
        raise CodeDeployException(
            "InvalidAutoScalingGroupException",
            f"A deployment group takes {MAX_SCALING_GROUPS} different Auto Scaling groups, not "
            f"{', '.join(names)}.",
        )
    known = autoscaling_backends[backend.account_id][backend.region_name].autoscaling_groups
    for name in names:
        if name not in known:
            raise CodeDeployException(
                "InvalidAutoScalingGroupException", f"No such auto scaling group: {name}"
            )


def _check_load_balancer(backend: CodeDeployBackend, group: DeploymentGroup) -> None:
    info = group.load_balancer_info
    if info.get("elbInfoList"):
        raise _invalid_load_balancer(
            "The local region has no Classic Load Balancers: leave elbInfoList out and name target "
            "groups in targetGroupInfoList."
        )
    if info.get("targetGroupPairInfoList"):
        raise CodeDeployException(
            "InvalidTargetGroupPairException",
            "targetGroupPairInfoList is for Amazon ECS: name target groups in targetGroupInfoList.",
        )
    names = target_group_names(group)
    if group.deployment_style.get("deploymentOption") == WITH_TRAFFIC_CONTROL and not names:
        raise _invalid_load_balancer(
            f"For the {WITH_TRAFFIC_CONTROL} deployment option the local region needs "
            "targetGroupInfoList in loadBalancerInfo."
        )
    known = elbv2_backends[backend.account_id][backend.region_name].target_groups.values()
    for target_group in known:
        if target_group.name in names and (target_group.target_type or "instance") != "instance":
            raise _invalid_load_balancer(
                f"Target group {target_group.name} has targets of type {target_group.target_type}: "
                "CodeDeploy registers instances, so use one of target type instance."
            )
    missing = set(names) - {target_group.name for target_group in known}
    if missing:
        raise _invalid_load_balancer(f"No such target group: {', '.join(sorted(missing))}")


def _invalid_load_balancer(message: str) -> CodeDeployException:
    return CodeDeployException("InvalidLoadBalancerInfoException", message)
