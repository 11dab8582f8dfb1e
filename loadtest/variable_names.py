"""Environment variables that stand in for options: the hook after `pulumi up` has no others."""

from __future__ import annotations

GENERATOR = "LOADTEST_GENERATOR"
SLO = "LOADTEST_SLO"
