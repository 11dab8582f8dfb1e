"""What breaks the rules about parameters of databases."""

from __future__ import annotations

from tests.policies.mutations.registry import (
    ADVISORY,
    KEEPS,
    MANDATORY,
    breaks,
    decides,
    leaves_open,
)


def settings(stack, **values):
    given = [
        {"name": name, "value": value, "applyMethod": "pending-reboot"}
        for name, value in values.items()
    ]
    kind = "aws:rds/parameterGroup:ParameterGroup"
    stack.add("settings", kind, {"family": "postgres17", "parameters": given})
    return stack


@breaks("rds-parameters-serve")
def statements_of_thirty_milliseconds(stack):
    settings(stack, statement_timeout="30")


@leaves_open("rds-parameters-serve")
def statements_of_half_a_second(stack):
    settings(stack, statement_timeout="500")


@breaks("rds-parameters-serve")
def database_without_writes(stack):
    settings(stack, default_transaction_read_only="on")


decides(
    "rds-parameters-serve", "settings", "parameters", absent=KEEPS, unknown=KEEPS, given=settings
)


@breaks("rds-autovacuum-on", ADVISORY, production=MANDATORY)
def tables_that_only_grow(stack):
    settings(stack, autovacuum="off")


decides("rds-autovacuum-on", "settings", "parameters", absent=KEEPS, unknown=KEEPS, given=settings)
