"""What breaks the rule about outputs in texts."""

from __future__ import annotations

from tests.policies.mutations.registry import KEEPS, breaks, decides

RULE = "no-output-as-text"
SAID = "Calling __str__ on an Output[T] is not supported.\n\nTo get the value"


def parameter(stack, value="db.example.com"):
    given = {"name": "/shop/database/host", "type": "String", "value": value}
    stack.add("host", "aws:ssm/parameter:Parameter", given)


@breaks(RULE)
def host_by_an_f_string(stack):
    parameter(stack, f"{SAID}:5432")


decides(RULE, "host", "value", absent=KEEPS, unknown=KEEPS, given=parameter)
