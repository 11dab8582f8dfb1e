"""What the pack does not know yet: each entry is a defect that has to go."""

from __future__ import annotations

BLOCKED: dict[str, str] = {
    "workers_only": "not yet",
    "single_server": "not yet",
    "blue_and_green": "not yet",
    "lambda_behind_the_balancer": "not yet",
    "containers_on_fargate": "not yet",
    "containers_on_own_instances": "not yet",
}
"""Sound programs that are blocked, or about which the pack says too much or too little."""

PASSES: dict[str, str] = {
    "weights_switched_too_early": "not yet",
    "rule_that_another_one_hides": "not yet",
    "function_that_the_balancer_may_not_call": "not yet",
    "function_not_registered": "not yet",
    "service_without_its_target_group": "not yet",
    "containers_closed_to_the_balancer": "not yet",
    "endpoints_behind_a_closed_door": "not yet",
    "endpoints_that_no_name_leads_to": "not yet",
    "instances_may_only_leave_inside": "not yet",
    "list_cut_inside_apply": "not yet",
    "one_nat_gateway_for_all_zones": "not yet",
    "both_nat_gateways_in_one_zone": "not yet",
    "nat_gateways_crossed": "not yet",
    "one_nat_gateway_by_inline_routes": "not yet",
    "zonal_nat_gateway": "not yet",
    "endpoint_in_one_zone": "not yet",
    "one_container": "not yet",
    "containers_in_one_zone": "not yet",
    "fleet_in_a_group_of_addresses": "not yet",
    "balancer_with_a_group_of_another_vpc": "not yet",
}
"""Broken programs that pass."""

BREAKS_THAT_PASS: dict[str, str] = {
    "nobody is attached": "not yet",
    "the door is closed": "not yet",
    "nothing leaves the balancer": "not yet",
    "targets on another port": "not yet",
    "the check on another port": "not yet",
    "maintenance left on": "not yet",
    "no listener": "not yet",
    "nothing listens on 443": "not yet",
    "errors are healthy": "not yet",
    "one zone": "not yet",
    "may be empty": "not yet",
    "may be one": "not yet",
    "one NAT gateway": "not yet",
    "dead stay": "not yet",
    "checks suspended": "not yet",
    "off at night": "not yet",
    "maintenance takes all": "not yet",
    "all on Spot": "not yet",
    "the version stays": "not yet",
    "no way out": "not yet",
    "no alarm of that name": "not yet",
    "all at once": "not yet",
    "a role for nothing": "not yet",
    "nobody may assume it": "not yet",
    "requests are cut": "not yet",
    "past the balancer": "not yet",
    "one may do all": "not yet",
    "time-out over interval": "not yet",
    "smallest above largest": "not yet",
    "the database in the open": "not yet",
}
"""Breaks of generated architectures that pass."""
