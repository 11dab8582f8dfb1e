"""Which instances a deployment goes to, what a restart runs, and whom triggers tell."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.region.builders import Stage, until
from tests.region.fakes import queue_for_services

RESTARTED = ["ApplicationStop", "ApplicationStart", "ValidateService"]


def test_only_outdated_instances_are_deployed_to(stage: Stage) -> None:
    old = stage.launch(2)
    stage.group()
    assert stage.ended(stage.deploy())["status"] == "Succeeded"
    (new,) = stage.launch(1)
    deployment = stage.deploy(updateOutdatedInstancesOnly=True)
    assert stage.ended(deployment)["status"] == "Succeeded"
    assert stage.aws.codedeploy.list_deployment_targets(deploymentId=deployment)["targetIds"] == [
        new
    ]
    assert old


def test_nothing_is_done_where_all_have_the_revision(stage: Stage) -> None:
    (name,) = stage.launch(1)
    stage.group()
    stage.ended(stage.deploy())
    before = len(stage.pool.get(name).agent.events)
    info = stage.ended(stage.deploy(updateOutdatedInstancesOnly=True))
    assert info["status"] == "Succeeded"
    assert len(stage.pool.get(name).agent.events) == before


def test_a_stopped_instance_counts_as_a_failed_one(stage: Stage) -> None:
    _, stopped = stage.launch(2)
    stage.group()
    stage.aws.ec2.stop_instances(InstanceIds=[stopped])
    until(lambda: stage.state(stopped) == "stopped")
    deployment = stage.deploy()
    info = stage.ended(deployment)
    assert info["deploymentOverview"]["Failed"] == 1
    assert stage.target(deployment, stopped)["status"] == "Failed"


def _restart(stage: Stage, **settings: Any) -> str:
    return stage.aws.codedeploy.create_deployment(
        applicationName="app", deploymentGroupName="dg", deploymentMode="RESTART", **settings
    )["deploymentId"]


def test_a_restart_installs_nothing(stage: Stage) -> None:
    (name,) = stage.launch()
    stage.group()
    stage.ended(stage.deploy())
    agent = stage.pool.get(name).agent
    agent.events.clear()
    deployment = _restart(stage)
    info = stage.ended(deployment)
    assert info["status"] == "Succeeded"
    assert info["revision"]["s3Location"]["key"] == "v1.zip"
    assert [event for _, event in agent.events] == RESTARTED


@pytest.mark.parametrize(
    ("settings", "code"),
    [
        (
            {
                "revision": {
                    "revisionType": "S3",
                    "s3Location": {"bucket": "b", "key": "k", "bundleType": "zip"},
                }
            },
            "InvalidInputException",
        ),
        (
            {"updateOutdatedInstancesOnly": True},
            "InvalidUpdateOutdatedInstancesOnlyValueException",
        ),
        ({}, "RevisionDoesNotExistException"),
    ],
)
def test_restarts_that_aws_refuses(stage: Stage, settings: dict[str, Any], code: str) -> None:
    stage.group()
    with pytest.raises(ClientError) as caught:
        _restart(stage, **settings)
    assert caught.value.response["Error"]["Code"] == code


class Inbox:
    """A topic, and the queue that its messages arrive in."""

    def __init__(self, stage: Stage) -> None:
        self._sqs = stage.aws.sqs
        self.topic = stage.aws.sns.create_topic(Name="releases")["TopicArn"]
        self._queue, arn = queue_for_services(stage.aws, "releases")
        stage.aws.sns.subscribe(TopicArn=self.topic, Protocol="sqs", Endpoint=arn)

    def subjects(self) -> list[str]:
        found: list[str] = []
        while messages := self._sqs.receive_message(
            QueueUrl=self._queue, MaxNumberOfMessages=10
        ).get("Messages"):
            for message in messages:
                body = json.loads(message["Body"])
                content = json.loads(body["Message"])
                assert content["deploymentGroupName"] == "dg"
                found.append(body["Subject"].split(":")[0])
                self._sqs.delete_message(
                    QueueUrl=self._queue, ReceiptHandle=message["ReceiptHandle"]
                )
        return sorted(found)


def _trigger(topic: str, *events: str) -> list[dict[str, Any]]:
    return [{"triggerName": "team", "triggerTargetArn": topic, "triggerEvents": list(events)}]


def test_triggers_tell_a_failure_and_a_rollback(stage: Stage) -> None:
    stage.launch()
    inbox = Inbox(stage)
    events = ("DeploymentSuccess", "DeploymentFailure", "DeploymentRollback", "InstanceFailure")
    stage.group(
        triggerConfigurations=_trigger(inbox.topic, *events),
        autoRollbackConfiguration={"enabled": True, "events": ["DEPLOYMENT_FAILURE"]},
    )
    stage.ended(stage.deploy())
    assert inbox.subjects() == ["DeploymentSuccess"]
    stage.pool.failing = lambda machine, event, deployment: (
        event == "Install" and deployment.key == "v2.zip"
    )
    failed = stage.ended(stage.deploy("v2.zip"))
    stage.ended(failed["rollbackInfo"]["rollbackDeploymentId"])
    assert inbox.subjects() == [
        "DeploymentFailure",
        "DeploymentRollback",
        "DeploymentSuccess",
        "InstanceFailure",
    ]


@pytest.mark.parametrize(
    "trigger",
    [
        _trigger("arn:aws:sns:ap-northeast-2:123456789012:t", "DeploymentEnded"),
        _trigger("arn:aws:sqs:ap-northeast-2:123456789012:q", "DeploymentStart"),
    ],
)
def test_triggers_that_aws_refuses(stage: Stage, trigger: list[dict[str, Any]]) -> None:
    with pytest.raises(ClientError) as caught:
        stage.group(triggerConfigurations=trigger)
    assert caught.value.response["Error"]["Code"] == "InvalidTriggerConfigException"


def test_targets_by_address_cannot_be_deployed_to(stage: Stage) -> None:
    stage.aws.elbv2.create_target_group(
        Name="addresses", Protocol="HTTP", Port=80, VpcId=stage.vpc, TargetType="ip"
    )
    with pytest.raises(ClientError) as caught:
        stage.group(
            deploymentStyle={
                "deploymentType": "IN_PLACE",
                "deploymentOption": "WITH_TRAFFIC_CONTROL",
            },
            loadBalancerInfo={"targetGroupInfoList": [{"name": "addresses"}]},
        )
    assert caught.value.response["Error"]["Code"] == "InvalidLoadBalancerInfoException"
