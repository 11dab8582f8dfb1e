"""What lets tasks start and stay."""

from __future__ import annotations

from tests.policies.draft import Ref
from tests.policies.mutations.container_start import hosted, slow
from tests.policies.rules.cases import (
    test_a_change_breaks_exactly_its_rule,
    test_a_change_breaks_nothing,
    test_a_change_makes_exactly_its_rule_undecidable,
    test_it_is_not_refused,
    test_it_is_refused,
)

__all__ = [
    "test_a_change_breaks_exactly_its_rule",
    "test_a_change_breaks_nothing",
    "test_a_change_makes_exactly_its_rule_undecidable",
    "test_it_is_not_refused",
    "test_it_is_refused",
]

BOTTLEROCKET = '[settings.ecs]\nlogging = "warn"\ncluster = "{}"\n\n[settings.host]\n'


def cluster_of_another_name(draft):
    hosted(draft, name="shop-7d2f1c3")


def bottlerocket_elsewhere(draft):
    hosted(draft, BOTTLEROCKET.format("blog"))


def grace(seconds, **check):
    def change(draft):
        slow(draft, grace=seconds, **check)
        return draft

    return change


def names_no_cluster(draft):
    hosted(draft, "#!/bin/sh\ndnf -y update\n")


def says_nothing_about_its_start(draft):
    slow(draft)


BREAKS = [
    ("ecs-hosts-join-cluster", cluster_of_another_name),
    ("ecs-hosts-join-cluster", bottlerocket_elsewhere),
    ("ecs-service-grace-period", grace(0, startPeriod=60)),
]

UNDECIDED = [
    ("ecs-hosts-join-cluster", names_no_cluster),
    ("ecs-service-grace-period", says_nothing_about_its_start),
]


def joined(draft, *script, **more):
    hosted(draft, *script, **more)
    return draft


def made_from_its_name(draft):
    hosted(draft)
    draft.set("host-template", "userData", Ref("cluster", "name"))
    return draft


KEEPS = [
    joined,
    lambda d: joined(d, BOTTLEROCKET.format("shop")),
    lambda d: joined(d, "#!/bin/sh\ncat > /etc/ecs/ecs.config <<E\nECS_CLUSTER='shop'\nE\n"),
    # The last line counts: the agent reads the file as a shell would.
    lambda d: joined(d, "#!/bin/sh\nECS_CLUSTER=blog\nECS_CLUSTER=shop\n"),
    made_from_its_name,
    grace(180, startPeriod=180),
    grace(110, startPeriod=120),  # the load balancer waits for two checks more
    grace(60),
]


def _without(draft):
    hosted(draft)
    draft.drop("providers")


def _others(draft):
    hosted(draft)
    draft.set("providers", "capacityProviders", ["FARGATE"])
    draft.set("tasks", "capacityProviderStrategies.0.capacityProvider", "FARGATE_SPOT")


REFUSED = {"ecs-accepted": [_others]}
SOUND = {"ecs-accepted": [hosted]}
