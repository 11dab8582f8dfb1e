"""What breaks the rule about the zones of functions."""

from __future__ import annotations

from tests.policies.draft import Ref
from tests.policies.mutations.registry import KEEPS, breaks, decides


def function(stack, *subnets):
    """A function behind a target group, which the load balancer may call."""
    place = {"subnetIds": [Ref(one) for one in subnets], "securityGroupIds": ["sg-1"]}
    given = {"role": "arn:aws:iam::123456789012:role/report", "vpcConfig": place}
    stack.add("report", "aws:lambda/function:Function", given)
    stack.add("report-targets", "aws:lb/targetGroup:TargetGroup", {"targetType": "lambda"})
    stack.add(
        "report-may",
        "aws:lambda/permission:Permission",
        {
            "action": "lambda:InvokeFunction",
            "function": Ref("report", "name"),
            "principal": "elasticloadbalancing.amazonaws.com",
            "sourceArn": Ref("report-targets", "arn"),
        },
    )
    stack.add(
        "report-attachment",
        "aws:lb/targetGroupAttachment:TargetGroupAttachment",
        {"targetGroupArn": Ref("report-targets", "arn"), "targetId": Ref("report", "arn")},
    )


@breaks("lambda-multi-az")
def function_in_one_zone(stack):
    function(stack, "subnet-a")


decides(
    "lambda-multi-az",
    "report",
    "vpcConfig",
    absent=KEEPS,
    unknown=KEEPS,
    given=lambda stack: function(stack, "subnet-a", "subnet-b"),
)
