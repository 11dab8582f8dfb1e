"""Topics, keys, budgets and fault injection."""

from __future__ import annotations

import json
from typing import Any

from tests.region.provider.lifecycles.case import Case
from tests.region.provider.lifecycles.documents import OTHER_POLICY, POLICY


def notification(kind: str, threshold: float, world: Any) -> dict[str, Any]:
    return {
        "comparisonOperator": "GREATER_THAN",
        "notificationType": kind,
        "threshold": threshold,
        "thresholdType": "PERCENTAGE",
        "subscriberSnsTopicArns": [world.topic],
    }


CASES = [
    Case(
        "aws:fis/experimentTemplate:ExperimentTemplate",
        lambda w: {
            "description": "stop one of two",
            "roleArn": w.role_arn(),
            "stopConditions": [{"source": "none"}],
            "actions": [
                {
                    "name": "stop",
                    "actionId": "aws:ec2:stop-instances",
                    "parameters": [{"key": "startInstancesAfterDuration", "value": "PT2M"}],
                    "target": {"key": "Instances", "value": "half"},
                },
                {
                    "name": "wait",
                    "actionId": "aws:fis:wait",
                    "description": "until it is seen",
                    "parameters": [{"key": "duration", "value": "PT1M"}],
                    "startAfters": ["stop"],
                },
            ],
            "targets": [
                {
                    "name": "half",
                    "resourceType": "aws:ec2:instance",
                    "selectionMode": "PERCENT(50)",
                    "resourceTags": [{"key": "app", "value": "notes"}],
                    "filters": [{"path": "State.Name", "values": ["running"]}],
                }
            ],
            "tags": {"a": "1"},
        },
        lambda w: {
            "description": "stop all",
            "stopConditions": [
                {
                    "source": "aws:cloudwatch:alarm",
                    "value": f"arn:aws:cloudwatch:ap-northeast-2:123456789012:alarm:{w.alarm('1')}",
                }
            ],
            "experimentOptions": {"emptyTargetResolutionMode": "skip"},
            "tags": {"b": "2"},
        },
    ),
    Case(
        "aws:sns/topic:Topic",
        lambda w: {"kmsMasterKeyId": w.key, "displayName": "Alarms", "tags": {"a": "1"}},
        lambda _: {"displayName": "Others", "tags": {"b": "2"}},
        lambda _: {"name": "given"},
        ("arn", "owner"),
    ),
    Case(
        "aws:sns/topicPolicy:TopicPolicy",
        lambda w: {"arn": w.topic, "policy": json.dumps(POLICY)},
        lambda _: {"policy": json.dumps(OTHER_POLICY)},
        lambda _: {"arn": "arn:aws:sns:ap-northeast-2:123456789012:other"},
        ("owner",),
    ),
    Case(
        "aws:sns/topicSubscription:TopicSubscription",
        lambda w: {"topic": w.topic, "protocol": "email", "endpoint": "ops@example.org"},
        replace=lambda _: {"endpoint": "dev@example.org"},
        outputs=("arn", "ownerId", "pendingConfirmation"),
    ),
    Case(
        "aws:kms/key:Key",
        lambda _: {
            "description": "alarms",
            "policy": json.dumps(POLICY),
            "enableKeyRotation": True,
            "deletionWindowInDays": 7,
            "tags": {"a": "1"},
        },
        lambda _: {
            "description": "others",
            "policy": json.dumps(OTHER_POLICY),
            "enableKeyRotation": False,
            "tags": {"b": "2"},
        },
        outputs=("arn", "keyId"),
    ),
    Case(
        "aws:budgets/budget:Budget",
        lambda w: {
            "budgetType": "COST",
            "timeUnit": "MONTHLY",
            "limitAmount": "25",
            "limitUnit": "USD",
            "notifications": [notification("ACTUAL", 80.0, w), notification("FORECASTED", 100, w)],
            "tags": {"a": "1"},
        },
        lambda w: {
            "limitAmount": "50",
            "notifications": [notification("ACTUAL", 90, w), notification("FORECASTED", 100, w)],
            "tags": {"b": "2"},
        },
        lambda _: {"name": "given"},
        ("arn", "accountId"),
    ),
]
