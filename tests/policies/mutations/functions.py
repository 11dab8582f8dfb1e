"""What breaks the rule about functions behind a load balancer."""

from __future__ import annotations

from tests.policies.draft import Ref
from tests.policies.mutations.registry import BREAKS, KEEPS, breaks, decides
from tests.policies.mutations.routing import add_rule

PERMISSION = "aws:lambda/permission:Permission"


def function(stack, **more):
    """Let a function answer for one path."""
    stack.add(
        "resize",
        "aws:lambda/function:Function",
        {
            "role": "arn:aws:iam::123456789012:role/resize",
            "runtime": "python3.13",
            "handler": "main.handler",
            "s3Bucket": "functions",
            "s3Key": "resize.zip",
            **more,
        },
    )
    stack.add("pictures", "aws:lb/targetGroup:TargetGroup", {"targetType": "lambda"})
    attachment = {"targetGroupArn": Ref("pictures", "arn"), "targetId": Ref("resize", "arn")}
    stack.add("registered", "aws:lb/targetGroupAttachment:TargetGroupAttachment", attachment)
    action = {"type": "forward", "targetGroupArn": Ref("pictures", "arn")}
    add_rule(stack, "to-pictures", action, [{"pathPattern": {"values": ["/pictures/*"]}}])


def permit(stack, **more):
    """Let Elastic Load Balancing call it."""
    given = {
        "action": "lambda:InvokeFunction",
        "function": Ref("resize", "name"),
        "principal": "elasticloadbalancing.amazonaws.com",
        "sourceArn": Ref("pictures", "arn"),
        **more,
    }
    stack.add("may", PERMISSION, given)


def permitted(stack):
    function(stack)
    permit(stack)


decides(
    "lambda-admits-load-balancer",
    "may",
    "principal",
    absent=BREAKS,
    unknown=BREAKS,
    given=permitted,
)


@breaks("lambda-admits-load-balancer")
def function_that_nobody_may_call(stack):
    function(stack)


@breaks("lambda-admits-load-balancer")
def function_that_another_service_may_call(stack):
    function(stack)
    permit(stack, principal="apigateway.amazonaws.com")


@breaks("lambda-admits-load-balancer")
def function_that_another_target_group_may_call(stack):
    function(stack)
    permit(stack, sourceArn=Ref("target-group", "arn"))


decides(
    "lambda-not-throttled",
    "resize",
    "reservedConcurrentExecutions",
    absent=KEEPS,
    unknown=KEEPS,
    given=permitted,
)


@breaks("lambda-not-throttled")
def function_switched_off(stack):
    function(stack, reservedConcurrentExecutions=0)
    permit(stack)
