"""The conditions of both stacks in a report: what they cost."""

from __future__ import annotations

from typing import Any

from loadtest.reporting import conditions
from loadtest.stack import outputs

COST = {
    "region": "us-east-1",
    "total": 86.09,
    "currency": "USD",
    "tableDate": "2026-11-22",
    "confidence": "medium",
    "hours": 730,
    "lines": [{"item": "alarms", "quantity": 2, "unitPrice": 0.1}],
    "notes": [],
}


def cost_rows(single: dict[str, Any] | None, ha: dict[str, Any] | None) -> list[tuple[str, ...]]:
    models = [outputs.MonthlyCost.model_validate(raw) if raw else None for raw in (single, ha)]
    rows = conditions._cost(models[0], models[1])
    return [tuple(map(str, (row.single, row.ha, row.note))) for row in rows]


def test_the_report_shows_the_cost_of_both_stacks():
    cheaper = {**COST, "total": 21.7361}
    note = (
        "list prices of 2026-11-22, 730 h, no traffic; including each stack's RDS database, "
        "whether or not the application uses it"
    )
    assert cost_rows(cheaper, COST) == [("21.74 USD", "86.09 USD", note)]


def test_the_report_shows_an_uncertain_and_a_missing_cost():
    doubtful = {**COST, "confidence": "low"}
    nothing = {"region": "eu-west-1", "notes": ["there is no price table for eu-west-1"]}
    ((single, ha, _),) = cost_rows(doubtful, nothing)
    assert (single, ha) == ("86.09 USD (low confidence)", "not estimated")
    assert cost_rows(None, None) == []
