"""What becomes of deployments whose service role lacks something."""

from __future__ import annotations

import json
import threading

import pytest

TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "codedeploy.amazonaws.com"},
                "Action": "sts:AssumeRole",
            }
        ],
    }
)
ALARMS = {"enabled": True, "alarms": [{"name": "errors"}]}


def policy(*actions: str, **more: object) -> str:
    statement = {"Effect": "Allow", "Action": list(actions), "Resource": "*", **more}
    return json.dumps({"Version": "2012-10-17", "Statement": statement})


@pytest.fixture
def role(stage):
    """Return the ARN of a role that may do what its argument says."""

    def make(*actions: str, **more: object) -> str:
        iam = stage.aws.iam
        arn = iam.create_role(RoleName="deployer", AssumeRolePolicyDocument=TRUST)["Role"]["Arn"]
        iam.put_role_policy(
            RoleName="deployer", PolicyName="rights", PolicyDocument=policy(*actions, **more)
        )
        return arn

    return make


def test_a_role_that_was_deleted_is_missing(stage, role):
    stage.launch()
    stage.group(serviceRoleArn=role("ec2:*"))
    stage.aws.iam.delete_role_policy(RoleName="deployer", PolicyName="rights")
    stage.aws.iam.delete_role(RoleName="deployer")
    info = stage.ended(stage.deploy())
    assert info["status"] == "Failed"
    assert info["errorInformation"]["code"] == "IAM_ROLE_MISSING"


def test_a_role_that_trusts_somebody_else_by_now_is_not_assumed(stage, role):
    stage.launch()
    stage.group(serviceRoleArn=role("ec2:*"))
    assert stage.ended(stage.deploy())["status"] == "Succeeded"
    iam = stage.aws.iam
    instances = TRUST.replace("codedeploy.amazonaws.com", "ec2.amazonaws.com")
    iam.update_assume_role_policy(RoleName="deployer", PolicyDocument=instances)
    info = stage.ended(stage.deploy())
    assert info["status"] == "Failed"
    assert info["errorInformation"]["code"] == "IAM_ROLE_PERMISSIONS"
    iam.update_assume_role_policy(RoleName="deployer", PolicyDocument=TRUST)
    assert stage.ended(stage.deploy())["status"] == "Succeeded"


def scaling_group(stage):
    stage.aws.ec2.create_launch_template(
        LaunchTemplateName="web",
        LaunchTemplateData={"ImageId": stage.image, "InstanceType": "t4g.nano"},
    )
    stage.aws.autoscaling.create_auto_scaling_group(
        AutoScalingGroupName="web",
        MinSize=0,
        MaxSize=1,
        VPCZoneIdentifier=stage.subnets[0],
        LaunchTemplate={"LaunchTemplateName": "web"},
    )


@pytest.mark.parametrize(
    ("actions", "more", "code"),
    [
        (["ec2:*"], {}, "AUTO_SCALING_IAM_ROLE_PERMISSIONS"),
        (["autoscaling:*"], {}, "NO_INSTANCES"),
        (
            ["autoscaling:*"],
            {"Condition": {"StringEquals": {"aws:RequestedRegion": "ap-northeast-2"}}},
            "NO_INSTANCES",
        ),
    ],
)
def test_a_role_needs_rights_on_scaling_groups(stage, role, actions, more, code):
    scaling_group(stage)
    stage.group(serviceRoleArn=role(*actions, **more), ec2TagFilters=[], autoScalingGroups=["web"])
    info = stage.ended(stage.deploy())
    assert info["errorInformation"]["code"] == code


def test_alarms_that_cannot_be_read_stop_a_deployment(stage, role):
    stage.launch()
    stage.group(serviceRoleArn=role("ec2:*"), alarmConfiguration=ALARMS)
    info = stage.ended(stage.deploy())
    assert info["status"] == "Stopped"
    assert "cloudwatch:DescribeAlarms" in info["errorInformation"]["message"]


def test_unless_that_shall_be_ignored(stage, role):
    stage.launch()
    stage.group(
        serviceRoleArn=role("ec2:*"),
        alarmConfiguration=ALARMS | {"ignorePollAlarmFailure": True},
    )
    assert stage.ended(stage.deploy())["status"] == "Succeeded"


def test_a_stop_on_request_rolls_back_where_the_group_says_so(stage):
    stage.launch()
    events = {"enabled": True, "events": ["DEPLOYMENT_STOP_ON_REQUEST"]}
    stage.group(autoRollbackConfiguration=events)
    assert stage.ended(stage.deploy())["status"] == "Succeeded"
    gate = stage.pool.gates["Install"] = threading.Event()
    second = stage.deploy("v2.zip")
    stage.until(lambda: stage.pool.busy == 1)
    group = stage.aws.codedeploy.get_deployment_group(
        applicationName="app", deploymentGroupName="dg"
    )["deploymentGroupInfo"]
    attempted = group["lastAttemptedDeployment"]
    assert (attempted["deploymentId"], attempted["status"]) == (second, "InProgress")
    assert "endTime" not in attempted
    stage.aws.codedeploy.stop_deployment(deploymentId=second)
    gate.set()
    info = stage.ended(second)
    assert info["status"] == "Stopped"
    back = stage.ended(info["rollbackInfo"]["rollbackDeploymentId"])
    assert back["revision"]["s3Location"]["key"] == "v1.zip"
