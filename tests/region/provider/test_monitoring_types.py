"""Alarms, topics, keys, log groups and budgets: rejections, and what a lifecycle does not show."""

from __future__ import annotations

import json
from typing import Any

import pytest

ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"
LOGS = "aws:cloudwatch/logGroup:LogGroup"
TOPIC = "aws:sns/topic:Topic"
POLICY = "aws:sns/topicPolicy:TopicPolicy"
SUBSCRIPTION = "aws:sns/topicSubscription:TopicSubscription"
KEY = "aws:kms/key:Key"
BUDGET = "aws:budgets/budget:Budget"
CONFIG = "aws:codedeploy/deploymentConfig:DeploymentConfig"
COMPOSITE = "aws:cloudwatch/compositeAlarm:CompositeAlarm"
EXPERIMENT = "aws:fis/experimentTemplate:ExperimentTemplate"
SCALING = "arn:aws:autoscaling:ap-northeast-2:123456789012:scalingPolicy:1:autoScalingGroupName/a:x"

WATCH = {
    "namespace": "AWS/EC2",
    "metricName": "StatusCheckFailed",
    "statistic": "Maximum",
    "comparisonOperator": "GreaterThanThreshold",
    "threshold": 0,
    "period": 60,
    "evaluationPeriods": 2,
}
MATH = {
    "comparisonOperator": "GreaterThanThreshold",
    "threshold": 0,
    "evaluationPeriods": 2,
}
QUERY = {"id": "q", "expression": "1 + 1", "returnData": True}
COSTS = {"budgetType": "COST", "timeUnit": "MONTHLY", "limitAmount": "9", "limitUnit": "USD"}
NOTIFICATION = {
    "comparisonOperator": "GREATER_THAN",
    "notificationType": "ACTUAL",
    "threshold": 80,
    "thresholdType": "PERCENTAGE",
    "subscriberEmailAddresses": ["ops@example.org"],
}


def without(inputs: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in inputs.items() if name not in names}


@pytest.mark.parametrize(
    ("type_", "inputs", "path", "reason"),
    [
        (ALARM, without(WATCH, "threshold"), "threshold", "needs 'threshold'"),
        (ALARM, without(WATCH, "statistic"), "statistic", "exactly one of statistic, extended"),
        (ALARM, {**WATCH, "extendedStatistic": "p99"}, "statistic", "exactly one"),
        (ALARM, {**WATCH, "period": 45}, "period", "multiple of 60"),
        (ALARM, {**WATCH, "datapointsToAlarm": 3}, "datapointsToAlarm", "'evaluationPeriods' 2"),
        (ALARM, {**WATCH, "treatMissingData": "ok"}, "treatMissingData", "'notBreaching'"),
        (ALARM, {**WATCH, "metricQueries": [QUERY]}, "statistic", "is for an alarm on one metric"),
        (ALARM, {**MATH, "metricQueries": [QUERY, QUERY]}, "metricQueries", "exactly one query"),
        (
            ALARM,
            {**MATH, "metricQueries": [without(QUERY, "expression")]},
            "metricQueries[0]",
            "either",
        ),
        (
            ALARM,
            without({**MATH, "metricQueries": [QUERY]}, "threshold"),
            "threshold",
            "metric math",
        ),
        (
            COMPOSITE,
            {"alarmName": "a", "alarmRule": "TRUE", "alarmActions": [SCALING]},
            "alarmActions",
            "run no scaling policies",
        ),
        (
            EXPERIMENT,
            {
                "description": "d",
                "roleArn": "arn:aws:iam::123456789012:role/fis",
                "stopConditions": [{"source": "none"}],
                "actions": [{"name": "a", "actionId": "aws:fis:wait"}] * 2,
            },
            "actions",
            "name of two",
        ),
        (LOGS, {"retentionInDays": 31}, "retentionInDays", "use 30"),
        (TOPIC, {"fifoTopic": True}, "fifoTopic", "does not implement 'fifoTopic'"),
        (TOPIC, {"policy": "{}"}, "policy", "use aws.sns.TopicPolicy"),
        (
            SUBSCRIPTION,
            {"topic": "t", "protocol": "pigeon", "endpoint": "e"},
            "protocol",
            "'email'",
        ),
        (KEY, {"deletionWindowInDays": 3}, "deletionWindowInDays", "must be 7 to 30 days"),
        (BUDGET, without(COSTS, "limitAmount"), "limitAmount", "needs 'limitAmount'"),
        (BUDGET, {**COSTS, "budgetType": "USAGE"}, "budgetType", "'COST'"),
        (
            BUDGET,
            {**COSTS, "notifications": [without(NOTIFICATION, "subscriberEmailAddresses")]},
            "notifications",
            "without a subscriber",
        ),
        (
            BUDGET,
            {**COSTS, "notifications": [{**NOTIFICATION, "threshold": n} for n in range(6)]},
            "notifications",
            "5 notifications, not 6",
        ),
        (CONFIG, {}, "minimumHealthyHosts", "needs 'minimumHealthyHosts'"),
        (
            CONFIG,
            {"minimumHealthyHosts": {"type": "FLEET_PERCENT", "value": 101}},
            "minimumHealthyHosts.value",
            "0 to 99",
        ),
        (
            CONFIG,
            {
                "deploymentConfigName": "CodeDeployDefault.Mine",
                "minimumHealthyHosts": {"type": "HOST_COUNT", "value": 1},
            },
            "deploymentConfigName",
            "not CodeDeployDefault",
        ),
    ],
)
def test_what_aws_refuses_is_refused_before_anything_is_made(
    harness: Any, type_: str, inputs: dict[str, Any], path: str, reason: str
) -> None:
    assert reason in harness.failures(type_, inputs)[path]


def test_a_changed_alarm_keeps_its_state(harness: Any) -> None:
    alarm = harness.create(ALARM, **WATCH)
    cloudwatch = harness.context.aws.cloudwatch
    cloudwatch.set_alarm_state(AlarmName=alarm.id, StateValue="ALARM", StateReason="drill")
    harness.update(alarm, **{**WATCH, "threshold": 5})
    (found,) = cloudwatch.describe_alarms(AlarmNames=[alarm.id])["MetricAlarms"]
    assert (found["StateValue"], found["Threshold"]) == ("ALARM", 5)


def test_a_topic_without_its_policy_has_awss_own(harness: Any, world: Any) -> None:
    statement = {"Effect": "Allow", "Principal": "*", "Action": "sns:Publish", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    policy = harness.create(POLICY, arn=world.topic, policy=document)
    harness.delete(policy)
    found = harness.context.aws.sns.get_topic_attributes(TopicArn=world.topic)["Attributes"]
    assert "__default_policy_ID" in found["Policy"]


def test_a_deleted_key_is_pending_deletion(harness: Any) -> None:
    key = harness.create(KEY, deletionWindowInDays=7)
    harness.delete(key)
    metadata = harness.context.aws.kms.describe_key(KeyId=key.id)["KeyMetadata"]
    assert metadata["KeyState"] == "PendingDeletion"


def test_a_log_group_with_skip_destroy_is_kept(harness: Any) -> None:
    logs = harness.create(LOGS, name="/kept", skipDestroy=True)
    harness.delete(logs)
    assert harness.read(logs) is not None


def test_only_the_changed_notification_of_a_budget_is_made_again(harness: Any) -> None:
    forecast = {**NOTIFICATION, "notificationType": "FORECASTED"}
    budget = harness.create(BUDGET, **COSTS, notifications=[NOTIFICATION, forecast])
    harness.update(budget, **COSTS, notifications=[NOTIFICATION, {**forecast, "threshold": 90}])
    where = {"AccountId": budget["accountId"], "BudgetName": budget["name"]}
    found = harness.context.aws.budgets.describe_notifications_for_budget(**where)["Notifications"]
    assert {n["NotificationType"]: n["Threshold"] for n in found} == {
        "ACTUAL": 80,
        "FORECASTED": 90,
    }
