"""What a stack would cost a month with another number of instances, from its itemized estimate."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, cast

from pydantic import ValidationError

from loadtest.analysis.price import HOURS
from loadtest.stack.outputs import MonthlyCost, StackOutputs

ADDRESSES, NAT, VOLUMES = "public IPv4 addresses", "NAT gateways", "gp3 volumes"
"""Items of the estimate; an instance has an address of its own unless there are NAT gateways."""


def of_fleet(outputs: StackOutputs, instances: int, results: Path) -> float | None:
    """Return the price a month; None where the estimate's items are not known.

    `results` is the directory of all results: beside the runs lies `cost-<topology>.json`, for stacks
    whose outputs have the total alone.
    """
    cost = _itemised(outputs, results)
    if cost is None or cost.total is None:
        return None
    lines = {str(line.get("item")): line for line in _lines(cost)}
    own = [lines.get(f"{outputs.instance_type} instances"), lines.get(VOLUMES)]
    if own[0] is None:
        return None
    each = sum(_monthly(line) for line in own if line) / outputs.instance_count
    if (address := lines.get(ADDRESSES)) and NAT not in lines:
        each += float(address["unitPrice"]) * (HOURS if address.get("unit") == "hour" else 1)
    return cost.total + each * (instances - outputs.instance_count)


def _itemised(outputs: StackOutputs, results: Path) -> MonthlyCost | None:
    cost = outputs.monthly_cost
    if cost is not None and _lines(cost):
        return cost
    try:
        text = (results / f"cost-{outputs.topology}.json").read_text(encoding="utf-8")
        beside = MonthlyCost.model_validate(json.loads(text))
    except (OSError, ValueError, ValidationError):
        return None
    # Another stack's, or that of an earlier size, has another total.
    same = cost is not None and cost.total == beside.total
    return beside if same and _lines(beside) else None


def _lines(cost: MonthlyCost) -> list[dict[str, Any]]:
    found = (cost.model_extra or {}).get("lines")
    return cast("list[dict[str, Any]]", found) if isinstance(found, list) else []


def _monthly(line: dict[str, Any]) -> float:
    return float(line.get("monthly") or 0.0)
