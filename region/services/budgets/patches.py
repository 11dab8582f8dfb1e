"""AWS Budgets where moto lacks it: updates, subscribers and tags."""

from __future__ import annotations

import json
from typing import Any, cast

from moto.budgets import models
from moto.budgets.exceptions import NotFoundException
from moto.budgets.responses import BudgetsResponse

from region.api.patching import Original, Patches
from region.services.budgets.records import Budget

NOT_UPDATED = ("TimePeriod", "CalculatedSpend")
"""Members of a budget that an update leaves as they are unless it contains them."""

patches = Patches()


def install() -> None:
    """Patch moto's Budgets."""
    patches.install()


@patches.around(models.Budget, "__init__")
def init_budget(moto: Original, budget: Budget, *args: Any, **kwargs: Any) -> None:
    """Add the tags to a budget."""
    moto(budget, *args, **kwargs)
    budget.tags = {}


@patches.around(BudgetsResponse, "create_budget")
def create_budget(moto: Original, call: BudgetsResponse) -> str:
    """CreateBudget, with tags."""
    answer: str = moto(call)
    name = _parameter(call, "Budget")["BudgetName"]
    _budget_of(call, _parameter(call, "AccountId"), name).tags = _tags_in(call)
    return answer


@patches.method(BudgetsResponse)
def update_budget(call: BudgetsResponse) -> str:
    """UpdateBudget: everything of the budget but its notifications."""
    new = _parameter(call, "NewBudget")
    budget = _budget_of(call, _parameter(call, "AccountId"), new["BudgetName"])
    kept = {name: budget.budget[name] for name in NOT_UPDATED if name in budget.budget}
    budget.budget = {**kept, **new}
    return json.dumps({})


@patches.method(BudgetsResponse)
def describe_subscribers_for_notification(call: BudgetsResponse) -> str:
    """DescribeSubscribersForNotification."""
    name = _parameter(call, "BudgetName")
    wanted = _parameter(call, "Notification")
    for notification in _budget_of(call, _parameter(call, "AccountId"), name).notifications:
        if {**notification.details, **wanted} == notification.details:
            return json.dumps({"Subscribers": notification.subscribers})
    raise NotFoundException(f"Unable to get subscribers: no such notification of {name}.")


@patches.method(BudgetsResponse)
def list_tags_for_resource(call: BudgetsResponse) -> str:
    """ListTagsForResource of a budget."""
    tags = _tagged_budget(call).tags
    return json.dumps({"ResourceTags": [{"Key": k, "Value": v} for k, v in tags.items()]})


@patches.method(BudgetsResponse)
def tag_resource(call: BudgetsResponse) -> str:
    """TagResource of a budget."""
    _tagged_budget(call).tags.update(_tags_in(call))
    return json.dumps({})


@patches.method(BudgetsResponse)
def untag_resource(call: BudgetsResponse) -> str:
    """UntagResource of a budget."""
    tags = _tagged_budget(call).tags
    for key in _parameter(call, "ResourceTagKeys") or []:
        tags.pop(key, None)
    return json.dumps({})


def _parameter(call: BudgetsResponse, name: str) -> Any:
    return call._get_param(name)  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]


def _budget_of(call: BudgetsResponse, account: str, name: str) -> Budget:
    budget = call.backend.budgets[account].get(name)
    if budget is None:
        raise NotFoundException(f"Unable to get budget: {name} - the budget doesn't exist.")
    return cast("Budget", budget)


def _tagged_budget(call: BudgetsResponse) -> Budget:
    _, _, resource = str(_parameter(call, "ResourceARN")).partition("::")
    account, _, name = resource.partition(":budget/")
    return _budget_of(call, account, name)


def _tags_in(call: BudgetsResponse) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in _parameter(call, "ResourceTags") or []}
