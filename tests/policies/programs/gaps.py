"""What the pack does not know yet, with the reason: each entry is a defect that has to go.

A case that is listed and behaves shows as XPASS: take it out.
"""

from __future__ import annotations

BLOCKED: dict[str, str] = {}
"""Sound programs that are blocked, or about which the pack says too much or too little."""

PASSES: dict[str, str] = {
    "weights_switched_too_early": "A fleet that may be empty is taken for the spare half of a pair.",
    "rule_that_another_one_hides": "Conditions of rules are not compared with each other.",
    "function_that_the_balancer_may_not_call": "Permissions of functions are not followed.",
    "containers_closed_to_the_balancer": "Security groups of containers are not followed.",
    "endpoints_behind_a_closed_door": "Security groups of endpoints are not followed.",
    "endpoints_that_no_name_leads_to": "Names of endpoints are not followed.",
    "refresh_that_does_not_go_back": "A refresh without rollback is left to the rule about releases.",
    "one_container": "How many containers a service has is not asked.",
    "containers_in_one_zone": "The zones of a service of containers are not asked.",
    "fleet_in_a_group_of_addresses": "The type of a fleet's target group is not asked.",
    "balancer_with_a_group_of_another_vpc": "The VPC of a balancer's groups is not asked.",
}
"""Broken programs that pass."""

BREAKS_THAT_PASS: dict[str, str] = {}
"""Breaks of generated architectures that pass."""
