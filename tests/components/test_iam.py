"""The IAM roles."""

from __future__ import annotations

import json


def test_the_instance_role_has_four_permissions(either):
    policies = either.of("aws:iam/rolePolicy:RolePolicy")
    assert {policy.inputs["role"] for policy in policies} == {"web-identity-instance-id"}
    granted = {
        statement["Sid"]: (statement["Action"], statement["Resource"])
        for policy in policies
        for statement in json.loads(policy.inputs["policy"])["Statement"]
    }
    assert granted == {
        "ReadRevisions": (
            ["s3:GetObject", "s3:GetObjectVersion"],
            "arn:aws:s3:::web-revision-bucket-1234567/revisions/*",
        ),
        "ReadAgentInstaller": (
            "s3:GetObject",
            "arn:aws:s3:::aws-codedeploy-ap-northeast-2/*",
        ),
        "ReadDatabasePassword": (
            "secretsmanager:GetSecretValue",
            "arn:aws:secretsmanager:ap-northeast-2:123456789012:secret:rds!db-1-AbCdEf",
        ),
        "OpenSessions": (
            [
                "ssm:UpdateInstanceInformation",
                "ssmmessages:CreateControlChannel",
                "ssmmessages:CreateDataChannel",
                "ssmmessages:OpenControlChannel",
                "ssmmessages:OpenDataChannel",
            ],
            "*",
        ),
    }


def test_a_preview_already_knows_that_sessions_are_possible(build):
    for stack in ("single", "ha"):
        sessions = build(stack, preview=True).called("web-identity-sessions")
        assert "ssm:UpdateInstanceInformation" in sessions.inputs["policy"]


def test_the_instances_role_has_no_managed_policy(either):
    attached = either.of("aws:iam/rolePolicyAttachment:RolePolicyAttachment")
    assert attached
    assert not [a.name for a in attached if "instance" in a.inputs["role"]]


def test_roles_trust_one_service_each(either):
    trusted = {
        json.loads(role.inputs["assumeRolePolicy"])["Statement"][0]["Principal"]["Service"]
        for role in either.of("aws:iam/role:Role")
    }
    assert trusted == {"ec2.amazonaws.com", "codedeploy.amazonaws.com"}
