"""Clusters that hold copies: whether they take writes after the loss of a node."""

from __future__ import annotations

from tests.policies.mutations.stream_copies import brokers
from tests.policies.rules.cases import (
    test_a_change_breaks_exactly_its_rule,
    test_a_change_breaks_nothing,
)

__all__ = ["test_a_change_breaks_exactly_its_rule", "test_a_change_breaks_nothing"]


def properties(text):
    def change(draft):
        brokers(draft)
        return draft.set("properties", "serverProperties", text)

    return change


BREAKS = [
    (
        "cluster-writable-without-node",
        properties("default.replication.factor = 3\nmin.insync.replicas = 3\n"),
    ),
]

KEEPS = [
    properties("# default.replication.factor=1\nauto.create.topics.enable=false\n"),
    properties("default.replication.factor=3\nmin.insync.replicas=2\n"),
]
