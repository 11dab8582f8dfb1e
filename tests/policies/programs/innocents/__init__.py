"""Sound programs, by theme."""

from __future__ import annotations

from tests.policies.programs.innocents import (
    addresses,
    balancers,
    borders,
    buckets,
    capacity,
    deliveries,
    dependencies,
    doors,
    engines,
    entrances,
    fleets,
    networks,
    permissions,
    plain,
    platforms,
    releases,
    routing,
    settings,
    stores,
    workloads,
)

__all__ = [
    "addresses",
    "balancers",
    "borders",
    "buckets",
    "capacity",
    "deliveries",
    "dependencies",
    "doors",
    "engines",
    "entrances",
    "fleets",
    "networks",
    "permissions",
    "plain",
    "platforms",
    "releases",
    "routing",
    "settings",
    "stores",
    "workloads",
]
