"""What breaks the rules about lifecycle hooks."""

from __future__ import annotations

import json

from tests.policies.draft import Ref
from tests.policies.mutations.registry import ADVISORY, KEEPS, breaks, decides

decides("asg-launch-hook-completed", "group", "initialLifecycleHooks", absent=KEEPS, unknown=KEEPS)

_DENIED = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Deny", "Action": "autoscaling:*", "Resource": "*"}],
    }
)
_LAUNCHING = "autoscaling:EC2_INSTANCE_LAUNCHING"


def _denied(stack):
    policy = {"role": Ref("role"), "policy": _DENIED}
    stack.add("no-scaling", "aws:iam/rolePolicy:RolePolicy", policy)


@breaks("asg-launch-hook-completed")
def a_hook_that_nobody_completes(stack):
    _denied(stack)
    stack.add(
        "boot",
        "aws:autoscaling/lifecycleHook:LifecycleHook",
        {
            "autoscalingGroupName": Ref("group", "name"),
            "lifecycleTransition": _LAUNCHING,
            "heartbeatTimeout": 300,
        },
    )


@breaks("asg-launch-hook-completed")
def an_initial_hook_that_nobody_completes(stack):
    _denied(stack)
    hook = {"name": "boot", "lifecycleTransition": _LAUNCHING, "defaultResult": "ABANDON"}
    stack.set("group", "initialLifecycleHooks", [hook])


@breaks("asg-launch-hook-completed")
def hook_told_to_a_queue_that_nobody_reads(stack):
    _denied(stack)
    stack.add("hooks", "aws:sqs/queue:Queue", {"sqsManagedSseEnabled": True})
    stack.add(
        "boot",
        "aws:autoscaling/lifecycleHook:LifecycleHook",
        {
            "autoscalingGroupName": Ref("group", "name"),
            "lifecycleTransition": _LAUNCHING,
            "notificationTargetArn": Ref("hooks", "arn"),
        },
    )


def farewell(stack, seconds=120):
    """Add a hook that nobody completes, for instances that are to go."""
    _denied(stack)
    stack.add(
        "farewell",
        "aws:autoscaling/lifecycleHook:LifecycleHook",
        {
            "autoscalingGroupName": Ref("group", "name"),
            "lifecycleTransition": "autoscaling:EC2_INSTANCE_TERMINATING",
            "heartbeatTimeout": seconds,
            "defaultResult": "CONTINUE",
        },
    )


@breaks("asg-terminate-hook-ends", ADVISORY)
def instances_that_linger(stack):
    farewell(stack, 7200)


decides(
    "asg-terminate-hook-ends",
    "farewell",
    "lifecycleTransition",
    absent=KEEPS,
    unknown=KEEPS,
    given=farewell,
)
