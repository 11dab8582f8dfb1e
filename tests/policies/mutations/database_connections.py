"""What breaks the rule about the connections of a database."""

from __future__ import annotations

from tests.policies.mutations.registry import KEEPS, breaks, decides

TLS = {"name": "rds.force_ssl", "value": "1"}


def limited(stack, most):
    entry = {"name": "max_connections", "value": most, "applyMethod": "pending-reboot"}
    stack.set("parameter-group", "parameters", [TLS, entry])


@breaks("database-connections-suffice")
def fewer_connections_than_instances(stack):
    limited(stack, "8")


decides(
    "database-connections-suffice", "parameter-group", "parameters", absent=KEEPS, unknown=KEEPS
)
