"""CodeDeploy's API besides deployments: applications, groups, configurations, revisions."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from tests.region.fakes import service_role

REVISION = {
    "revisionType": "S3",
    "s3Location": {"bucket": "releases", "key": "v1.zip", "bundleType": "zip"},
}


@pytest.fixture
def api(aws):
    service_role(aws, "codedeploy.amazonaws.com")
    aws.codedeploy.create_application(applicationName="app", computePlatform="Server")
    return aws.codedeploy


def make_group(api, **settings):
    return api.create_deployment_group(
        applicationName="app",
        deploymentGroupName="dg",
        serviceRoleArn="arn:aws:iam::123456789012:role/codedeploy",
        **settings,
    )


def group_info(api, name="dg"):
    return api.get_deployment_group(applicationName="app", deploymentGroupName=name)[
        "deploymentGroupInfo"
    ]


def test_predefined_and_custom_configurations(api):
    half = api.get_deployment_config(deploymentConfigName="CodeDeployDefault.HalfAtATime")
    assert half["deploymentConfigInfo"]["minimumHealthyHosts"] == {
        "type": "FLEET_PERCENT",
        "value": 50,
    }
    hosts = {"type": "HOST_COUNT", "value": 2}
    api.create_deployment_config(deploymentConfigName="two", minimumHealthyHosts=hosts)
    assert "two" in api.list_deployment_configs()["deploymentConfigsList"]
    make_group(api, deploymentConfigName="two")
    with pytest.raises(ClientError, match="in use"):
        api.delete_deployment_config(deploymentConfigName="two")
    api.delete_deployment_group(applicationName="app", deploymentGroupName="dg")
    api.delete_deployment_config(deploymentConfigName="two")
    with pytest.raises(ClientError) as error:
        api.get_deployment_config(deploymentConfigName="two")
    assert error.value.response["Error"]["Code"] == "DeploymentConfigDoesNotExistException"


def test_a_group_is_described_updated_renamed_and_deleted(api):
    alarms = {"enabled": True, "alarms": [{"name": "5xx"}]}
    make_group(api, alarmConfiguration=alarms)
    assert group_info(api)["alarmConfiguration"] == alarms
    assert group_info(api)["deploymentConfigName"] == "CodeDeployDefault.OneAtATime"
    api.update_deployment_group(
        applicationName="app",
        currentDeploymentGroupName="dg",
        newDeploymentGroupName="renamed",
        deploymentConfigName="CodeDeployDefault.HalfAtATime",
    )
    assert group_info(api, "renamed")["deploymentConfigName"] == "CodeDeployDefault.HalfAtATime"
    api.delete_deployment_group(applicationName="app", deploymentGroupName="renamed")
    with pytest.raises(ClientError, match="does not exist"):
        group_info(api, "renamed")


@pytest.mark.parametrize(
    ("settings", "code"),
    [
        ({"autoScalingGroups": ["none"]}, "InvalidAutoScalingGroupException"),
        ({"deploymentConfigName": "none"}, "DeploymentConfigDoesNotExistException"),
        (
            {
                "deploymentStyle": {
                    "deploymentType": "IN_PLACE",
                    "deploymentOption": "WITH_TRAFFIC_CONTROL",
                }
            },
            "InvalidLoadBalancerInfoException",
        ),
        (
            {"deploymentStyle": {"deploymentType": "BLUE_GREEN"}},
            "InvalidDeploymentStyleException",
        ),
    ],
)
def test_an_invalid_group_is_rejected_and_not_kept(api, settings, code):
    with pytest.raises(ClientError) as error:
        make_group(api, **settings)
    assert error.value.response["Error"]["Code"] == code
    listed = api.list_deployment_groups(applicationName="app")["deploymentGroups"]
    assert listed == []


def test_an_invalid_update_changes_nothing(api):
    make_group(api)
    with pytest.raises(ClientError):
        api.update_deployment_group(
            applicationName="app",
            currentDeploymentGroupName="dg",
            autoScalingGroups=["none"],
            deploymentConfigName="CodeDeployDefault.AllAtOnce",
        )
    assert group_info(api)["deploymentConfigName"] == "CodeDeployDefault.OneAtATime"


@pytest.mark.parametrize(
    ("revision", "code"),
    [
        ({"revisionType": "GitHub"}, "InvalidRevisionException"),
        (
            {
                "revisionType": "S3",
                "s3Location": {"bucket": "b", "key": "k", "bundleType": "YAML"},
            },
            "InvalidRevisionException",
        ),
        (None, "RevisionRequiredException"),
    ],
)
def test_a_deployment_needs_a_revision_that_can_be_deployed(api, revision, code):
    make_group(api)
    with pytest.raises(ClientError) as error:
        api.create_deployment(
            applicationName="app",
            deploymentGroupName="dg",
            **({"revision": revision} if revision else {}),
        )
    assert error.value.response["Error"]["Code"] == code


def test_revisions_are_remembered(api):
    make_group(api)
    api.register_application_revision(applicationName="app", revision=REVISION)
    info = api.get_application_revision(applicationName="app", revision=REVISION)
    assert "firstUsedTime" not in info["revisionInfo"]
    api.create_deployment(applicationName="app", deploymentGroupName="dg", revision=REVISION)
    info = api.get_application_revision(applicationName="app", revision=REVISION)
    assert "firstUsedTime" in info["revisionInfo"]
    assert api.list_application_revisions(applicationName="app")["revisions"] == [REVISION]


def test_an_application_is_renamed_and_deleted(api):
    make_group(api)
    api.update_application(applicationName="app", newApplicationName="new")
    assert api.list_applications()["applications"] == ["new"]
    assert api.list_deployment_groups(applicationName="new")["deploymentGroups"] == ["dg"]
    api.delete_application(applicationName="new")
    assert api.list_applications()["applications"] == []


def test_state_survives_a_restart(api, plane):
    make_group(api)
    api.create_deployment(applicationName="app", deploymentGroupName="dg", revision=REVISION)
    plane.save()
    plane.load()
    assert group_info(api)["deploymentGroupName"] == "dg"
    (deployment,) = api.list_deployments(applicationName="app", deploymentGroupName="dg")[
        "deployments"
    ]
    assert api.get_deployment(deploymentId=deployment)["deploymentInfo"]["revision"] == REVISION
