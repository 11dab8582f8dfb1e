"""Sound programs, by theme."""

from __future__ import annotations

from tests.policies.programs.innocents import (
    borders,
    buckets,
    deliveries,
    doors,
    fleets,
    networks,
    permissions,
    plain,
    routing,
    stores,
    workloads,
)

__all__ = [
    "borders",
    "buckets",
    "deliveries",
    "doors",
    "fleets",
    "networks",
    "permissions",
    "plain",
    "routing",
    "stores",
    "workloads",
]
