"""What the region keeps about moto's budgets."""

from __future__ import annotations

from dataclasses import dataclass, field

from moto.budgets.models import Budget

from region.api.records import Record


@dataclass
class BudgetRecord(Record[Budget]):
    """A budget's tags, which moto does not know."""

    tags: dict[str, str] = field(default_factory=dict[str, str])
