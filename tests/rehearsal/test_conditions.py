"""The rows that only the region knows, in both languages."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from loadtest.host_record import HostRecord
from loadtest.messages.message import Message, render
from loadtest.models import RunSummary
from loadtest.stack.outputs import StackOutputs
from region import calibration
from region.calibration import Calibration, reference
from region.session import Session
from rehearsal import conditions
from rehearsal.conditions import StackRun

SESSION = Session(pid=1, created="0", api_port=1, provider_port=2, limits="cgroup v1")
SLOW = Calibration(
    measured_rate=reference.RATE / 2,
    busy_rate=reference.RATE,
    spread=0.031,
    capacity_cores=1.4,
    cpus=2,
)


def watched(factor: float | None, low: float, high: float) -> HostRecord:
    return HostRecord(
        window_s=2.0,
        cpus=2,
        ours=[],
        target=[],
        others=[],
        steal=[],
        idle=[],
        vcpu_seconds=factor,
        vcpu_range=(low, high),
    )


def runs(host: HostRecord | None = None) -> tuple[StackRun, StackRun]:
    """Two runs of which only the instances' type, their CPU and what `host` says of it matter."""
    outputs = StackOutputs.model_construct(instance_type="t4g.nano")
    summary = RunSummary.model_construct(host=host)
    single = StackRun(summary, outputs, {"i-1": 0.2})
    return single, StackRun(summary, outputs, {"i-2": 0.1, "i-3": 0.15})


def rows(
    speed: Calibration | None,
    language: str,
    session: Session = SESSION,
    host: HostRecord | None = None,
) -> dict[str, tuple[str, str, str]]:
    """Return the values of both stacks and the note, by the id of the row's name."""

    def text(message: Message | None) -> str:
        return render(message, language) if message else ""

    return {
        row.name.id: (text(row.single), text(row.ha), text(row.note))
        for row in conditions.conditions(session, *runs(host), speed)
    }


def test_quota_and_share_are_in_cores_of_this_computer():
    found = rows(SLOW, "en")
    assert found["local.instance"][0] == "t4g.nano: 0.1 CPU (0.200 of this computer's), 512 MiB"
    assert found["local.cpu"][:2] == ("100 %", "50 % to 75 % on 2 instances")


@pytest.mark.parametrize(("language", "shown"), [("en", "3 % on each of 2"), ("ko", "2대 모두 3%")])
def test_instances_that_were_equally_busy_share_one_figure(
    language: str, shown: str, monkeypatch: pytest.MonkeyPatch
):
    single, ha = runs()
    alike = StackRun(ha.summary, ha.outputs, {"i-2": 0.0031, "i-3": 0.0034})
    monkeypatch.setattr("tests.rehearsal.test_conditions.runs", lambda _host: (single, alike))
    assert shown in rows(None, language)["local.cpu"][1]


@pytest.mark.parametrize("language", ["en", "ko"])
def test_factor_spread_reference_and_capacity_are_in_every_report(language: str):
    found = rows(SLOW, language)
    single, ha, note = found["local.calibration"]
    assert single == ha
    assert "2.00" in single
    assert "3 %" in single.replace("3%", "3 %")
    assert reference.NAME in note
    assert f"{reference.RATE:,.0f}" in note
    assert "1.40" in found["local.capacity"][0]


@pytest.mark.parametrize("language", ["en", "ko"])
def test_under_load_it_is_what_was_measured_then(language: str):
    found = rows(SLOW, language, host=watched(1.6, 1.5, 2.5))
    for part in ("1.60", "1.50", "2.50", "2.00"):
        assert part in found["local.calibration"][0]
    assert "0.160" in found["local.instance"][0]
    assert found["local.cpu"][0].replace(" ", "") == "125%"


@pytest.mark.parametrize("language", ["en", "ko"])
def test_a_factor_that_the_user_set_is_announced_with_the_measured_one(language: str):
    value = rows(calibration.chosen(SLOW, 0.7), language)["local.calibration"][0]
    assert "0.70" in value
    assert "--cpu-factor" in value
    assert "2.00" in value


@pytest.mark.parametrize(
    ("language", "own", "shared"),
    [
        ("en", "a volume for each", "this computer's, without a limit"),
        ("ko", "인스턴스마다 볼륨 하나", "이 컴퓨터의 디스크"),
    ],
)
def test_the_report_says_whether_instances_have_disks_of_their_own(
    language: str, own: str, shared: str
):
    assert own in rows(None, language)["local.disk"][0]
    without = dataclasses.replace(SESSION, why_no_volumes="no loop devices here")
    value, _, note = rows(None, language, without)["local.disk"]
    assert shared in value
    assert "no loop devices here" in note


def test_a_region_without_calibration_is_said_to_have_none():
    found = rows(None, "en")
    assert found["local.calibration"][0] == "not calibrated: taken as 1"
    assert found["local.instance"][0] == "t4g.nano: 0.1 CPU (0.100 of this computer's), 512 MiB"


@pytest.mark.parametrize(
    ("answered", "expected"), [(["i-1"], {"i-1": 0.2}), ([], {"i-2": 0.1, "i-3": 0.15})]
)
def test_an_application_that_names_no_instance_is_measured_by_those_of_its_stack(
    answered: list[str],
    expected: dict[str, float],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
):
    used = {"i-1": 0.2, "i-2": 0.1, "i-3": 0.15, "i-of-the-other-stack": 0.1}
    monkeypatch.setattr(conditions, "cpu_cores_used", lambda *_: used)
    began = datetime(2026, 1, 1, tzinfo=UTC)
    summary: Any = SimpleNamespace(
        load_began_at=began,
        profile=SimpleNamespace(phases=[SimpleNamespace(duration_s=10)]),
        instances=[SimpleNamespace(instance=name) for name in answered],
    )
    outputs = StackOutputs.model_construct(instance_type="t4g.nano")
    found = conditions.stack_run(tmp_path, summary, outputs, lambda: {"i-2", "i-3", "i-gone"})
    assert found.cores == expected
