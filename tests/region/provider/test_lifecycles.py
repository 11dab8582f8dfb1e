"""Every resource type from creation to deletion against a real control plane (moto)."""

from __future__ import annotations

from typing import Any

import pytest

from region.provider.resources import all_handlers
from region.provider.values import plain
from tests.region.provider.lifecycles import (
    autoscaling,
    cloudwatch,
    codedeploy,
    elbv2,
    iam,
    instances,
    network,
    others,
    rds,
    s3,
)
from tests.region.provider.lifecycles.case import Case

CASES = [
    case
    for service in (
        network,
        iam,
        s3,
        instances,
        autoscaling,
        elbv2,
        rds,
        codedeploy,
        cloudwatch,
        others,
    )
    for case in service.CASES
]


def test_every_implemented_type_is_taken_through_its_life() -> None:
    assert {case.type for case in CASES} == set(all_handlers())


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_life_of(case: Case, harness: Any, world: Any) -> None:
    inputs = case.inputs(world)
    resource = harness.create(case.type, **inputs)
    assert resource.id
    for name in case.outputs:
        assert name in resource.state, name
    stays_as_it_is(harness, resource, inputs)

    changed = {**inputs, **case.change(world)}
    if changed != inputs:
        difference = harness.diff(resource, **changed)
        assert {change.top for change in difference.changes} == set(case.change(world))
        assert not difference.replacing
        harness.update(resource, **changed)
        stays_as_it_is(harness, resource, changed)

    replacing = case.replace(world)
    if replacing:
        assert harness.diff(resource, **{**changed, **replacing}).replacing == set(replacing)

    harness.delete(resource)
    if case.type != "aws:s3/bucketVersioning:BucketVersioning":  # can only be suspended
        assert harness.read(resource) is None
    harness.delete(resource)


def stays_as_it_is(harness: Any, resource: Any, inputs: dict[str, Any]) -> None:
    """`up` again plans nothing, and a refresh finds no drift."""
    assert not harness.diff(resource, **inputs).changes
    outputs, refreshed = harness.read(resource)
    assert plain(refreshed) == plain(resource.inputs)
    assert plain(outputs) == resource.state
