"""What Elastic Load Balancing would refuse about a target group."""

from __future__ import annotations

from tests.policies.mutations.registry import BREAKS, KEEPS, breaks, decides

decides("tg-accepted", "target-group", "port", absent=BREAKS, unknown=KEEPS)


@breaks("tg-accepted")
def slow_start_beside_least_outstanding_requests(stack):
    stack.set("target-group", "slowStart", 60)


@breaks("tg-accepted")
def anomaly_mitigation_without_weighted_random(stack):
    stack.set("target-group", "loadBalancingAnomalyMitigation", "on")


@breaks("tg-accepted")
def health_check_times_out_after_its_interval(stack):
    stack.set("target-group", "healthCheck.timeout", 5)


@breaks("tg-accepted")
def prefix_too_long_for_a_target_group(stack):
    stack.set("target-group", "namePrefix", "production")
