"""What breaks the rules about the load balancer and its target groups."""

from __future__ import annotations

from tests.policies.draft import Ref
from tests.policies.mutations.registry import (
    ADVISORY,
    BREAKS,
    KEEPS,
    MANDATORY,
    breaks,
    decides,
)

decides("elbv2-multi-az", "load-balancer", "subnets", absent=BREAKS, unknown=BREAKS)
decides("tg-health-check-defined", "target-group", "healthCheck", absent=BREAKS, unknown=BREAKS)
decides(
    "alb-drop-invalid-headers",
    "load-balancer",
    "dropInvalidHeaderFields",
    absent=BREAKS,
    unknown=BREAKS,
)
decides("alb-desync-mode", "load-balancer", "desyncMitigationMode", absent=KEEPS, unknown=BREAKS)
decides(
    "elb-deletion-protection",
    "load-balancer",
    "enableDeletionProtection",
    absent=BREAKS,
    unknown=BREAKS,
)
decides("elb-access-logs", "load-balancer", "accessLogs", absent=BREAKS, unknown=BREAKS)


@breaks("elbv2-multi-az")
def no_load_balancer(stack):
    stack.drop("load-balancer", "https", "http")


@breaks("elbv2-multi-az")
def load_balancer_in_one_zone(stack):
    stack.set("load-balancer", "subnets", [Ref("public-b")])


@breaks("elbv2-multi-az")
def load_balancer_mapped_to_one_zone(stack):
    stack.set("load-balancer", "subnets", ...)
    stack.set("load-balancer", "subnetMappings", [{"subnetId": Ref("public-a")}])


@breaks("tg-health-check-defined")
def no_health_check(stack):
    stack.set("target-group", "healthCheck", ...)


@breaks("tg-health-check-defined")
def tcp_health_check(stack):
    stack.set("target-group", "healthCheck", {"protocol": "TCP"})


@breaks("tg-health-check-defined")
def health_check_without_a_path(stack):
    stack.set("target-group", "healthCheck", {"protocol": "HTTP"})


@breaks("tg-health-check-defined")
def disabled_health_check(stack):
    stack.set("target-group", "healthCheck", {"enabled": False, "protocol": "HTTP", "path": "/"})


@breaks("tg-health-check-defined")
def second_target_group_without_a_check(stack):
    spare = {"port": 8080, "protocol": "HTTP", "vpcId": Ref("vpc")}
    stack.add("spare", "aws:alb/targetGroup:TargetGroup", spare)


@breaks("tg-health-check-defined")
def no_target_group(stack):
    stack.drop("target-group", "https", "http")
    stack.set("group", "targetGroupArns", ...)
    stack.set("deployment-group", "loadBalancerInfo", ...)


@breaks("alb-drop-invalid-headers")
def malformed_headers_pass(stack):
    stack.set("load-balancer", "dropInvalidHeaderFields", False)


@breaks("alb-desync-mode", ADVISORY)
def ambiguous_requests_pass(stack):
    stack.set("load-balancer", "desyncMitigationMode", "monitor")


@breaks("elb-deletion-protection", ADVISORY, production=MANDATORY)
def load_balancer_not_protected(stack):
    stack.set("load-balancer", "enableDeletionProtection", ...)


@breaks("elb-access-logs", ADVISORY, production=MANDATORY)
def no_access_logs(stack):
    stack.set("load-balancer", "accessLogs", ...)


@breaks("alb-idle-timeout")
def requests_end_after_a_second(stack):
    stack.set("load-balancer", "idleTimeout", 1)
