"""AWS Budgets where moto lacks it: updates, subscribers and tags."""

from __future__ import annotations

import json
from typing import cast

from moto.budgets.exceptions import NotFoundException
from moto.budgets.models import Budget, Notification
from moto.budgets.responses import BudgetsResponse

from region.api.parameters import Parameters
from region.api.patching import Original, Patches
from region.services.budgets.records import BudgetRecord

NOT_UPDATED = ("TimePeriod", "CalculatedSpend")
"""Members of a budget that an update leaves as they are unless it contains them."""

patches = Patches()


def install() -> None:
    """Patch moto's Budgets."""
    patches.install()


@patches.around(Budget, "__init__")
def _new_budget(moto: Original, budget: Budget, *args: object, **kwargs: object) -> None:
    moto(budget, *args, **kwargs)
    BudgetRecord().attach(budget)


@patches.around(BudgetsResponse, "create_budget")
def create_budget(moto: Original, call: BudgetsResponse) -> str:
    """CreateBudget, with tags."""
    answer: str = moto(call)
    name = Parameters(call).structure("Budget")["BudgetName"]
    _tags_of(_budget_of(call, Parameters(call).text("AccountId"), name)).update(_tags_in(call))
    return answer


@patches.method(BudgetsResponse)
def update_budget(call: BudgetsResponse) -> str:
    """UpdateBudget: everything of the budget but its notifications."""
    new = Parameters(call).structure("NewBudget")
    budget = _budget_of(call, Parameters(call).text("AccountId"), new["BudgetName"])
    kept = {name: budget.budget[name] for name in NOT_UPDATED if name in budget.budget}
    budget.budget = {**kept, **new}
    return json.dumps({})


@patches.around(BudgetsResponse, "describe_notifications_for_budget")
def describe_notifications_for_budget(moto: Original, call: BudgetsResponse) -> str:
    """DescribeNotificationsForBudget of a budget that is there."""
    given = Parameters(call)
    _budget_of(call, given.text("AccountId"), given.text("BudgetName"))
    answer: str = moto(call)
    return answer


@patches.method(BudgetsResponse)
def describe_subscribers_for_notification(call: BudgetsResponse) -> str:
    """DescribeSubscribersForNotification."""
    name = Parameters(call).text("BudgetName")
    wanted = Parameters(call).structure("Notification")
    budget = _budget_of(call, Parameters(call).text("AccountId"), name)
    for notification in cast("list[Notification]", budget.notifications):
        if {**notification.details, **wanted} == notification.details:
            return json.dumps({"Subscribers": notification.subscribers})
    raise NotFoundException(f"Unable to get subscribers: no such notification of {name}.")


@patches.method(BudgetsResponse)
def list_tags_for_resource(call: BudgetsResponse) -> str:
    """ListTagsForResource of a budget."""
    tags = _tags_of(_tagged_budget(call))
    return json.dumps({"ResourceTags": [{"Key": k, "Value": v} for k, v in tags.items()]})


@patches.method(BudgetsResponse)
def tag_resource(call: BudgetsResponse) -> str:
    """TagResource of a budget."""
    _tags_of(_tagged_budget(call)).update(_tags_in(call))
    return json.dumps({})


@patches.method(BudgetsResponse)
def untag_resource(call: BudgetsResponse) -> str:
    """UntagResource of a budget."""
    tags = _tags_of(_tagged_budget(call))
    for key in Parameters(call).texts("ResourceTagKeys"):
        tags.pop(key, None)
    return json.dumps({})


def _budget_of(call: BudgetsResponse, account: str, name: str) -> Budget:
    budget = call.backend.budgets[account].get(name)
    if budget is None:
        raise NotFoundException(f"Unable to get budget: {name} - the budget doesn't exist.")
    return budget


def _tagged_budget(call: BudgetsResponse) -> Budget:
    _, _, resource = Parameters(call).text("ResourceARN").partition("::")
    account, _, name = resource.partition(":budget/")
    return _budget_of(call, account, name)


def _tags_of(budget: Budget) -> dict[str, str]:
    return BudgetRecord.of(budget).tags


def _tags_in(call: BudgetsResponse) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in Parameters(call).structures("ResourceTags")}
