"""No verdict is a foregone conclusion: what the library's experiments showed, judged by its files.

Each is survived by the intact stack and not survived once what it guards is broken. The same on real
stacks, for as many as minutes allow: `tests/e2e/test_experiments.py` and `python -m rehearsal damage`.
"""

from __future__ import annotations

import math

import pytest

from loadtest.experiments import engine, files, judgement, probes
from loadtest.experiments.judgement import Evidence
from loadtest.experiments.kinds import function
from loadtest.experiments.models import Action, Outcome, SteadyState
from loadtest.experiments.session import Session, under_way
from loadtest.messages.message import Message
from loadtest.runs import table
from loadtest.runs.recording import Exchange
from tests.loadtest.conftest import BEGAN_MS, exchange
from tests.loadtest.experiments.conftest import state
from tests.loadtest.experiments.courses import BROKEN, INTACT, Course

RATE = 20
"""Requests per second."""
BEFORE_S = 10
SPARE_S = 30
DONE = Action(name="it fails", began_ms=BEGAN_MS, ended_ms=BEGAN_MS, succeeded=True)


def requests_of(course: Course, until_s: float) -> list[Exchange]:
    """A steady load, of which the shares failed: evenly, so that any part has its share."""
    found: list[Exchange] = []
    owed = 0.0
    for number in range(round((BEFORE_S + until_s) * RATE)):
        at = number / RATE - BEFORE_S
        owed += next((share for a, b, share in course.failed if a <= at < b), -owed)
        fails = owed >= 1 - 1e-9
        owed -= fails
        made = exchange(f"1-{number}", arrived_ms=BEGAN_MS + at * 1000)
        found.append(made._replace(status=503, expected=False) if fails else made)
    return found


def states_of(course: Course, until_s: float) -> list[SteadyState]:
    """A round each second."""
    return [
        state(BEGAN_MS / 1000 + at, met=not any(a <= at < b for a, b in course.off))
        for at in range(math.ceil(until_s))
    ]


def judged(name: str, course: Course) -> tuple[Outcome, list[Message]]:
    """Judge a course by the library's file, at AWS's own speed."""
    hypothesis = files.find(name).hypothesis
    ends = [b for _, b, *_ in (*course.failed, *course.off) if b != math.inf]
    until_s = max([hypothesis.allowed.window_s, *ends]) + SPARE_S
    states = states_of(course, until_s)
    rows = table.from_exchanges(requests_of(course, until_s))
    return judgement.judge(
        Evidence(
            hypothesis=hypothesis,
            target_s=hypothesis.recovery_s,
            before=state(BEGAN_MS / 1000 - 1, met=True),
            after=states[-1],
            began_ms=BEGAN_MS,
            recovered_ms=judgement.recovered(states, BEGAN_MS),
            actions=[DONE],
            impact=judgement.impact(rows, BEGAN_MS, hypothesis.allowed),
            host_reasons=[],
            found=course.found,
        )
    )


def test_every_experiment_has_both_courses() -> None:
    assert set(files.names()) == set(INTACT) == set(BROKEN)


@pytest.mark.parametrize("name", files.names())
def test_the_intact_stack_survives_it(name: str) -> None:
    outcome, reasons = judged(name, INTACT[name])
    assert outcome == "survived", [str(one) for one in reasons]


@pytest.mark.parametrize("name", files.names())
def test_it_is_not_survived_with_what_it_guards_broken(name: str) -> None:
    course, expected = BROKEN[name]
    outcome, reasons = judged(name, course)
    assert outcome == "not survived", course.what
    assert tuple(one.id for one in reasons) == expected


GOOD_AND_BAD: dict[str, tuple[object, object]] = {
    "probes.health_answers": (True, False),
    # One of a thousand is allowed; of a few hundred requests, one is more than that.
    "probes.failed_share": (0.0, 0.003),
    "probes.missing_instances": (0, 1),
    "probes.foreign_revisions": (0, 1),
}
"""What each probe of a steady state finds when all is well, and when the least is wrong."""


def steady_probes(name: str) -> list[str]:
    raw = files.find(name).raw["steady-state-hypothesis"]["probes"]
    return [function(one["provider"]) for one in raw]


@pytest.mark.parametrize(
    ("name", "off"), [(name, off) for name in files.names() for off in [None, *steady_probes(name)]]
)
def test_each_property_of_its_steady_state_can_be_off(
    session: Session, monkeypatch: pytest.MonkeyPatch, name: str, off: str | None
) -> None:
    session.experiment = files.find(name)
    for probe, (good, bad) in GOOD_AND_BAD.items():
        found = bad if probe == off else good
        monkeypatch.setattr(probes, probe.removeprefix("probes."), lambda found=found: found)
    with under_way(session):
        assert engine.is_steady(session) == (off is None)


@pytest.mark.parametrize("name", files.names())
def test_its_steady_state_asks_users_and_fleet(name: str) -> None:
    asked = steady_probes(name)
    assert {"probes.health_answers", "probes.failed_share"} <= set(asked)
    assert "probes.missing_instances" in asked
