"""Sound programs with one fault each, by the question that they lose."""

from __future__ import annotations

from tests.policies.programs.broken import (
    borders,
    closed,
    dependencies,
    deploy,
    edge,
    engines,
    entrances,
    machines,
    mixtures,
    releases,
    rights,
    secrets,
    serve,
    settings,
    stores,
    survive,
    tasks,
    valid,
)

__all__ = [
    "borders",
    "closed",
    "dependencies",
    "deploy",
    "edge",
    "engines",
    "entrances",
    "machines",
    "mixtures",
    "releases",
    "rights",
    "secrets",
    "serve",
    "settings",
    "stores",
    "survive",
    "tasks",
    "valid",
]
