"""Requests across origins."""

from __future__ import annotations

from tests.policies.mutations.cross_origin import RULE, headers
from tests.policies.rules.cases import (
    test_a_change_breaks_exactly_its_rule,
    test_a_change_breaks_nothing,
)

__all__ = ["test_a_change_breaks_exactly_its_rule", "test_a_change_breaks_nothing"]

BREAKS = [(RULE, lambda draft: headers(draft, "https://*"))]
KEEPS = [lambda draft: headers(draft) or draft]
