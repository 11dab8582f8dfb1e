"""What the program left out, and what a preview does not know."""

from __future__ import annotations

from guardrails.evaluator import PolicyEvaluator
from guardrails.resources import Resource, Stack
from guardrails.values import UNKNOWN

from tests.policies.draft import Draft


def group(inputs):
    return Resource(
        type="t", name="it", urn="urn:it", properties={"kind": UNKNOWN, "n": 1.0}, inputs=inputs
    )


def test_what_the_program_left_out_is_not_set():
    assert group({}).setting("kind") is None
    assert group({}).shown("kind") == "not set"
    assert group({}).shown("kind", "nested") == "not set"


def test_what_the_program_computes_is_not_known():
    assert group({"kind": UNKNOWN}).shown("kind") == "not known in this preview"
    assert group(None).shown("kind") == "not known in this preview"


def test_a_known_output_counts_whatever_the_program_set():
    assert group({}).setting("n") == 1.0


def test_a_name_that_several_have_means_any_or_the_one_it_came_from():
    alike = [
        Resource(type="t", name=name, urn=f"urn:{name}", properties={"name": "web"})
        for name in ("here", "there")
    ]

    def user(**came_from):
        return Resource(
            type="u", name="u", urn="urn:u", properties={"to": ["web"]}, dependencies=came_from
        )

    stack = Stack(alike)
    found = stack.references(user(), "to", ("t",), ("name",))
    assert (found.resources, found.possible) == ((), tuple(alike))
    found = stack.references(user(to=("urn:here",)), "to", ("t",), ("name",))
    assert (found.resources, found.possible) == ((alike[0],), ())


def test_the_evaluator_hands_inputs_to_the_stack():
    draft = Draft().set("group", "healthCheckType", UNKNOWN)
    draft.parts["group"].left_open.add("healthCheckType")
    evaluator = PolicyEvaluator()
    bare = Stack(
        Resource(
            type=one.type,
            name=one.name,
            urn=one.urn,
            properties=one.properties,
            options=one.options,
            dependencies=one.dependencies,
        )
        for one in draft.build().resources
    )
    (before,) = evaluator.evaluate_stack(bare).findings
    assert "health check type is not known in this preview" in before.text
    for resource in draft.build(inputs=True).resources:
        evaluator.evaluate_resource(resource)
    (after,) = evaluator.evaluate_stack(bare).findings
    assert "health check type is not set" in after.text
