"""Which stacks count as highly available."""

from __future__ import annotations

import pytest
from guardrails import tokens
from guardrails.resources import Resource, Stack
from guardrails.topology import Topology, resolve_topology


def stack(*types):
    return Stack(Resource(type=kind, name=kind, urn=kind) for kind in types)


@pytest.mark.parametrize(
    ("types", "configured", "expected"),
    [
        ([tokens.HIGHLY_AVAILABLE_SERVICE], None, Topology.HIGHLY_AVAILABLE),
        ([tokens.HIGHLY_AVAILABLE_SERVICE], "single", Topology.HIGHLY_AVAILABLE),
        ([tokens.SINGLE_INSTANCE_SERVICE], None, Topology.SINGLE),
        ([tokens.SINGLE_INSTANCE_SERVICE], "ha", Topology.SINGLE),
        (
            [tokens.SINGLE_INSTANCE_SERVICE, tokens.HIGHLY_AVAILABLE_SERVICE],
            None,
            Topology.HIGHLY_AVAILABLE,
        ),
        ([], "ha", Topology.HIGHLY_AVAILABLE),
        (["aws:autoscaling/group:Group"], "single", Topology.SINGLE),
        (["aws:autoscaling/group:Group"], None, Topology.HIGHLY_AVAILABLE),
        (["aws:alb/loadBalancer:LoadBalancer"], None, Topology.HIGHLY_AVAILABLE),
        (["aws:ec2/instance:Instance"], None, Topology.SINGLE),
        ([], None, Topology.SINGLE),
    ],
)
def test_topology_is_decided_from_the_resources(types, configured, expected):
    assert resolve_topology(stack(*types), configured)[0] is expected
