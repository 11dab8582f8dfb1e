"""How often a backup plan copies."""

from __future__ import annotations

import pytest
from guardrails.architecture.backups import interval
from guardrails.values import UNKNOWN


@pytest.mark.parametrize(
    ("schedule", "days"),
    [
        (None, 1),
        ("cron(0 3 * * ? *)", 1),
        ("cron(0 */6 ? * * *)", 1),
        ("cron(0 3 ? * SUN *)", 7),
        ("cron(0 3 ? * MON,THU *)", 3.5),
        ("cron(0 3 1 * ? *)", 31),
        ("cron(0 3 1,15 * ? *)", 15.5),
        ("cron(0 3 1 1 ? *)", 365),
        ("rate(12 hours)", 0.5),
        ("rate(30 days)", 30),
        ("cron(0 3 ? * MON-FRI *)", None),
        ("cron(0 3 1/2 * ? *)", None),
        ("cron(0 3 1 1 ? 2026)", None),
        ("every day", None),
        (UNKNOWN, None),
    ],
)
def test_days_between_two_copies(schedule, days):
    assert interval(schedule) == days
