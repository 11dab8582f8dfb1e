"""The clock of these tests: status checks are a hundred times more frequent."""

from __future__ import annotations

import pytest


@pytest.fixture
def speed() -> float:
    return 100.0
