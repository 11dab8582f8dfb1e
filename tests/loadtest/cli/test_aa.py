"""The command `aa`: one stack against itself."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from loadtest.analysis import self_comparison
from loadtest.cli import main, tools
from loadtest.cli import run as cli_run
from loadtest.engine.runner import LoadTest, RunResult
from loadtest.messages.message import msg
from loadtest.models import Check, RunSummary, Validity
from loadtest.profiles import Phase, Profile
from loadtest.runs import paths
from loadtest.stack.outputs import StackOutputs

RUNS = [f"20261122T00000{n}Z-ha-quick" for n in range(1, 9)]


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
    assert "The series as a whole claims" in capsys.readouterr().out


def test_a_run_that_is_given_twice_is_no_pair(
    save: Callable[..., RunSummary], capsys: pytest.CaptureFixture[str]
):
    for number in range(1, 6):
        save(number)
    assert main.main(["aa", *RUNS[:5], RUNS[0]]) == 4
    assert f"{RUNS[0]} is given twice" in capsys.readouterr().err


def test_another_version_of_the_application_is_not_the_same_stack(
    save: Callable[..., RunSummary], base: Path, capsys: pytest.CaptureFixture[str]
):
    for number in range(1, 7):
        made = save(number)
        version = "new" if number == 6 else "old"
        named = [one.model_copy(update={"versions": [version]}) for one in made.instances]
        paths.save_summary(base / made.id, made.model_copy(update={"instances": named}))
    assert main.main(["aa", *RUNS[:6]]) == 3
    said = " ".join(capsys.readouterr().err.split())
    assert "other versions of the application answered in some of the runs" in said
    assert f"{RUNS[5]}: new" in said


@pytest.fixture
def asked(
    base: Path, save: Callable[..., RunSummary], monkeypatch: pytest.MonkeyPatch
) -> list[Profile]:
    """The profiles of the loads, which save runs instead; with INVALID set, the third is not valid."""
    asked: list[Profile] = []

    def load(outputs: StackOutputs, test: LoadTest, **_: Any) -> RunResult:
        asked.append(test.profile)
        made = save(len(asked))
        if len(asked) == 3 and "INVALID" in os.environ:
            reason = msg("check.load-model")
            broken = Check(name=reason, passed=False, detail=reason)
            made = made.model_copy(update={"validity": Validity(checks=[broken])})
            paths.save_summary(base / made.id, made)
        return RunResult(base / made.id, made)

    monkeypatch.setattr(cli_run, "run_load", load)
    monkeypatch.setattr(tools, "artillery", lambda: ["node", "artillery"])
    return asked


def test_a_stack_is_loaded_in_pairs(
    given: str, asked: list[Profile], capsys: pytest.CaptureFixture[str]
):
    assert main.main(["aa", "--outputs", given, "--ramp", "5:9:4s", "--hold", "2s", "--json"]) == 0
    assert asked == [Profile("own", (Phase("ramp", 4, 5, 9), Phase("hold", 2, 9)))] * 6
    said = json.loads(capsys.readouterr().out)
    # A B B A A B: the first side of the second pair is the run made last.
    assert said["pairs"] == [RUNS[:2], [RUNS[3], RUNS[2]], RUNS[4:6]]
    assert said["alarms"] == []


def test_a_pair_with_a_run_that_is_not_valid_is_left_out(
    given: str,
    asked: list[Profile],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
):
    monkeypatch.setenv("INVALID", "the third")
    assert main.main(["aa", "--outputs", given, "--pairs", "4", "--json"]) == 0
    found = capsys.readouterr()
    left = [RUNS[:2], RUNS[4:6], [RUNS[7], RUNS[6]]]
    assert json.loads(found.out)["pairs"] == left
    assert f"a pair is left out: {RUNS[2]}: " in found.err


def test_too_few_valid_pairs_name_the_valid_runs(
    given: str,
    asked: list[Profile],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
):
    monkeypatch.setenv("INVALID", "the third")
    assert main.main(["aa", "--outputs", given, "--json"]) == 3
    said = " ".join(capsys.readouterr().err.split())
    assert f"2 of 3 pairs are valid, 3 are needed: {RUNS[2]}: " in said
    assert "make more pairs, such as `--pairs 5`" in said
    assert f"`aa {RUNS[0]} {RUNS[1]} {RUNS[4]} {RUNS[5]} …`" in said


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (
            ["aa", RUNS[0], RUNS[1]],
            3,
            "how much runs differ here is not shown by 2; give at least 6",
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
