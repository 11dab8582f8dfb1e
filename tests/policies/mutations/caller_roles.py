"""What breaks the rule about the roles of what calls others."""

from __future__ import annotations

import json

from tests.policies.draft import Ref
from tests.policies.mutations.accepted_identities import document
from tests.policies.mutations.registry import BREAKS, KEEPS, breaks, decides
from tests.policies.mutations.service_roles import ROLE, trust

POLICY = "aws:iam/rolePolicy:RolePolicy"
JOBS = "arn:aws:sqs:ap-northeast-2:123456789012:jobs"
FLOW = {
    "StartAt": "Send",
    "States": {
        "Send": {"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage", "End": True}
    },
}


def caller(stack, service, action: str | None):
    """Add a role for a service, with one allowed action."""
    stack.add("its-role", ROLE, {"assumeRolePolicy": trust(service)})
    if action is not None:
        allowed = document({"Effect": "Allow", "Action": action, "Resource": JOBS})
        stack.add("its-policy", POLICY, {"role": Ref("its-role", "name"), "policy": allowed})


def workflow(stack, action: str | None = "sqs:SendMessage"):
    caller(stack, "states.amazonaws.com", action)
    machine = {"roleArn": Ref("its-role", "arn"), "definition": json.dumps(FLOW)}
    stack.add("orders", "aws:sfn/stateMachine:StateMachine", machine)


@breaks("caller-role-permissions")
def workflow_that_may_not_send(stack):
    workflow(stack, None)


@breaks("caller-role-permissions")
def workflow_that_may_only_receive(stack):
    workflow(stack, "sqs:ReceiveMessage")


decides(
    "caller-role-permissions", "its-policy", "policy", absent=BREAKS, unknown=KEEPS, given=workflow
)
