"""What breaks the rule about what AWS refuses of state machines and pipelines."""

from __future__ import annotations

import json

from tests.policies.mutations.registry import KEEPS, breaks, decides

ROLE = "arn:aws:iam::123456789012:role/orders"


def flow(**changes):
    """Return a definition of two states, with changes to the first."""
    first = {"Type": "Pass", "Next": "Done", **changes}
    states = {"First": first, "Done": {"Type": "Succeed"}}
    return json.dumps({"StartAt": "First", "States": states})


def machine(stack, definition=None):
    given = {"roleArn": ROLE, "definition": definition or flow()}
    stack.add("orders", "aws:sfn/stateMachine:StateMachine", given)


@breaks("workflows-accepted")
def flow_to_a_state_that_is_missing(stack):
    machine(stack, flow(Next="Gone"))


@breaks("workflows-accepted")
def state_without_an_end(stack):
    machine(stack, flow(Next=None))


decides("workflows-accepted", "orders", "definition", absent=KEEPS, unknown=KEEPS, given=machine)
