"""Which faults delay whoever is launched meanwhile."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from loadtest.experiments import disturbances, models
from loadtest.experiments.disturbances import Disturbance
from loadtest.experiments.faults import Kind
from tests.loadtest.experiments.builders import record_of


@pytest.mark.parametrize(
    ("kind", "delays"),
    [
        (Kind.ZONE_SILENT, True),
        (Kind.ZONE_WITHOUT_CAPACITY, True),
        (Kind.ZONE_REFUSED, True),
        (Kind.DATABASE_CUT, True),
        (Kind.DATABASE_FAILOVER, True),
        # Somebody else's: nobody knows.
        (Kind.OTHER, True),
        (Kind.INSTANCE_DIES, False),
        (Kind.INSTANCE_HANGS, False),
        (Kind.INSTANCE_ERRORS, False),
        (Kind.DISK_FULL, False),
        (Kind.DEPLOYMENT, False),
        (Kind.STOPPED_DEPLOYMENT, False),
    ],
)
def test_a_fault_of_single_instances_delays_nobody_else(kind: Kind, *, delays: bool):
    expected = [Disturbance(10.0, 25.0)] if delays else []
    assert disturbances.of(kind, 10_000, 25_000) == expected
    assert disturbances.of(kind, None, 25_000) == []
    assert disturbances.of(kind, 10_000, None) == []


@pytest.mark.parametrize(
    ("began_s", "ended_s", "delayed"),
    [(5, 9, False), (5, 11, True), (12, 14, True), (24, 30, True), (26, 30, False), (5, 30, True)],
)
def test_what_went_on_while_it_lasted_was_delayed(began_s: float, ended_s: float, *, delayed: bool):
    assert Disturbance(10.0, 25.0).delays(began_s, ended_s) == delayed


def test_those_of_earlier_commands_are_in_their_records(tmp_path: Path):
    def save(name: str, **changed: Any) -> None:
        (tmp_path / name).mkdir()
        times = {"fault_began_ms": 10_000.0, "fault_ended_ms": 25_000.0}
        models.save(tmp_path / name, record_of(kind=Kind.ZONE_SILENT, **{**times, **changed}))

    save("1")
    save("2", stack="another")
    save("3", fault_began_ms=None)
    (tmp_path / "4").mkdir()
    (tmp_path / "4" / models.FILE).write_text('{"of": "another version"}')
    (tmp_path / "5").mkdir()
    assert disturbances.recorded(tmp_path, "ha") == [Disturbance(10.0, 25.0)]
    assert disturbances.recorded(tmp_path / "nothing", "ha") == []
