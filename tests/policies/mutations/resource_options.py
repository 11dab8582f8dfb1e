"""What breaks the rules about options of resources."""

from __future__ import annotations

from tests.policies.mutations.registry import ADVISORY, KEEPS, breaks, decides

# No property decides them, and an option of a resource is never unknown.
decides("replacement-keeps-service", "group", "minSize", absent=KEEPS, unknown=KEEPS)
decides("settings-follow-program", "group", "minSize", absent=KEEPS, unknown=KEEPS)


@breaks("replacement-keeps-service")
def fleet_deleted_before_its_successor(stack):
    stack.option("group", deleted_first=True)


@breaks("replacement-keeps-service")
def balancer_deleted_before_its_successor(stack):
    stack.option("load-balancer", deleted_first=True, protected=False)


@breaks("settings-follow-program", ADVISORY)
def rules_of_the_firewall_ignored(stack):
    stack.option("security-group", ignored=["ingress"])


@breaks("settings-follow-program", ADVISORY)
def everything_of_the_database_ignored(stack):
    stack.option("database", ignored=["*"])
