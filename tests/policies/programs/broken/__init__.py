"""Sound programs with one fault each, by the question that they lose."""

from __future__ import annotations

from tests.policies.programs.broken import (
    borders,
    closed,
    deploy,
    entrances,
    machines,
    releases,
    secrets,
    serve,
    stores,
    survive,
    valid,
)

__all__ = [
    "borders",
    "closed",
    "deploy",
    "entrances",
    "machines",
    "releases",
    "secrets",
    "serve",
    "stores",
    "survive",
    "valid",
]
