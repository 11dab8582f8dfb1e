"""`history --change-points` with Apache Otava itself, where it is installed."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from loadtest.cli import main, tools
from loadtest.engine import otava
from loadtest.errors import LoadTestError
from loadtest.models import RunSummary

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def command() -> list[str]:
    try:
        return tools.otava()
    except LoadTestError as error:
        pytest.skip(str(error))


def test_a_level_that_changed_is_found_where_it_changed(command: list[str]):
    # Runs scatter by a few per cent; from the seventh on, the p99 is a fifth higher.
    p99 = [10.1, 9.8, 10.3, 9.9, 10.0, 10.2, 12.1, 11.8, 12.3, 12.0, 11.9, 12.2]
    steady = [4.1, 4.0, 4.2, 4.1, 3.9, 4.0, 4.1, 4.2, 4.0, 3.9, 4.1, 4.0]
    began = datetime(2026, 11, 22, 20, 0, tzinfo=UTC)
    times = [began + timedelta(hours=number) for number in range(len(p99))]
    (change,) = otava.find(command, times, {"p50": steady, "p99": p99})
    assert (change.number, change.figure) == (6, "p99")
    assert change.before == pytest.approx(sum(p99[:6]) / 6, rel=1e-3)
    assert change.after == pytest.approx(sum(p99[6:]) / 6, rel=1e-3)
    assert otava.find(command, times, {"p50": steady}) == []


def test_the_saved_run_after_the_change_is_named(
    command: list[str],
    save: Callable[..., RunSummary],
    capsys: pytest.CaptureFixture[str],
):
    made = [save(number, ttfb_ms=5.0 if number < 5 else 16.0) for number in range(10)]
    assert main.main(["history", "--change-points", "--json"]) == 0
    changes = json.loads(capsys.readouterr().out)["changes"]
    assert {one["figure"] for one in changes} == {"p50", "p99"}
    assert {one["run"] for one in changes} == {made[5].id}
    assert main.main(["history", "--change-points"]) == 0
    said = capsys.readouterr().out
    assert "change points: 2 in 10 runs" in said
    assert "p99 of all" in said
