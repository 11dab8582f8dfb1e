"""Ingress rules of security groups."""

from __future__ import annotations

from region.provider.resources.vpc.security_group_rule import SecurityGroupRule


class SecurityGroupIngressRule(SecurityGroupRule):
    """`aws.vpc.SecurityGroupIngressRule`."""

    resource_type = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
    direction = "ingress"
