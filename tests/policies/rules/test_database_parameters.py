"""Parameters of databases."""

from __future__ import annotations

from tests.policies.mutations.database_parameters import settings
from tests.policies.rules.cases import (
    test_a_change_breaks_exactly_its_rule,
    test_a_change_breaks_nothing,
)

__all__ = ["test_a_change_breaks_exactly_its_rule", "test_a_change_breaks_nothing"]


def used(**values):
    """Give the database another parameter group."""

    def change(draft):
        settings(draft, **{"rds.force_ssl": "1"}, **values)
        draft.set("settings", "family", "postgres18")
        return draft.set("database", "parameterGroupName", "settings").set(
            "settings", "name", "settings"
        )

    return change


SERVES = "rds-parameters-serve"
BREAKS = [
    (SERVES, used(shared_buffers="268435456")),
    (SERVES, used(idle_in_transaction_session_timeout="10")),
    ("rds-autovacuum-on", used(autovacuum="0")),
]
KEEPS = [
    used(shared_buffers="{DBInstanceClassMemory/32768}"),
    used(shared_buffers="16384"),
    used(statement_timeout="0"),
    used(statement_timeout="30000"),
    used(default_transaction_read_only="0", autovacuum="1"),
]
