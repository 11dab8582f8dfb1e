# ruff: noqa: E501
"""Phases by option, and from the user's own script: what is planned, what runs, what is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from loadtest.cli import main
from loadtest.cli import run as cli_run
from loadtest.models import RunSummary
from loadtest.profiles import Phase

SCRIPT = """\
    config:
      target: http://localhost
      http: {timeout: 5}
      phases:
        - {duration: 1m, arrivalRate: 2, rampTo: 10, name: warm, maxVusers: 20}
        - {pause: 5}
        - {duration: 10, arrivalCount: 30}
      environments:
        busy:
          phases:
            - {arrivalRate: 20, rampTo: 40}
    scenarios:
      - flow:
          - get: {url: /}
    """


@pytest.fixture
def script(tmp_path: Path) -> str:
    file = tmp_path / "ours.yml"
    file.write_text(dedent(SCRIPT))
    return str(file)


@pytest.fixture
def planned(capsys: pytest.CaptureFixture[str]) -> Callable[..., dict[str, Any]]:
    def plan(*options: str) -> dict[str, Any]:
        assert main.main(["plan", "--json", *options]) == 0
        return json.loads(capsys.readouterr().out)["load"]

    return plan


def test_phases_follow_each_other_in_the_order_of_the_options(planned: Callable[..., Any]):
    load = planned("--hold", "10:5s", "--ramp", "10:20:10s", "--pause=3s", "--hold", "1m")
    assert [(one["name"], one["start_s"], one["duration_s"]) for one in load["phases"]] == [
        ("hold", 0, 5),
        ("ramp", 5, 10),
        ("pause", 15, 3),
        ("hold", 18, 60),
    ]
    # The last hold goes on at the rate that the ramp reached.
    assert [one["users"] for one in load["phases"]] == [50, 150, 0, 1_200]
    assert (load["model"], load["seconds"], load["peak_rate"]) == ("open", 78, 20)


def test_the_published_load_can_be_written_as_options(planned: Callable[..., Any]):
    load = planned("--ramp", "5:125:300s", "--hold", "60s")
    seed = planned("--profile", "seed")
    assert load | {"name": "seed"} == seed
    assert load["users"] == 27_000


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--ramp", "5:300s"), "--ramp 5:300s: from 5 to 125 arrivals a second over 300 s is `--ramp 5:125:300s`"),
        (("--ramp", "5:x:300s"), "--ramp 5:x:300s: 'x' is not a number of arrivals a second up to 100,000, such as `125`"),
        (("--ramp", "5:-1:300s"), "'-1' is not a number of arrivals a second"),
        (("--ramp", "5:nan:300s"), "'nan' is not a number of arrivals a second"),
        (("--ramp", "5:125:1.5s"), "'1.5s' is not a duration in whole seconds, such as `60s` or `5m`"),
        (("--ramp", "5:125:0s"), "'0s' is not a duration in whole seconds"),
        (("--ramp", "5:125:1s"), "a ramp lasts at least 2 s"),
        (("--ramp", "0:0.5:10s"), "a ramp reaches at least 1 arrival a second"),
        (("--hold", "60s"), "--hold 60s: no phase before it says how many arrive; write `--hold 50:60s`"),
        (("--hold", "5:125:60s"), "50 arrivals a second for 60 s are `--hold 50:60s`"),
        (("--hold", "2.5:60s"), "it needs a whole number of at least 1 arrival a second"),
        (("--hold", "50:"), "'' is not a duration in whole seconds"),
        (("--pause", "60s"), "nobody arrives: add a phase with arrivals, such as `--hold 50:60s`"),
        (("--hold", "50:90h"), "the load lasts 324,000 s; at most 86,400 s are run"),
        (("--profile", "seed", "--hold", "5:5s"), "--profile seed and --hold both describe a load: give only one of them"),
    ],
)  # fmt: skip
def test_what_cannot_be_a_phase_is_refused_with_what_to_write(
    options: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str]
):
    assert main.main(["plan", *options]) == 4
    assert said in capsys.readouterr().err


def test_a_run_gets_them(
    given: str, golden: tuple[RunSummary, RunSummary], loads: Callable[..., list[Any]]
):
    calls = loads(cli_run, golden[1])
    assert main.main(["run", "--outputs", given, "--ramp", "5:9:4s", "--hold", "2s"]) == 0
    assert calls[0].profile.phases == (Phase("ramp", 4, 5, 9), Phase("hold", 2, 9))


def test_the_scripts_own_phases_are_the_load(planned: Callable[..., Any], script: str):
    load = planned("--scenario", script)
    assert [(one["name"], one["duration_s"], one["most_at_once"]) for one in load["phases"]] == [
        ("warm", 60, 20),
        ("phase 2", 5, None),
        ("phase 3", 10, None),
    ]
    assert [one["users"] for one in load["phases"]] == [360, 0, 30]
    assert (load["model"], load["most_at_once"]) == ("closed", 20)
    assert "closed model, at most 20 at a time" in load["description"]["text"]


def test_an_environment_changes_its_phases_index_by_index(planned: Callable[..., Any], script: str):
    load = planned("--scenario", script, "--environment", "busy")
    assert [one["users"] for one in load["phases"]] == [1_800, 0, 30]


def test_an_option_replaces_the_scripts_phases(planned: Callable[..., Any], script: str):
    assert planned("--scenario", script, "--profile", "smoke")["name"] == "smoke"
    assert planned("--scenario", script, "--hold", "5:10s")["name"] == "own"


def test_a_run_of_the_script_starts_its_own_load(
    script: str, given: str, golden: tuple[RunSummary, RunSummary], loads: Callable[..., list[Any]]
):
    calls = loads(cli_run, golden[1])
    assert main.main(["run", "--outputs", given, "--scenario", script]) == 0
    assert [one.to_artillery() for one in calls[0].profile.phases] == [
        {"name": "warm", "duration": 60, "arrivalRate": 2, "rampTo": 10, "maxVusers": 20},
        {"name": "phase 2", "pause": 5},
        {"name": "phase 3", "duration": 10, "arrivalCount": 30},
    ]
    assert calls[0].choice.own_phases


def test_a_plan_names_the_closed_model(script: str, capsys: pytest.CaptureFixture[str]):
    assert main.main(["plan", "--scenario", script]) == 0
    said = capsys.readouterr().out
    assert "The load “script” (closed model)" in said
    assert "with 20 users at a time, further arrivals are skipped" in said


@pytest.mark.parametrize(
    ("phase", "said"),
    [
        ("{duration: 60, arrivalRate: 0}", "Artillery leaves out a phase with `arrivalRate: 0`: write `pause: 60`"),
        ("{duration: 60, arrivalRate: 0.5}", "`arrivalRate`: 0.5 is not a whole number, which Artillery takes in ramps only; write `arrivalCount: 30`"),
        ("{duration: 1.5, arrivalRate: 5}", "`duration`: 1.5 is not a duration of at least 1 s in whole seconds"),
        ("{arrivalRate: 5}", "`arrivalRate` needs a `duration`, such as `duration: 60`"),
        ("{duration: 1, arrivalRate: 5, rampTo: 9}", "needs a duration of at least 2 s"),
        ("{duration: 60}", "a phase needs `arrivalRate`, `rampTo`, `arrivalCount` or `pause`"),
        ("{duration: 60, arrivalRate: 5, arrivalCount: 9}", "`arrivalCount` and `arrivalRate` exclude each other"),
        ("{pause: 5, duration: 9}", "remove `duration`: the length of a pause is `pause` itself"),
        ("{duration: 60, arrivalRate: many}", "`arrivalRate`: 'many' is not a number from 0"),
        ("{duration: 60, arrivalRate: true}", "`arrivalRate`: True is not a number from 0"),
        ("{duration: 60, arrivalRate: 5, maxVusers: 0}", "`maxVusers`: 0 is not a whole number from 1"),
        ("{duration: 60, arrivalRate: 5, mode: poisson}", "arrivals of mode 'poisson' are random"),
        ("{duration: 60, arrivalrate: 5}", "unknown key `arrivalrate` in a phase; did you mean `arrivalRate`?"),
        ("{duration: '{{ $env.LENGTH }}', arrivalRate: 5}", "`duration` reads the environment variable LENGTH, which is empty: `--pass-env LENGTH` lets it in"),
        ("five", "a phase is a mapping"),
        ("{pause: 5}", "nobody arrives in any of the `phases`"),
    ],
)  # fmt: skip
def test_a_phase_that_artillery_would_not_run_as_written_is_refused_with_its_line(
    phase: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    file = tmp_path / "ours.yml"
    text = f"config:\n  http: {{timeout: 5}}\n  phases:\n    - {phase}\nscenarios:\n  - flow: [{{get: {{url: /}}}}]\n"
    file.write_text(text)
    assert main.main(["plan", "--scenario", str(file)]) == 4
    error = capsys.readouterr().err
    assert said in error
    assert f"{file}:{3 if 'nobody' in said else 4}:" in error
    # It is not run where a profile replaces it.
    assert main.main(["plan", "--scenario", str(file), "--profile", "smoke"]) == 0


def test_phases_take_the_variables_that_are_let_in(
    planned: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("LENGTH", "2m")
    file = tmp_path / "ours.yml"
    file.write_text(
        "config:\n  http: {timeout: 5}\n"
        "  phases: [{duration: '{{ $env.LENGTH }}', arrivalRate: 5}]\n"
        "scenarios:\n  - flow: [{get: {url: /}}]\n"
    )
    load = planned("--scenario", str(file), "--pass-env", "LENGTH")
    assert (load["seconds"], load["users"]) == (120, 600)


@pytest.mark.parametrize("percent", ["99.99999", "99.9999999"])
def test_a_plan_never_rounds_an_availability_to_100(
    percent: str, capsys: pytest.CaptureFixture[str]
):
    assert main.main(["plan", "--availability", percent]) == 0
    assert f"\nTo show {percent} % with 95 % confidence" in capsys.readouterr().out
