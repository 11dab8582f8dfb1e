"""What of a proof shares a load, in which order, and what is left out when time is up."""

from __future__ import annotations

import math
import re
import time
from itertools import chain
from pathlib import Path
from threading import Barrier
from types import SimpleNamespace
from typing import Any, cast

import pytest
import yaml
from rich.console import Console

from loadtest.experiments import files
from loadtest.experiments.models import Topology
from loadtest.experiments.proof.models import LeftOut
from rehearsal import experiment_files, prove, shared_loads, testbed
from rehearsal.experiments import Applicable, Runner, applicable
from rehearsal.shared_loads import Part, SharedLoad

WHOLE = shared_loads.planned(applicable(["single", "ha"]))


def named(load: SharedLoad) -> list[str]:
    return [one.experiment.name for one in load.experiments]


def place(name: str, stack: Topology = "ha") -> tuple[int, int]:
    """Where an experiment comes: its load, and its place within that."""
    (found,) = [
        (number, named(load).index(name))
        for number, load in enumerate(WHOLE)
        if load.stack == stack and name in named(load)
    ]
    return found


def test_every_experiment_runs_once_on_each_stack_that_it_is_about():
    ran = [(one.stack, one.experiment.name) for load in WHOLE for one in load.experiments]
    assert sorted(ran) == sorted(
        (one.stack, one.experiment.name) for one in applicable(["ha", "single"])
    )
    assert all(len({one.stack for one in load.experiments}) == 1 for load in WHOLE)


def test_what_the_ha_stack_promises_comes_first_and_in_few_loads():
    parts = [load.part for load in WHOLE]
    assert parts == sorted(parts)
    promised = [name for load in WHOLE if load.part is Part.PROMISED for name in named(load)]
    assert set(promised) == {
        name for name in files.names() if "ha" in files.find(name).hypothesis.applies_to
    }
    assert parts.count(Part.PROMISED) == 4
    assert [named(load) for load in WHOLE if load.part is Part.CONTRAST] == [
        ["deployment-mutable-tag"]
    ]


def test_nobody_replaces_anybody_before_it_is_shown_that_nobody_is_replaced():
    # A grace period that has just begun would keep the group from it, whatever the health check is.
    for shown in ("fleet-starves", "database-cut"):
        assert place("database-fails-over") < place(shown)
        assert all(place(shown) < place(dies) for dies in ("instance-dies", "instance-hangs"))


def test_what_only_shows_in_health_checks_comes_before_what_leaves_young_instances():
    for late in ("instance-dies", "instance-leaves", "zone-lost-refused"):
        assert place("instance-errors")[0] == place(late)[0]
        assert max(place("instance-errors"), place("instance-hangs")) < place(late)


def test_the_alarm_of_a_slow_deployment_keeps_no_other_one_waiting():
    (deployments,) = [load for load in WHOLE if "deployment-good" in named(load)]
    assert named(deployments)[-1] == "deployment-slow"


def test_a_single_instance_is_terminated_last():
    assert [named(load) for load in WHOLE if load.part is Part.ALONE][-1][-1] == "instance-dies"


DIES = Applicable(files.find("instance-dies"), "ha")
ALONE = Applicable(files.find("instance-dies"), "single")
LOADS = [SharedLoad(Part.PROMISED, (DIES,)), SharedLoad(Part.ALONE, (ALONE,))]


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, list[str]]]:
    """Which stacks experiments ran on, and what their load was."""
    found: list[tuple[str, list[str]]] = []

    def run(self: Any, wanted: Any, _progress: Any) -> list[Path]:
        found.append((wanted[0].stack, self._load))
        return [Path(one.stack) for one in wanted]

    monkeypatch.setattr(Runner, "run", run)
    return found


@pytest.mark.parametrize("until", [0.0, math.inf])
def test_nothing_for_contrast_is_begun_that_ends_when_time_is_up(
    ran: list[tuple[str, list[str]]], until: float
):
    made: Any = SimpleNamespace(results=Path(), console=Console(quiet=True), interrupt=None)
    rates = prove.rates_of(125, {"desiredCapacity": "5"})
    directories, left_out = prove.run_all(made, cast("Any", None), LOADS, rates, prove.Pace(until))
    on_ha, on_single = ("ha", ["--rate", "125"]), ("single", ["--rate", "25"])
    assert ran == ([on_ha] if until == 0.0 else [on_ha, on_single])
    assert directories == [Path(stack) for stack, _ in ran]
    assert left_out == ([LeftOut(experiment="instance-dies", topology="single")] * (until == 0.0))


def test_the_single_instance_has_its_turn_beside_the_deployments():
    turns = shared_loads.side_by_side(WHOLE)
    assert sorted(map(id, chain.from_iterable(turns))) == sorted(map(id, WHOLE))
    # Never two on one stack, and the HA stack's in their order.
    assert all(len({one.stack for one in turn}) == len(turn) for turn in turns)
    assert [turn[0] for turn in turns] == [one for one in WHOLE if one.stack == "ha"]
    ((deployments, alone),) = [turn for turn in turns if len(turn) > 1]
    assert (deployments.deploys, deployments.part, alone.part) == (True, 0, Part.ALONE)
    # It costs no time of its own.
    assert alone.expected_s < deployments.expected_s
    parts = sum(one.expected_s for one in WHOLE)
    assert shared_loads.expected_s(turns) == pytest.approx(parts - alone.expected_s)


@pytest.mark.parametrize("stacks", [["ha"], ["single"]])
def test_one_stack_has_one_turn_for_each_load(stacks: list[Topology]):
    loads = shared_loads.planned(applicable(stacks))
    assert shared_loads.side_by_side(loads) == [[one] for one in loads]


def test_a_computer_that_carries_one_load_at_a_time_has_the_single_instance_s_later():
    assert shared_loads.side_by_side(WHOLE, two=False) == [[one] for one in WHOLE]


def test_loads_of_one_turn_run_at_the_same_time(monkeypatch: pytest.MonkeyPatch):
    both = Barrier(2, timeout=20)

    def run(_self: Any, wanted: Any, _progress: Any) -> list[Path]:
        both.wait()
        return [Path(wanted[0].stack)]

    monkeypatch.setattr(Runner, "run", run)
    good = Applicable(files.find("deployment-good"), "ha")
    loads = [SharedLoad(Part.PROMISED, (good,)), SharedLoad(Part.ALONE, (ALONE,))]
    made: Any = SimpleNamespace(results=Path(), console=Console(quiet=True), interrupt=None)
    rates = prove.rates_of(125, {})
    directories, _ = prove.run_all(made, cast("Any", None), loads, rates, prove.Pace())
    assert directories == [Path("ha"), Path("single")]


def test_the_plan_names_what_runs_beside_what():
    plan = prove.plan_of(WHOLE)
    assert "ha: 6 experiments beside single: 8 experiments: " in plan
    assert "  if there is time left: ha: deployment-mutable-tag: " in plan
    (minutes,) = re.findall(r"with the stacks up and removed: ([0-9.]+) min", plan)
    # What a proof of both stacks may take on two cores, and what is left for slower ones.
    assert float(minutes) < 18.5


def test_the_plan_of_a_slower_computer_takes_longer_and_has_one_load_at_a_time():
    plan = prove.plan_of(WHOLE, 1.78, two=False)
    assert "if there is time left: single: 8 experiments: " in plan
    assert "one load at a time" in plan
    minutes = [
        float(re.findall(r"removed: ([0-9.]+) min", prove.plan_of(WHOLE, factor))[0])
        for factor in (0.5, 1.0, 1.78)
    ]
    assert minutes[0] == minutes[1]
    # It took 23 min there, for other reasons as well.
    assert 20 < minutes[2] < 23
    alone = shared_loads.planned(applicable(["single"]))
    assert "one load at a time" not in prove.plan_of(alone, 1.78, two=False)


def test_on_a_slower_computer_less_is_begun_in_the_time_that_is_left(
    ran: list[tuple[str, list[str]]],
):
    made: Any = SimpleNamespace(results=Path(), console=Console(quiet=True), interrupt=None)
    enough = time.monotonic() + LOADS[1].expected_s + 5
    for slower in (1.0, 2.0):
        ran.clear()
        prove.run_all(
            made, cast("Any", None), LOADS, prove.rates_of(125, {}), prove.Pace(enough, slower)
        )
        assert len(ran) == (2 if slower == 1.0 else 1)


def test_the_stacks_of_a_proof_come_up_without_a_load_and_with_what_experiments_need(
    tmp_path: Path,
):
    given = testbed.Testbed(
        root=tmp_path, load="quick", results=tmp_path, config={"seedUsers": "7"}
    )
    made = prove.ProofRun(given).testbed_for(["ha"])
    assert (made.load, made.stacks) == ("none", ("ha",))
    # What the user sets takes precedence.
    assert made.config == {"databaseMultiAz": "true", "seedUsers": "7"}


def test_of_what_does_not_fit_the_single_instance_s_end_is_left_out_last():
    (whole,) = [load for load in WHOLE if load.part is Part.ALONE]
    kept, left_out = whole.within(whole.expected_s)
    assert (kept, left_out) == (whole, [])
    kept, left_out = whole.within(whole.expected_s - shared_loads.EACH_S)
    assert kept is not None
    assert named(kept)[-1] == named(whole)[-1] == "instance-dies"
    assert [one.experiment.name for one in left_out] == [named(whole)[-2]]
    shortest = shared_loads.BEGINS_AND_ENDS_S + shared_loads.EACH_S
    kept, left_out = whole.within(shortest)
    assert kept is not None
    assert named(kept) == ["instance-dies"]
    assert len(left_out) == len(named(whole)) - 1
    kept, left_out = whole.within(shortest - 1)
    assert (kept, len(left_out)) == (None, len(named(whole)))


def test_a_load_takes_longer_the_more_it_carries():
    one, two = SharedLoad(Part.PROMISED, (DIES,)), SharedLoad(Part.PROMISED, (DIES, DIES))
    good = Applicable(files.find("deployment-good"), "ha")
    assert 0 < one.expected_s < two.expected_s < one.expected_s * 2
    assert SharedLoad(Part.PROMISED, (good,)).expected_s > one.expected_s


@pytest.mark.parametrize("name", files.names())
def test_for_contrast_nobody_waits_for_what_nobody_repairs(name: str, tmp_path: Path):
    experiment = files.find(name)
    whole = files.read(experiment_files.write(experiment, 4.0, tmp_path))
    raw = yaml.safe_load(
        experiment_files.write(experiment, 4.0, tmp_path, contrast=True).read_text()
    )
    window_s = experiment.hypothesis.allowed.window_s
    looks = [
        step["provider"]["arguments"]
        for step in raw["method"]
        if step["provider"]["func"] == "steady_again"
    ]
    found = files.read(tmp_path / f"{name}.yaml").hypothesis
    if window_s:
        (look,) = looks
        # Long enough that users fail whom it does not allow to.
        assert window_s < look["at_most_s"] == window_s + experiment_files.CONTRAST_LOOK_S
        assert look["at_least_s"] <= look["at_most_s"]
        assert found.recovery_s <= look["at_most_s"]
        assert not found.awaits_replacement
    else:
        assert found == whole.hypothesis
    assert found.allowed == whole.hypothesis.allowed
