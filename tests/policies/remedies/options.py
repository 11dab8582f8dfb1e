"""What cures the rules about options of resources."""

from __future__ import annotations

from tests.policies.remedies.registry import cures


@cures("fleet_deleted_before_its_successor")
def the_new_fleet_first(stack):
    stack.option("group", deleted_first=False)


@cures("balancer_deleted_before_its_successor")
def a_balancer_that_is_never_replaced(stack):
    stack.option("load-balancer", protected=True)


@cures("rules_of_the_firewall_ignored")
def the_firewall_by_the_program(stack):
    stack.option("security-group", ignored=[])


@cures("everything_of_the_database_ignored")
def the_database_by_the_program(stack):
    stack.option("database", ignored=[])


@cures("version_of_the_template_ignored")
def the_size_only_ignored(stack):
    stack.option("group", ignored=["desiredCapacity"])


@cures("capacity_by_the_program_and_by_its_load")
def the_capacity_left_to_the_load(stack):
    stack.option("group", ignored=["desiredCapacity"])
