"""Secrets that were deleted by mistake."""

from __future__ import annotations

from tests.policies.mutations.secret_recovery import secret
from tests.policies.rules.cases import (
    test_a_change_breaks_exactly_its_rule,
    test_a_change_breaks_nothing,
)

__all__ = ["test_a_change_breaks_exactly_its_rule", "test_a_change_breaks_nothing"]


def given(**properties):
    def change(draft):
        secret(draft, **properties)
        return draft

    return change


BREAKS = [("secret-recoverable", given(name="token", recoveryWindowInDays=0))]
KEEPS = [given(), given(recoveryWindowInDays=30)]
