"""References that are a name instead of an ARN, or the reverse."""

from __future__ import annotations

from tests.policies.mutations.registry import KEEPS, breaks, decides

decides("names-and-arns", "https", "certificateArn", absent=KEEPS, unknown=KEEPS)


@breaks("names-and-arns")
def certificate_by_its_domain(stack):
    stack.set("https", "certificateArn", "www.example.com")


@breaks("names-and-arns")
def monitoring_role_by_its_name(stack):
    stack.set("database", "monitoringRoleArn", "rds-monitoring")
