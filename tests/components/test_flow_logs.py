"""VPC flow logs."""

from __future__ import annotations

import json

import pytest

from tests.components.templates import ACCOUNT


@pytest.mark.parametrize("stack", ["single", "ha"])
def test_flow_logs_go_to_an_expiring_log_group_through_a_dedicated_role(built, stack):
    recording = built("flow logs", stack)
    log = recording.one("aws:ec2/flowLog:FlowLog")
    group = recording.called("web-network-flows-records")
    assert log.inputs["trafficType"] == "ALL"
    assert log.property_dependencies["logDestination"] == (group.urn,)
    assert group.inputs["retentionInDays"] == 30
    (trusting,) = [
        json.loads(r.inputs["assumeRolePolicy"])["Statement"][0]
        for r in recording.of("aws:iam/role:Role")
        if r.name == "web-network-flows-role"
    ]
    assert trusting["Principal"] == {"Service": "vpc-flow-logs.amazonaws.com"}
    assert trusting["Condition"]["StringEquals"] == {"aws:SourceAccount": ACCOUNT}
    (grant,) = [r for r in recording.of("aws:iam/rolePolicy:RolePolicy") if "-flows-" in r.name]
    assert grant.urn in log.dependencies
    for statement in json.loads(grant.inputs["policy"])["Statement"]:
        assert statement["Resource"] != "*"
        assert "logs:CreateLogGroup" not in statement["Action"]
