"""AWS Budgets where moto lacks it: updates, subscribers and tags."""

import json
from typing import Any

from moto.budgets.exceptions import NotFoundException
from moto.budgets.responses import BudgetsResponse

from region.api.patching import add, replace

KEPT = ("TimePeriod", "CalculatedSpend")


def install() -> None:
    """Patch moto's Budgets."""
    replace(BudgetsResponse, "create_budget", _make_create)
    add(BudgetsResponse, update_budget, describe_subscribers_for_notification)
    add(BudgetsResponse, list_tags_for_resource, tag_resource, untag_resource)


def _make_create(moto_create: Any) -> Any:
    def create_budget(self: Any) -> str:
        answer: str = moto_create(self)
        name = self._get_param("Budget")["BudgetName"]
        _budget(self, self._get_param("AccountId"), name).tags = _tags(self)
        return answer

    return create_budget


def update_budget(self: Any) -> str:
    """UpdateBudget: everything of the budget but its notifications."""
    new = self._get_param("NewBudget")
    budget = _budget(self, self._get_param("AccountId"), new["BudgetName"])
    kept = {name: budget.budget[name] for name in KEPT if name in budget.budget}
    budget.budget = {**kept, **new}
    return json.dumps({})


def describe_subscribers_for_notification(self: Any) -> str:
    """DescribeSubscribersForNotification."""
    name = self._get_param("BudgetName")
    wanted = self._get_param("Notification")
    for notification in _budget(self, self._get_param("AccountId"), name).notifications:
        if {**notification.details, **wanted} == notification.details:
            return json.dumps({"Subscribers": notification.subscribers})
    raise NotFoundException(f"Unable to get subscribers: no such notification of {name}.")


def list_tags_for_resource(self: Any) -> str:
    """ListTagsForResource of a budget."""
    tags = _tagged(self).tags
    return json.dumps({"ResourceTags": [{"Key": k, "Value": v} for k, v in tags.items()]})


def tag_resource(self: Any) -> str:
    """TagResource of a budget."""
    _tagged(self).tags.update(_tags(self))
    return json.dumps({})


def untag_resource(self: Any) -> str:
    """UntagResource of a budget."""
    tags = _tagged(self).tags
    for key in self._get_param("ResourceTagKeys") or []:
        tags.pop(key, None)
    return json.dumps({})


def _budget(response: Any, account: str, name: str) -> Any:
    budget = response.backend.budgets[account].get(name)
    if budget is None:
        raise NotFoundException(f"Unable to get budget: {name} - the budget doesn't exist.")
    return budget


def _tagged(response: Any) -> Any:
    _, _, resource = str(response._get_param("ResourceARN")).partition("::")  # noqa: SLF001
    account, _, name = resource.partition(":budget/")
    return _budget(response, account, name)


def _tags(response: Any) -> dict[str, str]:
    tags = response._get_param("ResourceTags") or []  # noqa: SLF001
    return {tag["Key"]: tag["Value"] for tag in tags}
