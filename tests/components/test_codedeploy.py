"""The deployment groups of both stacks."""

from __future__ import annotations

import pytest

from components.codedeploy import CodeDeployArgs, TaggedInstances

GROUP = "aws:codedeploy/deploymentGroup:DeploymentGroup"


def test_more_alarms_than_codedeploy_accepts_are_rejected():
    with pytest.raises(ValueError, match="takes 10 alarms, not 11"):
        CodeDeployArgs(
            targets=TaggedInstances(key="k", value="v"),
            deployment_config="CodeDeployDefault.AllAtOnce",
            stop_alarms=("a",) * 11,
            service_role_arn="r",
            prerequisites=(),
            tags={},
        )


def test_deployments_deregister_each_instance(ha):
    group = ha.one("aws:codedeploy/deploymentGroup:DeploymentGroup")
    assert group.inputs["deploymentStyle"] == {
        "deploymentType": "IN_PLACE",
        "deploymentOption": "WITH_TRAFFIC_CONTROL",
    }
    assert group.inputs["autoscalingGroups"] == ["web-fleet-group-1234567"]
    assert group.inputs["loadBalancerInfo"] == {
        "targetGroupInfos": [{"name": "web-balancer-targets-1234567"}]
    }
    assert not {"ec2TagFilters", "blueGreenDeploymentConfig"} & set(group.inputs)


def test_failed_deployments_roll_back_in_both_stacks(either):
    group = either.one("aws:codedeploy/deploymentGroup:DeploymentGroup").inputs
    assert group["autoRollbackConfiguration"]["enabled"] is True
    assert "DEPLOYMENT_FAILURE" in group["autoRollbackConfiguration"]["events"]
    assert group["outdatedInstancesStrategy"] == "UPDATE"


def test_the_service_role_has_its_policy_before_the_deployment_group_exists(either):
    group = either.one("aws:codedeploy/deploymentGroup:DeploymentGroup")
    attachment = next(
        r
        for r in either.of("aws:iam/rolePolicyAttachment:RolePolicyAttachment")
        if r.inputs["policyArn"].endswith("AWSCodeDeployRole")
    )
    assert attachment.urn in group.dependencies


def test_the_baseline_is_found_by_its_tag_and_has_no_traffic_control(single):
    group = single.one("aws:codedeploy/deploymentGroup:DeploymentGroup").inputs
    instance = single.one("aws:ec2/instance:Instance").inputs
    (tag_filter,) = group["ec2TagFilters"]
    assert tag_filter["type"] == "KEY_AND_VALUE"
    assert instance["tags"][tag_filter["key"]] == tag_filter["value"]
    assert group["deploymentStyle"]["deploymentOption"] == "WITHOUT_TRAFFIC_CONTROL"
    assert not {"autoscalingGroups", "loadBalancerInfo"} & set(group)


def test_a_terminating_instance_stops_its_application_first(single, ha):
    assert ha.one(GROUP).inputs["terminationHookEnabled"] is True
    assert single.one(GROUP).inputs["terminationHookEnabled"] is False


def test_a_deployment_watches_its_first_zone(build, ha, single):
    config = ha.one("aws:codedeploy/deploymentConfig:DeploymentConfig")
    assert config.inputs["minimumHealthyHosts"] == {"type": "FLEET_PERCENT", "value": 66}
    assert config.inputs["zonalConfig"] == {"firstZoneMonitorDurationInSeconds": 240}
    longer = build("ha", firstZoneMonitor="600").one(config.type)
    assert longer.inputs["zonalConfig"] == {"firstZoneMonitorDurationInSeconds": 600}
    assert single.of(config.type) == []
    assert single.one(GROUP).inputs["deploymentConfigName"] == "CodeDeployDefault.AllAtOnce"


def test_minimum_healthy_hosts_become_a_deployment_configuration(build, ha):
    recording = build("ha", minimumHealthyHosts="66%")
    config = recording.one("aws:codedeploy/deploymentConfig:DeploymentConfig")
    assert config.inputs["minimumHealthyHosts"] == {"type": "FLEET_PERCENT", "value": 66}
    group = recording.one(GROUP)
    assert group.inputs["deploymentConfigName"] == "web-delivery-config-1234567"
    assert group.property_dependencies["deploymentConfigName"] == (config.urn,)
