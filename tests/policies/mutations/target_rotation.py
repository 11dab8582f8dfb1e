"""What breaks the rules about how targets leave, and how requests are kept on them."""

from __future__ import annotations

from tests.policies.draft import Ref
from tests.policies.mutations.registry import ADVISORY, BREAKS, KEEPS, breaks, decides

decides(
    "tg-failing-target-leaves",
    "target-group",
    "healthCheck.unhealthyThreshold",
    absent=KEEPS,
    unknown=BREAKS,
)
decides(
    "tg-deregistration-delay", "target-group", "deregistrationDelay", absent=KEEPS, unknown=KEEPS
)
decides("tg-stickiness-moderate", "target-group", "stickiness", absent=KEEPS, unknown=KEEPS)
decides(
    "tg-cross-zone", "target-group", "loadBalancingCrossZoneEnabled", absent=KEEPS, unknown=KEEPS
)


@breaks("tg-failing-target-leaves")
def twenty_minutes_of_errors(stack):
    stack.set("target-group", "healthCheck.interval", 120)
    stack.set("target-group", "healthCheck.unhealthyThreshold", 10)


@breaks("tg-failing-target-leaves")
def five_minutes_of_errors(stack):
    stack.set("target-group", "healthCheck.interval", 30)
    stack.set("target-group", "healthCheck.unhealthyThreshold", 10)
    stack.set("target-group", "healthCheck.timeout", 20)


@breaks("tg-deregistration-delay")
def requests_are_cut(stack):
    stack.set("target-group", "deregistrationDelay", 0)


@breaks("tg-deregistration-delay")
def fifty_minutes_to_leave(stack):
    stack.set("target-group", "deregistrationDelay", 3000)


@breaks("tg-stickiness-moderate", ADVISORY)
def a_week_on_the_same_instance(stack):
    sticky = {"enabled": True, "type": "lb_cookie", "cookieDuration": 604800}
    stack.set("target-group", "stickiness", sticky)


@breaks("tg-stickiness-moderate", ADVISORY)
def a_week_in_the_same_target_group(stack):
    action = {
        "type": "forward",
        "forward": {
            "targetGroups": [{"arn": Ref("target-group", "arn")}],
            "stickiness": {"enabled": True, "duration": 604800},
        },
    }
    stack.set("https", "defaultActions", [action])


@breaks("tg-cross-zone", ADVISORY)
def each_zone_on_its_own(stack):
    stack.set("target-group", "loadBalancingCrossZoneEnabled", "false")
    stack.set("group", "minSize", 3)


@breaks("tg-failing-target-leaves")
def dead_targets_get_requests_again(stack):
    routing = {"minimumHealthyTargetsCount": 1, "minimumHealthyTargetsPercentage": "100"}
    stack.set("target-group", "targetGroupHealth", {"unhealthyStateRouting": routing})
