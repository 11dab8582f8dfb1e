"""Outputs in texts."""

from __future__ import annotations

from tests.policies.mutations.instance_start import start
from tests.policies.mutations.output_texts import RULE, SAID, parameter
from tests.policies.rules.cases import (
    test_a_change_breaks_exactly_its_rule,
    test_a_change_breaks_nothing,
)

__all__ = ["test_a_change_breaks_exactly_its_rule", "test_a_change_breaks_nothing"]

BREAKS = [
    (RULE, lambda draft: start(draft, f"#!/bin/sh\nexport HOST={SAID}\n")),
    (RULE, lambda draft: parameter(draft, "[<pulumi.output.Output object at 0x7f1c2a3b4c50>]")),
    (
        RULE,
        lambda draft: parameter(draft, "x-Calling [toString] on an [Output<T>] is not supported"),
    ),
]
KEEPS = [
    lambda draft: parameter(draft, "Output of the night") or draft,
    lambda draft: parameter(draft) or draft,
]
