"""Every rule of the pack, in the order in which they are printed."""

from __future__ import annotations

from guardrails.model import Rule
from guardrails.rules import (
    autoscaling,
    balancing,
    capacity,
    compute,
    database,
    delivery,
    healthcheck,
    identity,
    monitoring,
    network,
    patience,
    revisions,
    storage,
    transport,
)

RULES: tuple[Rule, ...] = (
    *autoscaling.RULES,
    *capacity.RULES,
    *balancing.RULES,
    *transport.RULES,
    *delivery.RULES,
    *patience.RULES,
    *healthcheck.RULES,
    *database.RULES,
    *compute.RULES,
    *identity.RULES,
    *network.RULES,
    *storage.RULES,
    *revisions.RULES,
    *monitoring.RULES,
)
