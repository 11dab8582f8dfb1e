"""Pipelines, and what builds images."""

from __future__ import annotations

from tests.policies.mutations.pipelines import build, pipeline
from tests.policies.rules.cases import (
    test_a_change_breaks_exactly_its_rule,
    test_a_change_breaks_nothing,
)

__all__ = ["test_a_change_breaks_exactly_its_rule", "test_a_change_breaks_nothing"]

BREAKS = []
KEEPS = [lambda draft: pipeline(draft) or draft, lambda draft: build(draft) or draft]
