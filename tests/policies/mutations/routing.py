"""What breaks the rules about where listeners send requests."""

from __future__ import annotations

from tests.policies.draft import Ref
from tests.policies.mutations.registry import KEEPS, breaks, decides

decides("tg-has-targets", "https", "defaultActions", absent=KEEPS, unknown=KEEPS)
decides("listener-no-maintenance-page", "https", "defaultActions", absent=KEEPS, unknown=KEEPS)

RULE = "aws:lb/listenerRule:ListenerRule"
EVERYTHING = [{"pathPattern": {"values": ["/*"]}}]


def empty_group(stack, name="spare", kind="instance"):
    """Add a target group in which nobody is."""
    check = {"enabled": True, "protocol": "HTTP", "path": "/health", "matcher": "200"}
    timing = {"interval": 5, "timeout": 2, "healthyThreshold": 2, "unhealthyThreshold": 2}
    properties = {
        "vpcId": Ref("vpc"),
        "port": 8080,
        "protocol": "HTTP",
        "targetType": kind,
        "deregistrationDelay": 10,
        "healthCheck": {**check, **timing},
    }
    stack.add(name, "aws:lb/targetGroup:TargetGroup", properties)


def add_rule(stack, name, action, conditions=EVERYTHING, priority=10):
    """Add a rule to the HTTPS listener."""
    properties = {
        "listenerArn": Ref("https", "arn"),
        "priority": priority,
        "conditions": conditions,
        "actions": [action],
    }
    stack.add(name, RULE, properties)


def page(status):
    response = {"contentType": "text/plain", "messageBody": "Back soon.", "statusCode": status}
    return {"type": "fixed-response", "fixedResponse": response}


def forward(**weights):
    groups = [
        {"arn": Ref(name.replace("_", "-"), "arn"), "weight": weight}
        for name, weight in weights.items()
    ]
    return {"type": "forward", "forward": {"targetGroups": groups}}


@breaks("tg-has-targets")
def a_path_without_targets(stack):
    empty_group(stack)
    action = {"type": "forward", "targetGroupArn": Ref("spare", "arn")}
    add_rule(stack, "reports", action, [{"pathPattern": {"values": ["/reports/*"]}}])


@breaks("tg-has-targets")
def half_of_the_requests_to_nobody(stack):
    empty_group(stack)
    stack.set("https", "defaultActions", [forward(target_group=50, spare=50)])


@breaks("tg-has-targets")
def everything_to_nobody(stack):
    empty_group(stack)
    add_rule(stack, "canary", {"type": "forward", "targetGroupArn": Ref("spare", "arn")})


@breaks("tg-has-targets")
def weight_of_nothing(stack):
    stack.set("https", "defaultActions", [forward(target_group=0)])


@breaks("listener-no-maintenance-page")
def maintenance_page_left_on(stack):
    add_rule(stack, "maintenance", page("503"))


@breaks("listener-no-maintenance-page")
def maintenance_page_for_every_host_and_get(stack):
    conditions = [
        {"hostHeader": {"values": ["*"]}},
        {"httpRequestMethod": {"values": ["GET", "HEAD"]}},
    ]
    add_rule(stack, "maintenance", page("200"), conditions, 1)


@breaks("listener-no-maintenance-page")
def everybody_to_the_status_page(stack):
    redirect = {"host": "status.example.com", "path": "/", "statusCode": "HTTP_302"}
    add_rule(stack, "status", {"type": "redirect", "redirect": redirect})
