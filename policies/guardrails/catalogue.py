"""Every rule of the pack, in the order of the documentation."""

from __future__ import annotations

from guardrails.model import Rule
from guardrails.rules import (
    alarms,
    auto_scaling_group,
    buckets,
    codedeploy,
    database,
    health_check_timing,
    instance_capacity,
    instance_role,
    instances,
    load_balancing,
    minimum_healthy_hosts,
    network,
    revisions,
    tls,
)

RULES: tuple[Rule, ...] = (
    *auto_scaling_group.RULES,
    *instance_capacity.RULES,
    *load_balancing.RULES,
    *tls.RULES,
    *codedeploy.RULES,
    *minimum_healthy_hosts.RULES,
    *health_check_timing.RULES,
    *database.RULES,
    *instances.RULES,
    *instance_role.RULES,
    *network.RULES,
    *buckets.RULES,
    *revisions.RULES,
    *alarms.RULES,
)
