"""What AWS Lambda refuses."""

from __future__ import annotations

from tests.policies.draft import Ref
from tests.policies.mutations.registry import KEEPS, breaks, decides

FUNCTION = "aws:lambda/function:Function"


def function(stack, **more):
    properties = {
        "role": "arn:aws:iam::123456789012:role/report",
        "runtime": "python3.13",
        "handler": "main.handler",
        "timeout": 30,
        **more,
    }
    stack.add("report", FUNCTION, properties)


@breaks("lambda-accepted")
def function_of_a_runtime_that_is_gone(stack):
    function(stack, runtime="nodejs14.x")


@breaks("lambda-accepted")
def queue_that_does_not_wait_for_its_function(stack):
    function(stack, timeout=300)
    stack.add("jobs", "aws:sqs/queue:Queue", {"visibilityTimeoutSeconds": 60})
    stack.add(
        "reads-jobs",
        "aws:lambda/eventSourceMapping:EventSourceMapping",
        {"eventSourceArn": Ref("jobs", "arn"), "functionName": Ref("report", "arn")},
    )


decides("lambda-accepted", "report", "timeout", absent=KEEPS, unknown=KEEPS, given=function)
