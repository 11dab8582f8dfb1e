"""Budgets' calls that moto lacks."""

from __future__ import annotations

import pytest

from region.config import ACCOUNT

NAME = "month"
ARN = f"arn:aws:budgets::{ACCOUNT}:budget/{NAME}"
BUDGET = {
    "BudgetName": NAME,
    "BudgetLimit": {"Amount": "10.0", "Unit": "USD"},
    "TimeUnit": "MONTHLY",
    "BudgetType": "COST",
}
NOTIFICATION = {
    "NotificationType": "ACTUAL",
    "ComparisonOperator": "GREATER_THAN",
    "Threshold": 80.0,
    "ThresholdType": "PERCENTAGE",
}
SUBSCRIBERS = [{"SubscriptionType": "EMAIL", "Address": "owner@example.com"}]


@pytest.fixture
def budgets(aws):
    aws.budgets.create_budget(
        AccountId=ACCOUNT,
        Budget=BUDGET,
        NotificationsWithSubscribers=[
            {"Notification": NOTIFICATION, "Subscribers": SUBSCRIBERS},
        ],
        ResourceTags=[{"Key": "stack", "Value": "ha"}],
    )
    return aws.budgets


def test_an_update_keeps_the_time_period(budgets):
    before = budgets.describe_budget(AccountId=ACCOUNT, BudgetName=NAME)["Budget"]
    limit = {"Amount": "20.0", "Unit": "USD"}
    budgets.update_budget(AccountId=ACCOUNT, NewBudget=BUDGET | {"BudgetLimit": limit})
    after = budgets.describe_budget(AccountId=ACCOUNT, BudgetName=NAME)["Budget"]
    assert after["BudgetLimit"] == limit
    assert after["TimePeriod"] == before["TimePeriod"]


def test_subscribers_of_a_notification(budgets):
    found = budgets.describe_subscribers_for_notification(
        AccountId=ACCOUNT, BudgetName=NAME, Notification=NOTIFICATION
    )
    assert found["Subscribers"] == SUBSCRIBERS
    with pytest.raises(budgets.exceptions.NotFoundException):
        budgets.describe_subscribers_for_notification(
            AccountId=ACCOUNT,
            BudgetName=NAME,
            Notification=NOTIFICATION | {"NotificationType": "FORECASTED"},
        )


def test_tags(budgets):
    def tags():
        found = budgets.list_tags_for_resource(ResourceARN=ARN)["ResourceTags"]
        return {tag["Key"]: tag["Value"] for tag in found}

    assert tags() == {"stack": "ha"}
    budgets.tag_resource(ResourceARN=ARN, ResourceTags=[{"Key": "owner", "Value": "me"}])
    budgets.untag_resource(ResourceARN=ARN, ResourceTagKeys=["stack"])
    assert tags() == {"owner": "me"}
