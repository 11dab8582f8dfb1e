"""Budgets. The region has no bill, so no budget is ever exceeded."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from typing_extensions import override

from region.provider import checks
from region.provider.autoname import Naming
from region.provider.errors import CheckFailure
from region.provider.handler import Handler, given, sync_tags, tag_list, tag_map
from region.provider.operation import Operation
from region.provider.values import Properties

TYPES, UNITS = ("COST",), ("DAILY", "MONTHLY", "QUARTERLY", "ANNUALLY")
COMPARISONS = ("GREATER_THAN", "LESS_THAN", "EQUAL_TO")
MOST_NOTIFICATIONS = 5
_NOTIFICATION = {
    "ComparisonOperator": "comparisonOperator",
    "NotificationType": "notificationType",
    "Threshold": "threshold",
    "ThresholdType": "thresholdType",
}
_SUBSCRIBERS = {"SNS": "subscriberSnsTopicArns", "EMAIL": "subscriberEmailAddresses"}


class Budget(Handler):
    """`aws.budgets.Budget` of costs, for a whole account."""

    resource_type = "aws:budgets/budget:Budget"
    supported = frozenset(
        {
            *("name", "namePrefix", "budgetType", "timeUnit", "limitAmount", "limitUnit", "tags"),
            *(f"notifications.{name}" for name in _NOTIFICATION.values()),
            *(f"notifications.{name}" for name in _SUBSCRIBERS.values()),
        }
    )
    sets = frozenset({"notifications"})
    naming = Naming(limit=100, pattern=r"[^:\\]+", rule="any characters but : and \\")
    regional = False

    @override
    def check(self, op: Operation, inputs: Properties, old: Properties) -> Iterable[CheckFailure]:
        """Check that there is a limit on costs, and that notifications have subscribers."""
        yield from checks.one_of("budgetType", inputs.get("budgetType"), TYPES)
        yield from checks.one_of("timeUnit", inputs.get("timeUnit"), UNITS)
        for name in ("limitAmount", "limitUnit"):
            if inputs.get(name) is None:
                yield CheckFailure(name, f"a budget of costs needs {name!r}; set it")
        notifications: Any = inputs.get("notifications")
        if not isinstance(notifications, list):
            return
        listed: list[Any] = notifications
        if len(listed) > MOST_NOTIFICATIONS:
            reason = f"a budget takes {MOST_NOTIFICATIONS} notifications, not {len(listed)}"
            yield CheckFailure("notifications", f"{reason}; remove some")
        for item in listed:
            if isinstance(item, dict):
                yield from _check_notification(item)

    @override
    def create(self, op: Operation, inputs: Properties) -> str:
        """Call CreateBudget; the id is `<account>:<name>`."""
        op.aws.budgets.create_budget(
            AccountId=op.account,
            Budget=_budget(inputs),
            NotificationsWithSubscribers=[
                {"Notification": given(_NOTIFICATION, item), "Subscribers": _subscribers(item)}
                for item in inputs.get("notifications") or ()
            ],
            ResourceTags=tag_list(inputs.get("tags")),
        )
        return f"{op.account}:{inputs['name']}"

    @override
    def apply(self, op: Operation, identity: str, new: Properties, old: Properties | None) -> None:
        """Call UpdateBudget, and recreate the notifications that differ."""
        if old is None:
            return
        budgets = op.aws.budgets
        where = {"AccountId": op.account, "BudgetName": new["name"]}
        budgets.update_budget(AccountId=op.account, NewBudget=_budget(new))
        before, after = old.get("notifications") or [], new.get("notifications") or []
        for item in before:
            if item not in after:
                budgets.delete_notification(**where, Notification=given(_NOTIFICATION, item))
        for item in after:
            if item not in before:
                budgets.create_notification(
                    **where,
                    Notification=given(_NOTIFICATION, item),
                    Subscribers=_subscribers(item),
                )
        arn = _arn(op, new["name"])
        sync_tags(
            new,
            old,
            lambda tags: budgets.tag_resource(ResourceARN=arn, ResourceTags=tag_list(tags)),
            lambda keys: budgets.untag_resource(ResourceARN=arn, ResourceTagKeys=keys),
        )

    @override
    def read(self, op: Operation, identity: str, state: Properties) -> Properties | None:
        """Describe the budget."""
        account, _, name = identity.partition(":")
        where = {"AccountId": account, "BudgetName": name}
        budgets = op.aws.budgets
        budget: Mapping[str, Any] = budgets.describe_budget(**where)["Budget"]
        notifications = budgets.describe_notifications_for_budget(**where)["Notifications"]
        arn = _arn(op, name)
        tags = budgets.list_tags_for_resource(ResourceARN=arn).get("ResourceTags")
        return {
            "name": name,
            "arn": arn,
            "accountId": account,
            "budgetType": budget["BudgetType"],
            "timeUnit": budget["TimeUnit"],
            "limitAmount": budget["BudgetLimit"]["Amount"],
            "limitUnit": budget["BudgetLimit"]["Unit"],
            "notifications": [
                _described(item, _subscribers_of(op, where, item)) for item in notifications
            ],
            "tags": tag_map(tags),
        }

    @override
    def delete(self, op: Operation, identity: str, state: Properties) -> None:
        """Call DeleteBudget."""
        account, _, name = identity.partition(":")
        op.aws.budgets.delete_budget(AccountId=account, BudgetName=name)


def _arn(op: Operation, name: str) -> str:
    return f"arn:aws:budgets::{op.account}:budget/{name}"


def _budget(inputs: Properties) -> dict[str, Any]:
    return {
        "BudgetName": inputs["name"],
        "BudgetType": inputs["budgetType"],
        "TimeUnit": inputs["timeUnit"],
        "BudgetLimit": {"Amount": inputs["limitAmount"], "Unit": inputs["limitUnit"]},
    }


def _check_notification(item: Properties) -> Iterable[CheckFailure]:
    path = "notifications.comparisonOperator"
    yield from checks.one_of(path, item.get("comparisonOperator"), COMPARISONS)
    if not any(item.get(name) for name in _SUBSCRIBERS.values()):
        reason = "a notification without a subscriber is refused by AWS; name a topic or an address"
        yield CheckFailure("notifications", reason)


def _subscribers(item: Properties) -> list[dict[str, str]]:
    return [
        {"SubscriptionType": kind, "Address": address}
        for kind, name in _SUBSCRIBERS.items()
        for address in item.get(name) or ()
    ]


def _subscribers_of(
    op: Operation, where: Mapping[str, str], notification: Mapping[str, Any]
) -> list[Mapping[str, str]]:
    response = op.aws.budgets.describe_subscribers_for_notification(
        **where, Notification=notification
    )
    return response["Subscribers"]


def _described(
    notification: Mapping[str, Any], subscribers: Iterable[Mapping[str, str]]
) -> Properties:
    described: Properties = {name: notification[key] for key, name in _NOTIFICATION.items()}
    for subscriber in subscribers:
        described.setdefault(_SUBSCRIBERS[subscriber["SubscriptionType"]], []).append(
            subscriber["Address"]
        )
    return described
