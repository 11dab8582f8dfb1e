"""CodeDeploy deployment groups for EC2."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from typing_extensions import override

from region.provider import checks
from region.provider.autoname import WORD, WORD_RULE, Naming
from region.provider.errors import CheckFailure
from region.provider.handler import Handler, given, tag_list
from region.provider.operation import Operation
from region.provider.resources.codedeploy.common import PLATFORM, retag, tags_of
from region.provider.values import Properties

TYPES, OPTIONS = ("IN_PLACE", "BLUE_GREEN"), ("WITH_TRAFFIC_CONTROL", "WITHOUT_TRAFFIC_CONTROL")


FILTER_TYPES = ("KEY_ONLY", "VALUE_ONLY", "KEY_AND_VALUE")


_GROUP = {
    "serviceRoleArn": "serviceRoleArn",
    "deploymentConfigName": "deploymentConfigName",
    "autoScalingGroups": "autoscalingGroups",
    "outdatedInstancesStrategy": "outdatedInstancesStrategy",
    "terminationHookEnabled": "terminationHookEnabled",
}


_FILTER = {"Key": "key", "Value": "value", "Type": "type"}


_ALARMS = {"enabled": "enabled", "ignorePollAlarmFailure": "ignorePollAlarmFailure"}


_BLUE_GREEN = "blueGreenDeploymentConfig"
_PARTS = (
    "deploymentReadyOption",
    "greenFleetProvisioningOption",
    "terminateBlueInstancesOnDeploymentSuccess",
)


_NAMES = frozenset({"appName", "deploymentGroupName"})


class DeploymentGroup(Handler):
    """`aws.codedeploy.DeploymentGroup`."""

    resource_type = "aws:codedeploy/deploymentGroup:DeploymentGroup"
    supported = frozenset(
        {
            "appName",
            "deploymentGroupName",
            "deploymentStyle",
            "loadBalancerInfo.targetGroupInfos.name",
            "autoRollbackConfiguration",
            "alarmConfiguration",
            "ec2TagFilters",
            "ec2TagSets.ec2TagFilters",
            "tags",
            "triggerConfigurations",
            *(f"{_BLUE_GREEN}.{part}" for part in _PARTS),
            *_GROUP.values(),
        }
    )
    defaults: ClassVar = {
        "deploymentConfigName": "CodeDeployDefault.OneAtATime",
        "outdatedInstancesStrategy": "UPDATE",
        "terminationHookEnabled": False,
    }
    sets = frozenset(
        {
            "autoscalingGroups",
            "ec2TagFilters",
            "ec2TagSets",
            "autoRollbackConfiguration.events",
            "alarmConfiguration.alarms",
            "loadBalancerInfo.targetGroupInfos",
            "triggerConfigurations",
            "triggerConfigurations.triggerEvents",
        }
    )
    naming = Naming(prop="deploymentGroupName", prefix="", limit=100, pattern=WORD, rule=WORD_RULE)

    @override
    def check(self, op: Operation, inputs: Properties, old: Properties) -> Iterable[CheckFailure]:
        """Check the style, and that traffic control has a target group."""
        style: Any = inputs.get("deploymentStyle")
        if isinstance(style, dict):
            yield from _check_style(style, inputs)
        if inputs.get("ec2TagFilters") and inputs.get("ec2TagSets"):
            yield CheckFailure("ec2TagSets", "set either 'ec2TagFilters' or 'ec2TagSets', not both")
        strategy = inputs.get("outdatedInstancesStrategy")
        yield from checks.one_of("outdatedInstancesStrategy", strategy, ["UPDATE", "IGNORE"])
        filters: Any = inputs.get("ec2TagFilters")
        for item in filters if isinstance(filters, list) else ():  # pyright: ignore[reportUnknownVariableType]
            if isinstance(item, dict):
                kind: Any = item.get("type")  # pyright: ignore[reportUnknownMemberType]
                yield from checks.one_of("ec2TagFilters.type", kind, FILTER_TYPES)

    @override
    def changes_outputs(self, changed: frozenset[str]) -> frozenset[str]:
        """Return the ARN for new names: it carries both."""
        return frozenset({"arn"}) if changed & _NAMES else frozenset()

    @override
    def create(self, op: Operation, inputs: Properties) -> str:
        """Call CreateDeploymentGroup."""
        response = op.aws.codedeploy.create_deployment_group(
            applicationName=inputs["appName"],
            deploymentGroupName=inputs["deploymentGroupName"],
            tags=tag_list(inputs.get("tags")),
            **_group(inputs),
        )
        return response["deploymentGroupId"]

    @override
    def apply(self, op: Operation, identity: str, new: Properties, old: Properties | None) -> None:
        """Call UpdateDeploymentGroup with the changed members; removed lists are sent empty."""
        if old is None:
            return
        before, after = _group(old), _group(new)
        changes = {key: value for key, value in after.items() if before.get(key) != value}
        changes.update({key: _EMPTY[key] for key in before.keys() - after.keys() if key in _EMPTY})
        if new["deploymentGroupName"] != old["deploymentGroupName"]:
            changes["newDeploymentGroupName"] = new["deploymentGroupName"]
        # A renamed application has taken its groups along; any other one lacks the group.
        if changes or new["appName"] != old["appName"]:
            op.aws.codedeploy.update_deployment_group(
                applicationName=new["appName"],
                currentDeploymentGroupName=old["deploymentGroupName"],
                **changes,
            )
        retag(op, _arn(op, new["appName"], new["deploymentGroupName"]), new, old)

    @override
    def read(self, op: Operation, identity: str, state: Properties) -> Properties | None:
        """Describe the group; its id for an import is `<application>:<group>`."""
        application, name = _key(identity, state)
        response = op.aws.codedeploy.get_deployment_group(
            applicationName=application, deploymentGroupName=name
        )
        group: Mapping[str, Any] = response["deploymentGroupInfo"]
        arn = _arn(op, application, name)
        return {
            "appName": application,
            "deploymentGroupName": name,
            "deploymentGroupId": group["deploymentGroupId"],
            "computePlatform": group.get("computePlatform", PLATFORM),
            "arn": arn,
            "tags": tags_of(op, arn),
            **_described(group),
        }

    @override
    def delete(self, op: Operation, identity: str, state: Properties) -> None:
        """Call DeleteDeploymentGroup."""
        application, name = _key(identity, state)
        op.aws.codedeploy.delete_deployment_group(
            applicationName=application, deploymentGroupName=name
        )


_EMPTY: dict[str, Any] = {
    "autoScalingGroups": [],
    "ec2TagFilters": [],
    "triggerConfigurations": [],
    "alarmConfiguration": {"enabled": False, "alarms": []},
    "autoRollbackConfiguration": {"enabled": False, "events": []},
}


def _arn(op: Operation, application: str, group: str) -> str:
    return op.arn("codedeploy", f"deploymentgroup:{application}/{group}")


def _key(identity: str, state: Properties) -> tuple[str, str]:
    if "appName" in state:
        return state["appName"], state["deploymentGroupName"]
    application, _, group = identity.partition(":")
    return application, group


def _check_style(style: Properties, inputs: Properties) -> Iterable[CheckFailure]:
    kind, option = style.get("deploymentType"), style.get("deploymentOption")
    yield from checks.one_of("deploymentStyle.deploymentType", kind, TYPES)
    yield from checks.one_of("deploymentStyle.deploymentOption", option, OPTIONS)
    if option == OPTIONS[0] and not inputs.get("loadBalancerInfo"):
        yield CheckFailure(
            "loadBalancerInfo",
            f"{OPTIONS[0]} needs 'loadBalancerInfo' with a target group; set it, or use "
            f"{OPTIONS[1]}",
        )


def _group(inputs: Properties) -> dict[str, Any]:
    """Return the parameters that creating and updating a group have in common."""
    parameters = given(_GROUP, inputs)
    names = ("deploymentStyle", "autoRollbackConfiguration")
    parameters.update({name: inputs[name] for name in names if inputs.get(name)})
    balancer = (inputs.get("loadBalancerInfo") or {}).get("targetGroupInfos")
    if balancer:
        parameters["loadBalancerInfo"] = {"targetGroupInfoList": balancer}
    if inputs.get("triggerConfigurations"):
        parameters["triggerConfigurations"] = inputs["triggerConfigurations"]
    blue_green = inputs.get(_BLUE_GREEN)
    if blue_green:
        parameters["blueGreenDeploymentConfiguration"] = {
            part: blue_green[part] for part in _PARTS if blue_green.get(part)
        }
    alarms = inputs.get("alarmConfiguration")
    if alarms:
        named = [{"name": name} for name in alarms.get("alarms") or ()]
        parameters["alarmConfiguration"] = {**given(_ALARMS, alarms), "alarms": named}
    if inputs.get("ec2TagFilters"):
        parameters["ec2TagFilters"] = [given(_FILTER, item) for item in inputs["ec2TagFilters"]]
    if inputs.get("ec2TagSets"):
        parameters["ec2TagSet"] = {
            "ec2TagSetList": [
                [given(_FILTER, item) for item in tag_set.get("ec2TagFilters") or ()]
                for tag_set in inputs["ec2TagSets"]
            ]
        }
    return parameters


def _described(group: Mapping[str, Any]) -> Properties:
    """Return the inputs in a description; what it leaves empty keeps its last known value."""
    described: Properties = {
        name: group[parameter] for parameter, name in _GROUP.items() if group.get(parameter)
    }
    described.pop("autoscalingGroups", None)
    names = [item["name"] for item in group.get("autoScalingGroups") or () if item.get("name")]
    if names:
        described["autoscalingGroups"] = names
    for name in ("deploymentStyle", "autoRollbackConfiguration"):
        if group.get(name):
            described[name] = dict(group[name])
    balancers = (group.get("loadBalancerInfo") or {}).get("targetGroupInfoList")
    if balancers:
        described["loadBalancerInfo"] = {
            "targetGroupInfos": [{"name": item["name"]} for item in balancers]
        }
    if group.get("triggerConfigurations"):
        described["triggerConfigurations"] = [dict(one) for one in group["triggerConfigurations"]]
    blue_green = group.get("blueGreenDeploymentConfiguration") or {}
    if blue_green:
        described[_BLUE_GREEN] = {
            part: dict(blue_green[part]) for part in _PARTS if part in blue_green
        }
    alarms = group.get("alarmConfiguration") or {}
    if alarms.get("alarms"):
        described["alarmConfiguration"] = {
            "alarms": [item["name"] for item in alarms["alarms"]],
            **{name: alarms[key] for key, name in _ALARMS.items() if key in alarms},
        }
    filters = group.get("ec2TagFilters")
    if filters:
        described["ec2TagFilters"] = [
            {name: item[key] for key, name in _FILTER.items() if item.get(key) is not None}
            for item in filters
        ]
    return described
