"""The command `gate`: its exit codes, and what it prints."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from loadtest.analysis.measurements import Measurements
from loadtest.analysis.summary import summarise
from loadtest.cli import main
from loadtest.messages.message import msg
from loadtest.messages.names import free_text
from loadtest.models import Check, RunSummary, Validity
from loadtest.profiles import PROFILES
from loadtest.runs import paths
from loadtest.runs.recording import Exchange
from loadtest.stack.outputs import StackOutputs

QUICK = PROFILES["quick"]


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "slo.yml"
    path.write_text(text)
    return path


@pytest.fixture
def save(
    base: Path,
    make_users: Callable[..., list[Exchange]],
    make_measurements: Callable[..., Measurements],
    make_outputs: Callable[..., StackOutputs],
    make_saved: Callable[..., Path],
) -> Callable[..., RunSummary]:
    def save_one(**users: Any) -> RunSummary:
        exchanges = make_users(QUICK, **users)
        summary = summarise(make_measurements(exchanges, QUICK))
        make_saved(base, summary, exchanges, make_outputs())
        return summary

    return save_one


@pytest.mark.parametrize(
    ("run", "text", "code"),
    [
        ({}, None, 0),
        ({"ttfb_ms": 90.0}, None, 2),
        ({"ttfb_ms": 90.0}, "latency_ms: {p99: 100}", 0),
        ({"index_timeouts": 3}, None, 2),
        ({"index_timeouts": 3}, "timeouts: 3", 0),
        ({}, "availability_percent: 99.99\nconfidence_percent: 95", 3),
        ({}, "applies_to: [single]\ntimeouts: 0", 4),
        ({}, "timeouts: many", 4),
    ],
)
def test_the_gates_exit_codes(
    save: Callable[..., RunSummary],
    tmp_path: Path,
    run: dict[str, Any],
    text: str | None,
    code: int,
):
    save(**run)
    options = ["--slo", str(write(tmp_path, text))] if text else []
    assert main.main(["gate", *options]) == code


def test_a_gate_without_a_run_exits_with_4(capsys: pytest.CaptureFixture[str]):
    assert main.main(["gate"]) == 4
    assert "no finished run of 'ha'" in capsys.readouterr().err


def test_the_gate_shows_every_objective(
    save: Callable[..., RunSummary], capsys: pytest.CaptureFixture[str]
):
    save(index_timeouts=3)
    assert main.main(["gate"]) == 2
    lines = [line.split("  ") for line in capsys.readouterr().out.splitlines()]
    shown = {line[0]: [cell.strip() for cell in line if cell.strip()][1:] for line in lines}
    assert shown["timeouts"] == ["at most 0", "3", "broken"]
    assert shown["5xx"] == ["at most 0", "0", "kept"]
    assert main.main(["gate", "--json"]) == 2
    said = json.loads(capsys.readouterr().out)
    assert (said["exit_code"], said["verdict"]["outcome"]) == (2, "broken")
    assert [o["name"]["text"] for o in said["objectives"] if o["kept"] is False] == [
        "failed users",
        "timeouts",
    ]


def test_the_environment_names_the_slo(
    save: Callable[..., RunSummary], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    save(index_timeouts=3)
    monkeypatch.setenv("LOADTEST_SLO", str(write(tmp_path, "timeouts: 3")))
    assert main.main(["gate"]) == 0


def test_a_run_saved_without_intervals_is_judged_from_its_requests(
    save: Callable[..., RunSummary], base: Path
):
    save()
    (file,) = base.glob("*-ha-quick/run.json")
    raw = json.loads(file.read_text())
    for latency in (raw["latency"], *(one["latency"] for one in raw["endpoints"])):
        del latency["intervals"]
    file.write_text(json.dumps(raw))
    assert main.main(["gate"]) == 0
    # Without its requests nothing shows how sure its p99 is.
    next(file.parent.glob("requests.ndjson.gz")).unlink()
    assert main.main(["gate"]) == 3


def test_a_busy_computer_is_no_broken_promise_for_the_gate(
    save: Callable[..., RunSummary], base: Path, capsys: pytest.CaptureFixture[str]
):
    """Even where the run's own figures would break it, and also for other objectives."""
    summary = save(ttfb_ms=90.0)
    busy = Check(name=msg("check.host-cpu"), passed=False, detail=free_text("busy"))
    checks = [*summary.validity.checks, busy]
    changed = summary.model_copy(update={"validity": Validity(checks=checks)})
    paths.save_summary(base / summary.id, changed)
    assert main.main(["gate", "latest-ha"]) == 3
    assert "CPU of the computer: busy" in capsys.readouterr().out


def test_the_gate_repeats_why_the_promise_was_broken(
    save: Callable[..., RunSummary], base: Path, capsys: pytest.CaptureFixture[str]
):
    summary = save(ttfb_ms=90.0)
    reasons = [*summary.verdict.reasons, msg("capacity.all", n=6)]
    verdict = summary.verdict.model_copy(update={"reasons": reasons})
    paths.save_summary(base / summary.id, summary.model_copy(update={"verdict": verdict}))
    assert main.main(["gate", "latest-ha"]) == 2
    assert "all 6 instances used all of their CPU" in capsys.readouterr().out
