"""The command `aa`: one stack against itself."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from loadtest.analysis import self_comparison
from loadtest.cli import main, tools
from loadtest.cli import run as cli_run
from loadtest.engine.runner import RunResult
from loadtest.models import RunSummary
from loadtest.profiles import Profile
from loadtest.stack.outputs import StackOutputs

RUNS = [f"20261122T00000{n}Z-ha-quick" for n in range(1, 8)]


def test_saved_runs_show_scatter_and_false_alarms(
    save: Callable[..., RunSummary], capsys: pytest.CaptureFixture[str]
):
    # Within a run every value is the same, so each difference within a pair looks like a real one.
    for number, ttfb_ms in enumerate((5.0, 5.5, 5.2, 5.2, 5.4, 5.0), start=1):
        save(number, ttfb_ms=ttfb_ms)
    assert main.main(["aa", *RUNS[:6], "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["pairs"][0] == RUNS[:2]
    assert said["alarms"] == [RUNS[1], RUNS[5]]
    assert set(said["alarm_figures"]) == {"p50", "p95", "p99"}
    p99 = next(one for one in said["scatter"] if one["key"] == "p99")
    assert (p99["lowest"], p99["highest"]) == (11.0, 11.5)
    assert p99["spread"] == pytest.approx(0.033, abs=0.003)
    told = p99["detectable"]
    assert told["3"] > told["5"] > told["10"] > p99["spread"]
    assert main.main(["aa", *RUNS[:6]]) == 0
    said = capsys.readouterr().out
    assert (
        "Of 3 pairs, comparisons of one run each claimed a difference in 2; 5 % are expected."
        in said
    )
    assert "more than chance explains" in said


def test_a_stack_that_differs_from_itself_proves_nothing(
    save: Callable[..., RunSummary], capsys: pytest.CaptureFixture[str]
):
    for number, ttfb_ms in enumerate((5.0, 50.0, 5.2, 50.3, 5.1, 50.1), start=1):
        save(number, ttfb_ms=ttfb_ms)
    assert main.main(["aa", *RUNS[:6]]) == 3
    assert "Even the series claims a difference" in capsys.readouterr().out


def test_a_stack_is_loaded_in_pairs(
    given: str,
    base: Path,
    save: Callable[..., RunSummary],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
):
    made: list[RunSummary] = []

    def load(outputs: StackOutputs, _profile: Profile, **_: Any) -> RunResult:
        made.append(save(len(made) + 1))
        return RunResult(base / made[-1].id, made[-1])

    monkeypatch.setattr(cli_run, "run_load", load)
    monkeypatch.setattr(tools, "artillery", lambda: ["node", "artillery"])
    assert main.main(["aa", "--outputs", given, "--profile", "quick", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    # A B B A A B: the first side of the second pair is the run made last.
    assert said["pairs"] == [RUNS[:2], [RUNS[3], RUNS[2]], RUNS[4:6]]
    assert said["alarms"] == []


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (
            ["aa", RUNS[0], RUNS[1]],
            3,
            "2 runs do not show how much runs differ here; give at least 6",
        ),
        (["aa", "--pairs", "2", "--stack", "ha"], 4, "--pairs"),
        (["aa"], 4, "name the stack"),
        (["aa", RUNS[0], "--stack", "ha"], 4, "not both"),
    ],
)
def test_too_little_is_told_before_any_load(
    arguments: list[str],
    code: int,
    said: str,
    save: Callable[..., RunSummary],
    capsys: pytest.CaptureFixture[str],
):
    save(1)
    save(2)
    assert main.main(arguments) == code
    assert said in capsys.readouterr().err


def test_more_pairs_tell_smaller_differences_and_one_none():
    told = [self_comparison.detectable(0.1, pairs) for pairs in (2, 3, 5, 10)]
    assert all(told)
    assert told == sorted(told, key=lambda one: -(one or 0))
    assert self_comparison.detectable(0.1, 1) is None
    assert self_comparison.detectable(0.0, 5) == 0
