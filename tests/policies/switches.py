"""What else may act on a service: the properties of a schedule and of a budget's action."""

from __future__ import annotations

import json
from typing import Any

from tests.policies.draft import Ref


def nightly_call(call: str, given: dict[str, Any]) -> dict[str, Any]:
    """Properties of an EventBridge schedule that calls an API of AWS every night."""
    return {
        "scheduleExpression": "cron(0 22 * * ? *)",
        "flexibleTimeWindow": {"mode": "OFF"},
        "target": {
            "arn": f"arn:aws:scheduler:::aws-sdk:{call}",
            "roleArn": "arn:aws:iam::123456789012:role/night",
            "input": json.dumps(given),
        },
    }


def stop_at_the_budget(approval: str, region: str) -> dict[str, Any]:
    """Properties of a budget's action that stops the program's `database`."""
    stops = {
        "actionSubType": "STOP_RDS_INSTANCES",
        "instanceIds": [Ref("database", "identifier")],
        "region": region,
    }
    return {
        "budgetName": "monthly",
        "actionType": "RUN_SSM_DOCUMENTS",
        "approvalModel": approval,
        "notificationType": "ACTUAL",
        "executionRoleArn": "arn:aws:iam::123456789012:role/budgets",
        "actionThreshold": {"actionThresholdType": "PERCENTAGE", "actionThresholdValue": 100},
        "definition": {"ssmActionDefinition": stops},
        "subscribers": [{"address": "a@example.com", "subscriptionType": "EMAIL"}],
    }
