"""What breaks the rule about commits."""

from __future__ import annotations

from tests.policies.mutations.registry import KEEPS, breaks, decides

TLS = {"name": "rds.force_ssl", "value": "1"}


@breaks("rds-commits-durable")
def commits_not_on_the_disk(stack):
    stack.set(
        "parameter-group", "parameters", [TLS, {"name": "synchronous_commit", "value": "off"}]
    )


decides("rds-commits-durable", "parameter-group", "parameters", absent=KEEPS, unknown=KEEPS)
