"""Experiments in a rehearsal: which, in which order, and how each ends."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from rich.console import Console

from commandline.exit_codes import ExitCode
from loadtest.errors import LoadTestError
from loadtest.experiments import files, models
from loadtest.experiments.models import ExperimentRecord
from loadtest.experiments.proof.models import Entry, Proof, sentence, verdict
from rehearsal import display, experiment_files, experiments, first_proof, prove
from rehearsal.experiments import FIRST_PROOF, Applicable, Runner, applicable, not_begun
from rehearsal.processes import Processes

DIES = files.find("instance-dies")


def test_the_first_proof_is_of_the_library():
    experiments.require(FIRST_PROOF)
    assert [one.experiment.name for one in applicable(["ha"], FIRST_PROOF)] == list(FIRST_PROOF)


def test_an_unknown_experiment_is_refused_before_anything_is_built():
    with pytest.raises(LoadTestError, match="there is no experiment 'nothing'; choose of"):
        experiments.require(["nothing"])


def test_all_of_the_library_comes_first_on_the_ha_stack_then_for_contrast():
    found = applicable(["single", "ha"])
    on_ha = [one for one in found if one.stack == "ha"]
    assert found[: len(on_ha)] == on_ha
    assert {one.experiment.name for one in on_ha} == {
        name for name in files.names() if "ha" in files.find(name).hypothesis.applies_to
    }
    assert any(one.stack == "single" for one in found)


def test_what_takes_the_single_instance_away_comes_last():
    on_single = [one.experiment.hypothesis.dies for one in applicable(["single"])]
    assert on_single == sorted(on_single)
    assert on_single[-1]


def record(**changed: Any) -> ExperimentRecord:
    made = not_begun(Applicable(DIES, "ha"), "run-1", 0.0, "no reason")
    return made.model_copy(update=changed)


@pytest.mark.parametrize(
    ("changed", "ending"),
    [
        ({"outcome": "survived"}, experiments.ENDINGS["survived"]),
        ({"outcome": "not survived"}, experiments.ENDINGS["not survived"]),
        ({"outcome": "not survived", "topology": "single"}, experiments.CONTRAST),
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
        (0, proof_of("survived", "not shown"), ExitCode.SUCCESS),
        (2, proof_of("survived"), ExitCode.BROKEN_PROMISE),
        (3, proof_of("not survived"), ExitCode.NO_VERDICT),
    ],
)
def test_the_exit_code_of_loads_and_proof(of_loads: int, proof: Proof | None, code: int):
    assert first_proof.exit_code(of_loads, proof) == code


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
        return {"topology": stack}


def progress() -> display.StageProgress:
    return display.StageProgress(Console(quiet=True))


def test_an_experiment_that_cannot_be_begun_is_not_shown_and_says_why(tmp_path: Path):
    stacks: Any = Stacks(tmp_path, "print('Error: the stack has no tags'); raise SystemExit(4)")
    shown = progress()
    directory = Runner(stacks, tmp_path / "results").run(Applicable(DIES, "ha"), shown)
    found = models.load(directory)
    assert found is not None
    assert (found.experiment, found.outcome) == ("instance-dies", "not shown")
    assert "the stack has no tags" in str(found.reasons[0])
    assert shown.ending == experiments.ENDINGS["not shown"]
    assert stacks.commands[0][3:6] == [
        "experiment", "run", str(tmp_path / "experiments" / "instance-dies.yaml"),
    ]  # fmt: skip
    assert (tmp_path / "outputs-ha.json").read_text() == '{"topology": "ha"}'


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
    directory = Runner(stacks, results, rate=40).run(Applicable(DIES, "ha"), shown)
    assert directory == results / "run-2"
    assert shown.ending == experiments.ENDINGS["survived"]
    assert stacks.commands[0][-2:] == ["--rate", "40"]


@pytest.mark.parametrize(
    ("seconds", "speed", "least", "found"),
    [(120, 4, 10, 30), (20, 4, 10, 10), (5, 4, 10, 5), (120, 1, 10, 120), (60, 0.5, 10, 120)],
)
def test_a_fault_is_shorter_where_aws_s_periods_are(
    seconds: float, speed: float, least: float, found: float
):
    # Slower than AWS, nothing gets longer.
    assert experiment_files.shorter(seconds, speed, least) == min(found, seconds)


@pytest.mark.parametrize("name", files.names())
def test_every_experiment_of_the_library_can_be_read_at_any_speed(name: str, tmp_path: Path):
    experiment = files.find(name)
    read = files.read(experiment_files.write(experiment, 4.0, tmp_path))
    assert (read.name, read.title, read.because) == (name, experiment.title, experiment.because)
    assert read.hypothesis.recovery_s <= experiment.hypothesis.recovery_s
    assert files.read(experiment_files.write(experiment, 1.0, tmp_path)).raw == experiment.raw


def test_nothing_for_contrast_is_begun_when_time_is_up(monkeypatch: pytest.MonkeyPatch):
    ran: list[str] = []

    def run(_: Any, one: Applicable, __: Any) -> Path:
        ran.append(one.stack)
        return Path(one.stack)

    monkeypatch.setattr(Runner, "run", run)
    made: Any = SimpleNamespace(results=Path(), console=Console(quiet=True))
    chosen = [Applicable(DIES, "ha"), Applicable(DIES, "single"), Applicable(DIES, "single")]
    assert prove.run_all(made, cast("Any", None), chosen, 40, until=0.0) == [Path("ha")]
    assert prove.run_all(made, cast("Any", None), chosen, 40) != [Path("ha")]
    assert ran == ["ha", "ha", "single", "single"]
