"""What CodeDeploy and CloudWatch refuse about deployments and alarms."""

from __future__ import annotations

from collections.abc import Iterator

from availability.names import LONGEST

from guardrails import tokens
from guardrails.refusals import (
    Refusal,
    among,
    at_most,
    between,
    both,
    matching,
    refusal_rule,
)
from guardrails.refused import alarm_refusals
from guardrails.resources import Resource
from guardrails.values import dig, is_absent, number, show

_API = "https://docs.aws.amazon.com/codedeploy/latest/APIReference/"
_GROUP = f"{_API}API_CreateDeploymentGroup.html"
_CONFIG = f"{_API}API_MinimumHealthyHosts.html"
_GROUPS = tokens.DEPLOYMENT_GROUP
_CONFIGS = tokens.DEPLOYMENT_CONFIG


def _minimum(config: Resource) -> str | None:
    hosts = config.get("minimumHealthyHosts")
    kind, value = dig(hosts, "type"), number(dig(hosts, "value"))
    if value is None:
        return None
    if value < 0 or (kind == "FLEET_PERCENT" and value > 100):
        return f"minimum_healthy_hosts is {show(kind)} {value:g}"
    return None


def _platform(config: Resource) -> Iterator[str]:
    platform = config.get("computePlatform") or "Server"
    if platform == "Server" and is_absent(config.get("minimumHealthyHosts")):
        yield "compute_platform is Server, minimum_healthy_hosts is not set"
    if platform == "Server" and not is_absent(config.get("trafficRoutingConfig")):
        yield "compute_platform is Server, traffic_routing_config is set"
    if platform in ("Lambda", "ECS") and not is_absent(config.get("minimumHealthyHosts")):
        yield f"compute_platform is {platform}, minimum_healthy_hosts is set"


_DEPLOYMENT_TABLE = (
    Refusal(
        types=_GROUPS,
        says="The maximum allowed number of triggers (10) was exceeded.",
        source=_GROUP,
        remedy="list at most ten trigger_configurations.",
        find=at_most("triggerConfigurations", 10),
    ),
    Refusal(
        types=_GROUPS,
        says=(
            "InvalidEC2TagCombinationException: only one of Ec2TagFilters and Ec2TagSet can be used "
            "in a single call."
        ),
        source=_GROUP,
        remedy="keep ec2_tag_filters or ec2_tag_sets.",
        find=both("ec2TagFilters", "ec2TagSets"),
    ),
    Refusal(
        types=_GROUPS,
        says=(
            "InvalidAutoRollbackConfigException: the automatic rollback configuration has an "
            "invalid event."
        ),
        source=f"{_API}API_AutoRollbackConfiguration.html",
        remedy="name DEPLOYMENT_FAILURE and DEPLOYMENT_STOP_ON_ALARM.",
        find=among(
            "autoRollbackConfiguration.events.*",
            "DEPLOYMENT_FAILURE",
            "DEPLOYMENT_STOP_ON_ALARM",
            "DEPLOYMENT_STOP_ON_REQUEST",
        ),
    ),
    Refusal(
        types=_GROUPS,
        says="OutdatedInstancesStrategy: UPDATE or IGNORE.",
        source=_GROUP,
        remedy='set outdated_instances_strategy to "UPDATE".',
        find=among("outdatedInstancesStrategy", "UPDATE", "IGNORE"),
    ),
    Refusal(
        types=_GROUPS,
        says="DeploymentGroupName: 1 to 100 characters.",
        source=_GROUP,
        remedy="shorten deployment_group_name.",
        find=matching("deploymentGroupName", r".+", LONGEST["deployment group"]),
    ),
    Refusal(
        types=_GROUPS,
        says="The wait before original instances are terminated is at most 2880 minutes.",
        source=f"{_API}API_BlueInstanceTerminationOption.html",
        remedy="set termination_wait_time_in_minutes to at most 2880.",
        find=between(
            "blueGreenDeploymentConfig.terminateBlueInstancesOnDeploymentSuccess"
            ".terminationWaitTimeInMinutes",
            0,
            2880,
        ),
    ),
    Refusal(
        types=_CONFIGS,
        says=(
            "InvalidMinimumHealthyHostValueException: The minimum healthy instance value was "
            "specified in an invalid format."
        ),
        source=_CONFIG,
        remedy="set minimum_healthy_hosts to HOST_COUNT 0 or more, or FLEET_PERCENT 0 to 100.",
        find=_minimum,
    ),
    Refusal(
        types=_CONFIGS,
        says="InvalidDeploymentConfigNameException: names that begin with CodeDeployDefault. are reserved.",
        source=f"{_API}API_CreateDeploymentConfig.html",
        remedy="set deployment_config_name to a name of your own, or use the predefined one by its name.",
        find=matching("deploymentConfigName", r"(?!CodeDeployDefault\.).+"),
    ),
    Refusal(
        types=_CONFIGS,
        says="MinimumHealthyHosts is for the compute platform Server, traffic routing for Lambda and ECS.",
        source=f"{_API}API_CreateDeploymentConfig.html",
        remedy="set what the compute platform has.",
        find=_platform,
    ),
)

DEPLOYMENT = refusal_rule(
    _DEPLOYMENT_TABLE,
    id="codedeploy-accepted",
    title="CodeDeploy accepts every deployment group and configuration",
    url=_GROUP,
    remedy="correct the deployment group or configuration as the message says.",
)


ALARM = refusal_rule(
    alarm_refusals.TABLE,
    id="alarm-accepted",
    title="Amazon CloudWatch accepts every alarm",
    url=alarm_refusals.PUT_ALARM,
    remedy="correct the alarm as the message says.",
)

RULES = (DEPLOYMENT, ALARM)
