"""The least that a data store has."""

from __future__ import annotations

from tests.policies.draft import Ref
from tests.policies.mutations.data_stores import sound_table
from tests.policies.mutations.idle_stores import serverless
from tests.policies.rules.cases import (
    test_a_change_breaks_exactly_its_rule,
    test_a_change_breaks_nothing,
)

__all__ = ["test_a_change_breaks_exactly_its_rule", "test_a_change_breaks_nothing"]


def scaled(draft):
    sound_table(draft, billingMode="PROVISIONED", readCapacity=5, writeCapacity=5)
    given = {
        "serviceNamespace": "dynamodb",
        "resourceId": Ref("table", "name"),
        "scalableDimension": "dynamodb:table:ReadCapacityUnits",
        "minCapacity": 5,
        "maxCapacity": 50,
    }
    return draft.add("reads-of-the-table", "aws:appautoscaling/target:Target", given)


BREAKS = []
KEEPS = [scaled, lambda draft: serverless(draft) or draft]
