"""Every rule of the pack, in the order of the documentation."""

from __future__ import annotations

from guardrails.model import Rule
from guardrails.rules import (
    alarms,
    auto_scaling_group,
    buckets,
    codedeploy,
    database,
    fleet_capacity,
    fleet_placement,
    fleet_replacement,
    fleet_scaling,
    fleet_settings,
    fleet_template,
    health_check_timing,
    instance_capacity,
    instance_role,
    instances,
    load_balancing,
    minimum_healthy_hosts,
    network,
    revisions,
    target_rotation,
    tls,
)

RULES: tuple[Rule, ...] = (
    *auto_scaling_group.RULES,
    *instance_capacity.RULES,
    *fleet_capacity.RULES,
    *fleet_placement.RULES,
    *fleet_replacement.RULES,
    *fleet_template.RULES,
    *fleet_scaling.RULES,
    *fleet_settings.RULES,
    *target_rotation.RULES,
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
