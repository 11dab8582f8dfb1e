"""Functions behind a load balancer."""

from __future__ import annotations

from guardrails.values import UNKNOWN

from tests.policies.draft import Draft, Ref, violations
from tests.policies.mutations.functions import function, permit
from tests.policies.rules.cases import (
    test_a_change_breaks_exactly_its_rule,
    test_a_change_breaks_nothing,
)

__all__ = ["test_a_change_breaks_exactly_its_rule", "test_a_change_breaks_nothing"]

RULE = "lambda-admits-load-balancer"
ALIAS = "aws:lambda/alias:Alias"
ARN = "arn:aws:lambda:ap-northeast-2:123456789012:function:resize"


def permitted(draft, **more):
    function(draft)
    permit(draft, **more)
    return draft


def by_alias(draft, **more):
    """Register an alias of the function."""
    permitted(draft, **more)
    draft.add("live", ALIAS, {"functionName": Ref("resize", "name"), "name": "live"})
    return draft.set("registered", "targetId", Ref("live", "arn"))


# A change and the one rule that it breaks.
BREAKS = [
    (RULE, lambda d: permitted(d, action="lambda:GetFunction")),
    (RULE, lambda d: permitted(d, function="another")),
    (RULE, lambda d: permitted(d, sourceArn="arn:aws:s3:::pictures").set("pictures", "arn",
        "arn:aws:elasticloadbalancing:ap-northeast-2:123456789012:targetgroup/pictures/1")),
    (RULE, by_alias),
]  # fmt: skip

# A change that breaks nothing.
KEEPS = [
    permitted,
    lambda d: permitted(d, action="lambda:*"),
    lambda d: permitted(d).set("may", "sourceArn", ...),
    lambda d: by_alias(d, qualifier="live"),
    lambda d: by_alias(d).set("may", "function", Ref("live", "arn")),
    lambda d: permitted(d, sourceArn="arn:aws:elasticloadbalancing:*:*:targetgroup/pictures/*")
        .set("pictures", "arn",
        "arn:aws:elasticloadbalancing:ap-northeast-2:123456789012:targetgroup/pictures/1"),
]  # fmt: skip


def test_a_function_of_another_stack_is_not_decidable():
    draft = permitted(Draft()).set("registered", "targetId", ARN)
    (found,) = violations(draft, RULE)
    assert found.undecided
    assert "its policy is not part of this stack" in found.what


def test_a_permission_for_what_is_not_known_may_be_the_one():
    draft = permitted(Draft()).set("may", "function", UNKNOWN).link("may", "function")
    (found,) = violations(draft, RULE)
    assert found.undecided


def test_the_path_names_target_group_and_function():
    draft = Draft()
    function(draft)
    (found,) = violations(draft, RULE)
    assert found.path == ('target group "pictures"', 'function "resize"')
    assert "elasticloadbalancing.amazonaws.com" in found.remedy
