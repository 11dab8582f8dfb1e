"""What the pack does not know yet, with the reason: each entry is a defect that has to go.

A case that is listed and behaves shows as XPASS: take it out.
"""

from __future__ import annotations

BLOCKED: dict[str, str] = {}
"""Sound programs that are blocked, or about which the pack says too much or too little."""

PASSES: dict[str, str] = {
    "tasks_packed_on_few_hosts": "The placement of containers is not asked.",
    "proxy_behind_a_closed_door": "Proxies before a database are not followed.",
    "fleet_that_starts_from_one_server": "What user data is made from is not followed.",
    "topic_that_nobody_reads": "Subscriptions of topics are not followed.",
    "backups_of_other_files": "What a backup plan selects is not compared with tags.",
    "offices_are_everywhere": "The entries of prefix lists are not followed.",
}
"""Broken programs that pass."""

TOLD_TWICE: dict[str, str] = {
    "one_subnet_associated_twice": "The association is refused, and another subnet has none.",
    "two_default_routes_of_one_table": "The route is refused, and another table has none.",
    "groups_swapped": "Two swapped groups are two faults on each side.",
    "udp_listener_before_tcp_targets": "The protocol is refused, and the groups admit another.",
    "signed_in_and_then_nothing": "The action is refused, and nothing forwards to the fleet.",
    "interface_that_exists": "The interface is refused, and its group is not known.",
    "base_gone_to_spot": "One template is used by two groups, each of which loses something.",
    "database_open_to_everyone_by_a_rule": "It is open by IPv6, and closed by IPv4.",
    "metadata_of_a_server_by_default": "The token and the number of hops are two settings.",
}
"""Broken programs with one fault that several rules report."""

BREAKS_THAT_PASS: dict[str, str] = {}
"""Breaks of generated architectures that pass."""
