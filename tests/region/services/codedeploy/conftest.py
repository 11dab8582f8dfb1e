"""The clock of these tests: health checks and pauses are fifty times shorter."""

from __future__ import annotations

import pytest


@pytest.fixture
def speed() -> float:
    return 50.0
