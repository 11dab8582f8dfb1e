"""What breaks the rule about Regions."""

from __future__ import annotations

from tests.policies.mutations.registry import KEEPS, breaks, decides

ELSEWHERE = "us-east-1"


@breaks("one-region")
def target_group_in_another_region(stack):
    stack.set("target-group", "region", ELSEWHERE)


@breaks("one-region")
def alarm_that_tells_another_region(stack):
    topic = f"arn:aws:sns:{ELSEWHERE}:123456789012:operations"
    stack.set("unhealthy-hosts", "alarmActions", [topic])


decides("one-region", "target-group", "region", absent=KEEPS, unknown=KEEPS)
