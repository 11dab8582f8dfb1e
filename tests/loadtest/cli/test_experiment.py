"""The commands `experiment` and `recover-faults`: what they print, ask and return."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml

from loadtest.cli import experiment, main, tools
from loadtest.experiments import files, runner
from loadtest.experiments.execution import Result
from loadtest.experiments.models import Action, Allowed, ExperimentRecord, Target
from loadtest.experiments.session import Planned
from loadtest.experiments.undo import FaultJournal, Header, WayBack
from loadtest.messages.message import msg
from tests.loadtest.experiments.test_judgement import UNHARMED

LOCAL = "http://127.0.0.1:4566"


def record(**changed: Any) -> ExperimentRecord:
    values: dict[str, Any] = {
        "experiment": "instance-dies",
        "title": "t",
        "because": ["asg-multi-az"],
        "stack": "ha",
        "topology": "ha",
        "run": "r",
        "started_ms": 1,
        "finished_ms": 9,
        "fault_began_ms": 2,
        "fault_ended_ms": 3,
        "targets": [],
        "actions": [],
        "before": None,
        "during": [],
        "after": None,
        "recovered_ms": None,
        "allowed": Allowed(),
        "recovery_s": 60,
        "impact": None,
        "host_valid": True,
        "host_reasons": [],
        "outcome": "survived",
        "reasons": [msg("experiment.survived", n=0)],
        "reverted": [],
        "engine": "e",
    }
    return ExperimentRecord(**{**values, **changed})


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> list[ExperimentRecord]:
    """What the next experiment leaves; every run takes it away."""
    found = [record()]

    def run(*_: Any) -> Result:
        return Result(Path("results/r"), found.pop(), interrupted=False)

    target = Target(kind="instance", id="i-1")
    planned = Planned("terminate i-1", (target,), ("i-1 runs",), "nothing")
    monkeypatch.setattr(runner, "run", run)
    monkeypatch.setattr(runner, "plan", lambda *_: [planned])
    monkeypatch.setattr(runner, "account", lambda _: "123456789012")
    monkeypatch.setattr(tools, "artillery", lambda: ["node", "artillery"])
    monkeypatch.setenv("AWS_ENDPOINT_URL", LOCAL)
    return found


def run(given: str, *options: str) -> int:
    return main.main(["experiment", "run", "instance-dies", "--outputs", given, *options])


def test_list_and_show_say_what_there_is(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.main(["experiment", "list"]) == 0
    assert "zone-lost-silent" in capsys.readouterr().out
    assert main.main(["experiment", "show", "instance-dies"]) == 0
    shown = capsys.readouterr().out
    assert "asg-multi-az" in shown
    assert "back within 240 s" in shown


@pytest.mark.parametrize(
    ("outcome", "code"), [("survived", 0), ("not survived", 2), ("not shown", 3)]
)
def test_the_exit_code_is_the_outcome(
    runs: list[ExperimentRecord], given: str, outcome: Any, code: int
) -> None:
    runs[:] = [record(outcome=outcome)]
    assert run(given) == code


def test_a_dry_run_tells_what_would_happen_and_does_nothing(
    runs: list[ExperimentRecord], given: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(given, "--dry-run") == 0
    printed = capsys.readouterr().out
    assert "would terminate i-1" in printed
    assert "put back: i-1 runs" in printed
    assert len(runs) == 1


def test_what_else_ends_it_is_told_and_handed_on(
    runs: list[ExperimentRecord],
    given: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    handed_on: list[Any] = []

    def planned(*arguments: Any) -> list[Planned]:
        handed_on.append(arguments[-1])
        return []

    monkeypatch.setattr(runner, "plan", planned)
    alarms = ("--stop-alarm", "checkout", "--stop-alarm", "budget")
    assert run(given, "--dry-run", *alarms) == 0
    assert "ends at once if the alarm checkout goes off" in capsys.readouterr().out
    ended = Result(Path("results/r"), runs[0], interrupted=False)
    monkeypatch.setattr(runner, "run", lambda *given: handed_on.append(given[2]) or ended)
    assert run(given, *alarms) == 0
    assert handed_on[0] == handed_on[1].stop_alarms == ("checkout", "budget")


@pytest.mark.parametrize("lost", [0, 1])
def test_of_what_is_repeated_it_is_said_how_often_it_was_survived(
    runs: list[ExperimentRecord],
    given: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    lost: int,
) -> None:
    asked: list[str] = []
    harm = UNHARMED.model_copy(update={"requests": 1500})
    harmed = harm.model_copy(update={"failed": 4})

    def run_all(experiments: Any, *_: Any) -> list[Result]:
        asked.extend(one.name for one in experiments)
        good = [record(impact=harm)] * (len(asked) - lost)
        found = [*good, *[record(impact=harmed, outcome="not survived")] * lost]
        return [Result(Path("results/r"), one, interrupted=False) for one in found]

    monkeypatch.setattr(runner, "run_all", run_all)
    assert run(given, "--repeat", "3") == (2 if lost else 0)
    assert asked == ["instance-dies"] * 3
    said = f"{3 - lost} of 3 survived; {4 * lost} of 4,500 requests failed."
    assert f"instance-dies (ha): {said}" in capsys.readouterr().out
    # Once is not a repetition.
    assert run(given) == 0
    assert "1 of 1" not in capsys.readouterr().out


def test_a_dry_run_says_how_often_it_would_happen(
    runs: list[ExperimentRecord], given: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(given, "--dry-run", "--repeat", "10") == 0
    assert "all of that 10 times" in capsys.readouterr().out


def test_a_way_back_of_the_file_that_failed_is_told(
    runs: list[ExperimentRecord], given: str, capsys: pytest.CaptureFixture[str]
) -> None:
    failed = Action(
        name="undo", began_ms=1, ended_ms=2, succeeded=False, error="it ended with 1", rollback=True
    )
    runs[:] = [record(actions=[failed])]
    run(given)
    assert (
        "the way back 'undo' failed: it ended with 1; see to it by hand" in capsys.readouterr().out
    )


def test_what_a_function_of_theirs_prints_is_no_part_of_the_document(
    runs: list[ExperimentRecord],
    given: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    ended = Result(Path("results/r"), runs[0], interrupted=False)

    def chatty(*_: Any) -> Result:
        print("theirs")
        return ended

    monkeypatch.setattr(runner, "run", chatty)
    assert run(given, "--json") == 0
    printed = capsys.readouterr()
    assert json.loads(printed.out)["experiment"] == "instance-dies"
    assert "theirs" in printed.err


def test_a_policy_that_this_pack_does_not_have_is_told(
    runs: list[ExperimentRecord], given: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    raw = files.find("instance-dies").raw
    raw["extensions"][0]["because"] = ["our-own-rule-17", "asg-multi-az"]
    path = tmp_path / "ours.yaml"
    path.write_text(yaml.safe_dump(raw))
    assert main.main(["experiment", "run", str(path), "--outputs", given]) == 0
    assert "`because` names our-own-rule-17, which this policy pack" in capsys.readouterr().err
    assert runs == []


@pytest.fixture
def on_aws(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)


@pytest.mark.parametrize("answer", [False, True])
def test_on_aws_nothing_is_done_unless_confirmed(
    runs: list[ExperimentRecord],
    on_aws: None,
    given: str,
    monkeypatch: pytest.MonkeyPatch,
    answer: bool,
) -> None:
    monkeypatch.setattr(typer, "confirm", lambda *_, **__: answer)
    assert run(given) == (0 if answer else 4)
    assert len(runs) == (0 if answer else 1)


def test_on_aws_the_price_is_told_also_where_it_is_confirmed_in_advance(
    runs: list[ExperimentRecord], on_aws: None, given: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(given, "--yes") == 0
    assert runs == []
    printed = capsys.readouterr().out
    assert "costs on AWS" in printed
    assert "AWS account 123456789012, ap-northeast-2" in printed


def test_on_this_computer_it_does_not_ask(
    runs: list[ExperimentRecord], given: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ask(*_: Any, **__: Any) -> bool:
        raise AssertionError

    monkeypatch.setattr(experiment.typer, "confirm", ask)
    assert run(given) == 0


def test_what_is_left_is_said_with_the_command_that_tries_again(
    runs: list[ExperimentRecord], given: str, capsys: pytest.CaptureFixture[str]
) -> None:
    runs[:] = [record(left=["not put back: x"])]
    run(given)
    assert "recover-faults" in capsys.readouterr().out


def test_recover_faults_has_nothing_to_do_without_journals(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main.main(["recover-faults"]) == 0
    assert "no experiment has left anything" in capsys.readouterr().out


def test_recover_faults_leaves_an_experiment_under_way_alone(
    base: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    header = Header("one", 1, "ap-northeast-2", LOCAL, "instance-dies")
    journal = FaultJournal.create(base / "faults", header)
    journal.note(WayBack("start-instances", {"instances": ["i-1"]}, "i-1 runs"))
    assert main.main(["recover-faults"]) == 4
    assert "still under way" in capsys.readouterr().out
    assert len(journal.to_put_back) == 1
