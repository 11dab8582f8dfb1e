"""Every rule of the pack, in the order in which they are printed."""

from __future__ import annotations

from guardrails.model import Rule
from guardrails.rules import (
    autoscaling,
    balancing,
    compute,
    database,
    delivery,
    network,
    patience,
    storage,
)

RULES: tuple[Rule, ...] = (
    *autoscaling.RULES,
    *balancing.RULES,
    *delivery.RULES,
    *patience.RULES,
    *database.RULES,
    *compute.RULES,
    *network.RULES,
    *storage.RULES,
)
