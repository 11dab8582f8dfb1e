"""What each option of a stack adds, and that it adds nothing else."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.components.options import OPTIONS
from tests.components.test_resource_graph import EXPECTED

PAIRS = [(name, stack) for name, option in OPTIONS.items() for stack in option.stacks]


@pytest.mark.parametrize(("name", "stack"), PAIRS)
def test_an_option_adds_exactly_this(built, name, stack):
    assert built(name, stack).counts() == Counter(EXPECTED[stack]) + Counter(OPTIONS[name].adds)


@pytest.mark.parametrize(("name", "stack"), PAIRS)
def test_a_preview_of_an_option_knows_its_shape(built, name, stack):
    recording = built(name, stack, preview=True)
    assert recording.counts() == Counter(EXPECTED[stack]) + Counter(OPTIONS[name].adds)


@pytest.mark.parametrize("name", OPTIONS)
def test_an_option_renames_and_removes_nothing_of_the_plain_stack(built, ha, name):
    assert set(ha.resources) <= set(built(name).resources)


@pytest.mark.parametrize("name", OPTIONS)
def test_children_are_complete_named_after_their_parent_and_tagged(built, name):
    recording = built(name)
    names = {r.urn: r.name for r in recording.resources.values()}
    for resource in recording.resources.values():
        assert resource.name.startswith(names.get(resource.parent, ""))
    for component in recording.components():
        assert component.urn in recording.registered_outputs
    tagged = {
        "aws:ec2/eip:Eip",
        "aws:ec2/natGateway:NatGateway",
        "aws:ec2/flowLog:FlowLog",
        "aws:cloudwatch/logGroup:LogGroup",
        "aws:acm/certificate:Certificate",
        "aws:s3/bucket:Bucket",
        "aws:lb/listener:Listener",
    }
    for kind in tagged:
        assert all(r.inputs["tags"]["Project"] == "haproof" for r in recording.of(kind)), kind
