"""Roles of functions, tasks, proxies and backups."""

from __future__ import annotations

from guardrails.values import UNKNOWN

from tests.policies.draft import Draft, violations
from tests.policies.mutations.service_roles import INSIDE, VPC_ACCESS, function, role
from tests.policies.rules.cases import test_it_is_not_refused, test_it_is_refused

__all__ = ["test_it_is_not_refused", "test_it_is_refused"]


def with_role(service, arn=None, **more):
    def change(draft):
        role(draft, service, arn=arn)
        function(draft, **more)

    return change


REFUSED = {
    "service-role-trusted": [with_role("ecs-tasks.amazonaws.com")],
    "service-role-permissions": [
        with_role(
            "lambda.amazonaws.com",
            "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole",
            vpcConfig=INSIDE,
        )
    ],
}

SOUND = {
    "service-role-trusted": [
        with_role("lambda.amazonaws.com"),
        lambda draft: function(draft, role="arn:aws:iam::123456789012:role/of-others"),
    ],
    "service-role-permissions": [
        with_role("lambda.amazonaws.com", VPC_ACCESS, vpcConfig=INSIDE),
        with_role("lambda.amazonaws.com"),
        with_role("lambda.amazonaws.com", UNKNOWN, vpcConfig=INSIDE),
    ],
}


def test_the_path_leads_over_the_role():
    draft = Draft()
    with_role("ec2.amazonaws.com")(draft)
    (found,) = violations(draft, "service-role-trusted")
    assert found.path == ('"report"', 'role "its-role"')
