"""Egress rules of security groups."""

from __future__ import annotations

from region.provider.resources.vpc.security_group_rule import SecurityGroupRule


class SecurityGroupEgressRule(SecurityGroupRule):
    """`aws.vpc.SecurityGroupEgressRule`."""

    resource_type = "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule"
    direction = "egress"
