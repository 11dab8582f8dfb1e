"""The network of containers."""

from __future__ import annotations

from tests.policies.draft import Draft, Ref, violations
from tests.policies.mutations.containers import service
from tests.policies.rules.cases import (
    test_a_change_breaks_exactly_its_rule,
    test_a_change_breaks_nothing,
)

__all__ = ["test_a_change_breaks_exactly_its_rule", "test_a_change_breaks_nothing"]

RULE = "ecs-tasks-fetch-image"
PUBLIC = [Ref("public-a"), Ref("public-b")]


def tasks(subnets=None, address=None, **more):
    """Tasks in subnets, with or without public addresses."""

    def change(draft):
        service(draft, **more, **({} if subnets is None else {"subnets": subnets}))
        if address is not None:
            draft.set("tasks", "networkConfiguration.assignPublicIp", address)
        return draft

    return change


# A change and the one rule that it breaks.
BREAKS = [(RULE, tasks(PUBLIC, address=False))]

# A change that breaks nothing.
KEEPS = [
    tasks(),
    tasks(PUBLIC, address=True),
    tasks(PUBLIC, launchType=None),  # on instances, which have addresses of their own
]


def test_the_routes_of_another_stack_are_left_to_it():
    draft = tasks(["subnet-1", "subnet-2"], address=False)(Draft())
    assert not violations(draft, RULE)
