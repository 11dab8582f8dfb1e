"""What breaks the rule about schedules and budgets that switch the service off."""

from __future__ import annotations

from tests.policies.draft import Ref
from tests.policies.mutations.registry import KEEPS, breaks, decides
from tests.policies.switches import stop_at_the_budget

STOPS = "arn:aws:scheduler:::aws-sdk:rds:stopDBInstance"


def schedule(stack, state="ENABLED"):
    stack.add(
        "evening",
        "aws:scheduler/schedule:Schedule",
        {
            "scheduleExpression": "cron(0 22 * * ? *)",
            "state": state,
            "flexibleTimeWindow": {"mode": "OFF"},
            "target": {
                "arn": STOPS,
                "roleArn": "arn:aws:iam::123456789012:role/evening",
                "input": Ref("database", "identifier"),
            },
        },
    )


@breaks("service-not-switched-off")
def database_stopped_in_the_evening(stack):
    schedule(stack)


@breaks("service-not-switched-off")
def database_stopped_by_the_budget(stack):
    action = stop_at_the_budget("AUTOMATIC", "ap-northeast-2")
    stack.add("spent", "aws:budgets/budgetAction:BudgetAction", action)


def _switched_off(stack):
    schedule(stack, "DISABLED")


decides(
    "service-not-switched-off", "evening", "scheduleExpression", absent=KEEPS, unknown=KEEPS,
    given=_switched_off,
)  # fmt: skip
