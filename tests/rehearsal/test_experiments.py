"""Experiments in a rehearsal: which, in which order, and how each ends."""

from __future__ import annotations

import json
import sys
import time
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from rich.console import Console

from commandline.exit_codes import ExitCode
from loadtest.errors import LoadTestError
from loadtest.experiments import engine, files, models
from loadtest.experiments.models import ExperimentRecord
from loadtest.experiments.proof.models import Entry, Proof, sentence, verdict
from loadtest.scenario.scenario import Choice
from loadtest.stack.outputs import StackOutputs
from rehearsal import display, experiment_files, experiments, first_proof, settling
from rehearsal.experiments import Applicable, Runner, not_begun
from rehearsal.processes import Processes

RAW = {
    "url": "http://127.0.0.1", "healthPath": "/health", "region": "ap-northeast-2",
    "instanceType": "t4g.nano", "instanceCount": 2, "availabilityZones": ["a"],
    "databaseClass": "db", "codedeployApplication": "app", "codedeployDeploymentGroup": "group",
    "revisionBucket": "b", "revisionKey": "k", "revisionDigest": "ab" * 32, "seedUsers": 1,
    "loadProfile": "none", "autoScalingGroupName": "fleet", "targetGroupArn": "arn",
}  # fmt: skip
DIES = files.find("instance-dies")


@pytest.mark.parametrize("awaits", [True, False])
@pytest.mark.parametrize("name", first_proof.EXPERIMENTS)
def test_the_first_proof_is_short_and_of_the_library(name: str, tmp_path: Path, *, awaits: bool):
    original = files.find(name)
    found = files.read(first_proof.write(original, tmp_path, awaits_replacement=awaits))
    engine.check(found)
    assert (found.name, found.because) == (original.name, original.because)
    assert found.hypothesis.awaits_replacement == awaits
    assert original.hypothesis.awaits_replacement
    assert found.hypothesis.allowed.window_s <= first_proof.LOOK_S
    probes = [one["provider"]["func"] for one in found.raw["steady-state-hypothesis"]["probes"]]
    assert probes == ["health_answers", "failed_share", *(["missing_instances"] if awaits else [])]
    assert (
        found.raw["method"][0]["provider"]["func"] == original.raw["method"][0]["provider"]["func"]
    )
    for step in found.raw["method"]:
        assert step["provider"]["arguments"].get("seconds", 0) <= first_proof.LOOK_S


def test_an_unknown_experiment_is_refused_before_anything_is_built():
    with pytest.raises(LoadTestError, match="there is no experiment 'nothing'; choose of"):
        experiments.require(["nothing"])


def record(**changed: Any) -> ExperimentRecord:
    made = not_begun(Applicable(DIES, "ha"), "run-1", (0.0, 1.0), "no reason")
    return made.model_copy(update=changed)


@pytest.mark.parametrize(
    ("changed", "ending"),
    [
        ({"outcome": "survived"}, experiments.ENDINGS["survived"]),
        ({"outcome": "not survived"}, experiments.ENDINGS["not survived"]),
        ({"outcome": "not survived", "topology": "single"}, experiments.CONTRAST),
        ({"outcome": "not survived", "contrast": True}, experiments.CONTRAST),
        ({"outcome": "not shown", "topology": "single"}, experiments.ENDINGS["not shown"]),
    ],
)
def test_how_a_line_ends(changed: dict[str, Any], ending: display.Ending):
    assert experiments.ending(record(**changed)) == ending


def proof_of(*outcomes: Any) -> Proof:
    entries = [Entry(record=record(outcome=outcome)) for outcome in outcomes]
    return Proof(
        generated_at="2026-11-26T14:00:00+00:00",
        outcome=verdict(entries),
        sentence=sentence(entries),
        entries=entries,
    )


@pytest.mark.parametrize(
    ("of_loads", "proof", "code"),
    [
        (0, None, ExitCode.SUCCESS),
        (0, proof_of("survived", "survived"), ExitCode.SUCCESS),
        (0, proof_of("survived", "not survived"), ExitCode.BROKEN_PROMISE),
        (0, proof_of("survived", "not shown"), ExitCode.NO_VERDICT),
        (2, proof_of("not shown"), ExitCode.BROKEN_PROMISE),
        (3, proof_of("survived"), ExitCode.NO_VERDICT),
        (3, proof_of("not survived"), ExitCode.BROKEN_PROMISE),
    ],
)
def test_the_exit_code_of_loads_and_proof(of_loads: int, proof: Proof | None, code: int):
    assert first_proof.exit_code(of_loads, proof) == code


@pytest.fixture
def whole(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stacks that miss nothing."""
    monkeypatch.setattr(experiments, "RegionClients", lambda _: None)
    monkeypatch.setattr(experiments.settling, "wait", lambda *_: True)


SIZE = str(RAW["instanceCount"])


class Stacks:
    """A project whose experiments are a Python program."""

    def __init__(self, root: Path, program: str) -> None:
        self.root, self._program, self._processes = root, program, Processes()
        self.processes = self
        self.commands: list[list[str]] = []
        self.session = SimpleNamespace(speed=4.0)

    @contextmanager
    def started(self, command: list[str], **more: Any) -> Any:
        self.commands.append(command)
        with self._processes.started([sys.executable, "-c", self._program], **more) as process:
            yield process

    def environment(self) -> dict[str, str]:
        return {}

    def outputs(self, stack: str) -> dict[str, Any]:
        return {**RAW, "topology": stack}


def progress() -> display.StageProgress:
    return display.StageProgress(Console(quiet=True))


@pytest.mark.usefixtures("whole")
def test_an_experiment_that_cannot_be_begun_is_not_shown_and_says_why(tmp_path: Path):
    stacks: Any = Stacks(tmp_path, "print('Error: the stack has no tags'); raise SystemExit(4)")
    shown = progress()
    (directory,) = Runner(stacks, tmp_path / "results").run([Applicable(DIES, "ha")], shown)
    found = models.load(directory)
    assert found is not None
    assert (found.experiment, found.outcome) == ("instance-dies", "not shown")
    assert "the stack has no tags" in str(found.reasons[0])
    assert shown.ending == experiments.ENDINGS["not shown"]
    assert stacks.commands[0][3:6] == [
        "experiment", "run", str(tmp_path / "experiments" / "instance-dies.yaml"),
    ]  # fmt: skip
    assert json.loads((tmp_path / "outputs-ha.json").read_text()) == {**RAW, "topology": "ha"}


@pytest.mark.usefixtures("whole")
def test_the_record_that_an_experiment_leaves_is_found(tmp_path: Path):
    results = tmp_path / "results"
    (results / "run-1").mkdir(parents=True)
    # Written before the experiment: of another time.
    models.save(results / "run-1", record(started_ms=0.0))
    (results / "run-2").mkdir()
    later = record(started_ms=9e15, outcome="survived")
    program = (
        "import pathlib; "
        f"pathlib.Path({str(results / 'run-2' / models.FILE)!r}).write_text("
        f"{later.model_dump_json()!r})"
    )
    stacks: Any = Stacks(tmp_path, program)
    shown = progress()
    (directory,) = Runner(stacks, results, rate=40).run([Applicable(DIES, "ha")], shown)
    assert directory == results / "run-2"
    assert shown.ending == experiments.ENDINGS["survived"]
    assert stacks.commands[0][-2:] == ["--rate", "40"]


@pytest.mark.usefixtures("whole")
@pytest.mark.parametrize(
    ("outcome", "ending"), [("survived", "survived"), ("not survived", "not survived")]
)
def test_experiments_under_one_load_are_one_command_and_end_as_the_worst(
    tmp_path: Path, outcome: Any, ending: str
):
    results = tmp_path / "results"
    hangs = files.find("instance-hangs")
    left = {"a": record(started_ms=9e15, outcome="survived")}
    left["b"] = left["a"].model_copy(update={"experiment": hangs.name, "outcome": outcome})
    for name in left:
        (results / name).mkdir(parents=True)
    program = "import pathlib\n" + "\n".join(
        f"pathlib.Path({str(results / name / models.FILE)!r}).write_text({one.model_dump_json()!r})"
        for name, one in left.items()
    )
    stacks: Any = Stacks(tmp_path, program)
    shown = progress()
    wanted = [Applicable(DIES, "ha"), Applicable(hangs, "ha")]
    runner = Runner(stacks, results, 40, Choice("api", "staging", frozenset({"TOKEN"})))
    found = runner.run_files(wanted, [Path("a.yaml"), Path("b.yaml")], shown)
    assert found == [results / "a", results / "b"]
    assert stacks.commands[0][3:] == [
        "experiment", "run", "a.yaml", "b.yaml",
        "--outputs", str(tmp_path / "outputs-ha.json"), "--instances", SIZE,
        "--rate", "40", "--scenario", "api", "--environment", "staging", "--pass-env", "TOKEN",
    ]  # fmt: skip
    assert shown.ending.note == ending


@pytest.mark.usefixtures("whole")
def test_each_run_of_the_same_experiment_has_the_record_that_it_left(tmp_path: Path):
    results = tmp_path / "results"
    left = {
        name: record(started_ms=at_ms, outcome=outcome)
        # Not in the order of their names.
        for name, at_ms, outcome in (("b", 1.0, "not survived"), ("a", 2.0, "survived"))
    }
    for name in left:
        (results / name).mkdir(parents=True)
    program = "import pathlib\n" + "\n".join(
        f"pathlib.Path({str(results / name / models.FILE)!r}).write_text({one.model_dump_json()!r})"
        for name, one in left.items()
    )
    stacks: Any = Stacks(tmp_path, program)
    shown = progress()
    found = Runner(stacks, results).run([Applicable(DIES, "ha")] * 3, shown)
    assert found[:2] == [results / "b", results / "a"]
    never = models.load(found[2])
    assert never is not None
    assert (never.experiment, never.outcome) == ("instance-dies", "not shown")
    assert shown.ending.note == "not survived"


@pytest.mark.usefixtures("whole")
def test_the_first_proof_needs_no_engine_that_knows_the_outputs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """The engine has none of a stack whose load broke its promise: its hook failed."""
    run = tmp_path / "results" / "run"
    run.mkdir(parents=True)
    (run / "outputs.json").write_text(json.dumps({**RAW, "topology": "ha"}))
    stacks: Any = Stacks(tmp_path, "raise SystemExit(4)")
    monkeypatch.setattr(Stacks, "outputs", lambda *_: {})
    with display.Board(Console(quiet=True)) as board:
        proof = first_proof.prove(stacks, run, board, 125)
    assert [one.record.experiment for one in proof.entries] == list(first_proof.EXPERIMENTS)
    assert proof.outcome == "not shown"
    assert stacks.commands[0][-6:] == [
        "--outputs", str(run / "outputs.json"), "--instances", SIZE, "--rate", "125"
    ]  # fmt: skip


class Fleet:
    """A group of two whose targets are healthy from the given round on, except in one later."""

    def __init__(self, healthy_from: int, lost_in: int | None = None) -> None:
        self.round, self._from, self._lost = 0, healthy_from, lost_in

    def __getitem__(self, service: str) -> Fleet:
        return self

    def describe_auto_scaling_groups(self, **_: Any) -> Any:
        members = [{"InstanceId": f"i-{n}", "LifecycleState": "InService"} for n in range(2)]
        return {"AutoScalingGroups": [{"DesiredCapacity": 2, "Instances": members}]}

    def describe_target_health(self, **_: Any) -> Any:
        self.round += 1
        well = self.round >= self._from and self.round != self._lost
        states = ["healthy", "healthy" if well else "unhealthy"]
        return {
            "TargetHealthDescriptions": [
                {"Target": {"Id": f"i-{n}"}, "TargetHealth": {"State": state}}
                for n, state in enumerate(states)
            ]
        }


@pytest.mark.parametrize(
    ("fleet", "rounds"),
    [(Fleet(1), 3), (Fleet(4), 6), (Fleet(1, lost_in=2), 5)],
    ids=["whole", "later", "flapping"],
)
def test_a_stack_is_whole_after_three_rounds_without_a_fault(fleet: Fleet, rounds: int):
    outputs = StackOutputs.model_validate({**RAW, "topology": "ha"})
    told: list[str] = []
    assert settling.wait(outputs, fleet, told.append, poll_s=0)
    assert fleet.round == rounds
    assert len(told) == rounds - 1


class Alarms:
    """An alarm that stops deployments, active for some rounds."""

    def __init__(self, rounds: int) -> None:
        self.left = rounds

    def __getitem__(self, service: str) -> Alarms:
        del service
        return self

    def get_deployment_group(self, **_: Any) -> Any:
        settings = {"enabled": True, "alarms": [{"name": "slow"}]}
        return {"deploymentGroupInfo": {"alarmConfiguration": settings}}

    def describe_alarms(self, **asked: Any) -> Any:
        assert asked == {"AlarmNames": ["slow"], "StateValue": "ALARM"}
        self.left -= 1
        return {"MetricAlarms": [{"AlarmName": "slow"}] if self.left >= 0 else []}


@pytest.mark.parametrize(
    ("rounds", "longest_s", "calm"), [(0, 9, True), (2, 9, True), (9, 0, False)]
)
def test_a_deployment_waits_for_the_alarm_of_what_came_before(
    rounds: int, longest_s: float, calm: bool
):
    outputs = StackOutputs.model_validate({**RAW, "topology": "ha"})
    told: list[str] = []
    found = settling.until_no_alarm(outputs, Alarms(rounds), told.append, longest_s, 0)
    assert found == calm
    assert len(told) == (rounds if calm else 0)


class Launched:
    """A fleet whose instances were launched so many seconds ago."""

    def __init__(self, *ages_s: float) -> None:
        now = datetime.now(UTC)
        self._launched = [now - timedelta(seconds=age) for age in ages_s]

    def __getitem__(self, service: str) -> Launched:
        del service
        return self

    def describe_auto_scaling_groups(self, **_: Any) -> Any:
        members = [{"InstanceId": f"i-{number}"} for number in range(len(self._launched))]
        return {"AutoScalingGroups": [{"Instances": members, "HealthCheckGracePeriod": 600}]}

    def describe_instances(self, **_: Any) -> Any:
        return {"Reservations": [{"Instances": [{"LaunchTime": at} for at in self._launched]}]}


@pytest.mark.parametrize(("oldest", "waits"), [(None, True), (1, False), (2, False), (3, True)])
def test_the_grace_period_of_those_that_are_hit_is_waited_for(
    oldest: int | None, monkeypatch: pytest.MonkeyPatch, *, waits: bool
):
    outputs = StackOutputs.model_validate({**RAW, "topology": "ha"})
    told: list[str] = []
    # The first wait is long enough for everybody's grace period.
    clock = [time.time(), time.time() + 1_000]
    waiting: Any = SimpleNamespace(
        time=lambda: clock[0], monotonic=lambda: clock[0], sleep=lambda _: clock.pop(0)
    )
    monkeypatch.setattr(settling, "time", waiting)
    settling.outlast_grace(outputs, Launched(5, 175, 400), 4.0, told.append, oldest)
    assert bool(told) == waits


def test_a_clock_that_is_set_back_prolongs_no_wait_for_a_grace_period(
    monkeypatch: pytest.MonkeyPatch,
):
    outputs = StackOutputs.model_validate({**RAW, "topology": "ha"})
    told: list[str] = []
    clock = {"wall": time.time() - 3600, "ticks": 0.0}

    def sleep(seconds: float) -> None:
        clock["ticks"] += seconds
        clock["wall"] -= 100

    waiting: Any = SimpleNamespace(
        time=lambda: clock["wall"], monotonic=lambda: clock["ticks"], sleep=sleep
    )
    monkeypatch.setattr(settling, "time", waiting)
    settling.outlast_grace(outputs, Launched(5), 4.0, told.append, None)
    assert clock["ticks"] == pytest.approx(settling.IN_SERVICE_S + 150)


@pytest.mark.parametrize(
    ("name", "hit"),
    [
        ("instance-hangs", 1),
        ("instance-errors", 1),
        ("database-cut", None),
        ("fleet-starves", None),
    ],
)
def test_an_experiment_says_how_many_instances_must_be_out_of_grace(name: str, hit: int | None):
    assert Applicable(files.find(name), "ha").instances_hit == hit


def test_what_never_is_whole_is_not_waited_for_for_ever():
    outputs = StackOutputs.model_validate({**RAW, "topology": "ha"})
    assert not settling.wait(outputs, Fleet(10**9), lambda _: None, longest_s=0, poll_s=0)


@pytest.mark.parametrize(
    ("seconds", "speed", "least", "found"),
    [(120, 4, 10, 30), (20, 4, 10, 10), (5, 4, 10, 5), (120, 1, 10, 120), (60, 0.5, 10, 120)],
)
def test_a_fault_is_shorter_where_aws_s_periods_are(
    seconds: float, speed: float, least: float, found: float
):
    # Slower than AWS, nothing gets longer.
    assert experiment_files.shorter(seconds, speed, least) == min(found, seconds)


def test_what_is_an_instance_s_own_work_gets_its_time_at_any_speed():
    raw = files.find("instance-out-of-memory").raw
    for speed in (1.0, 4.0):
        fault, _ = experiment_files.scaled(raw, speed)["method"]
        assert fault["provider"]["arguments"]["seconds"] == 60


@pytest.mark.parametrize("name", files.names())
def test_every_experiment_of_the_library_can_be_read_at_any_speed(name: str, tmp_path: Path):
    experiment = files.find(name)
    read = files.read(experiment_files.write(experiment, 4.0, tmp_path))
    assert (read.name, read.title, read.because) == (name, experiment.title, experiment.because)
    assert read.hypothesis.recovery_s <= experiment.hypothesis.recovery_s
    assert files.read(experiment_files.write(experiment, 1.0, tmp_path)).raw == experiment.raw


@pytest.mark.parametrize(
    ("block", "speed", "found"),
    [
        ({"recovery_s": 240}, 4, 60),
        ({"recovery_s": 480}, 4, 120),
        # Only what AWS waits is shorter: boots and deployments are as long as they are.
        ({"recovery_s": 240, "waits_s": 80}, 4, 180),
        ({"recovery_s": 240, "waits_s": 80}, 1, 240),
        ({"recovery_s": 45, "waits_s": 45}, 4, 45),
    ],
)
def test_of_a_target_time_only_the_waits_are_shorter(
    block: dict[str, float], speed: float, found: float
):
    raw = experiment_files.scaled({"extensions": [{"name": "haproof", **block}]}, speed)
    assert raw["extensions"][0]["recovery_s"] == found


def test_a_fault_of_a_quarter_is_looked_at_for_a_quarter_but_long_enough_to_show():
    raw = files.find("zone-lost-no-capacity").raw
    looks = [
        activity["provider"]["arguments"]["at_least_s"]
        for experiment in (raw, experiment_files.scaled(raw, 4), experiment_files.scaled(raw, 40))
        for activity in experiment["method"]
        if activity["type"] == "probe"
    ]
    assert looks == [135, 33.75, 15]


@pytest.mark.parametrize(
    ("name", "seconds"),
    # What FIS ends, it ends sooner in a faster region: two minutes of no capacity, one of a lost zone.
    [("zone-lost-no-capacity", [120, 60]), ("zone-lost-refused", [15]), ("database-cut", [10])],
)
def test_what_fis_times_is_not_shortened_twice(name: str, seconds: list[float]):
    raw = experiment_files.scaled(files.find(name).raw, 4)
    arguments = [one["provider"].get("arguments", {}) for one in raw["method"]]
    assert [one["seconds"] for one in arguments if "seconds" in one] == seconds
