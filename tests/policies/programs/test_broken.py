"""What is broken does not pass: a rule of the question that it loses says so, and what proves it."""

from __future__ import annotations

import pytest
from guardrails.model import Level

import tests.policies.programs.broken
import tests.policies.programs.innocents  # noqa: F401 - registers them
from tests.policies.programs.cases import BROKEN
from tests.policies.programs.evaluation import added, findings, is_undecided, lines
from tests.policies.programs.gaps import PASSES, TOLD_TWICE


def answers(name):
    """What the pack newly says about a broken program, of the question that it loses."""
    one = BROKEN[name]
    # What looks the same in the preview is as undecidable before as after.
    asked = [finding for finding in findings(name) if is_undecided(finding) and one.advisory]
    return [
        finding
        for finding in [*added(one), *asked]
        if finding.rule.question in one.questions
        and (not one.rules or finding.rule.id in one.rules)
    ]


def cases(*, advisory):
    """The broken programs, with those that are known to pass marked."""
    return [
        pytest.param(name, marks=pytest.mark.xfail(reason=PASSES[name], strict=True))
        if name in PASSES
        else name
        for name, one in BROKEN.items()
        if one.advisory == advisory
    ]


@pytest.mark.parametrize("name", cases(advisory=False))
def test_what_is_broken_is_blocked(name):
    found = [finding for finding in answers(name) if finding.level is Level.MANDATORY]
    assert found, f"nothing of {BROKEN[name].questions} blocks it:\n{lines(added(BROKEN[name]))}"


@pytest.mark.parametrize("name", cases(advisory=True))
def test_what_is_risky_is_said(name):
    assert answers(name), f"nobody says so:\n{lines(added(BROKEN[name]))}"


@pytest.mark.parametrize("name", BROKEN)
def test_the_message_names_what_is_broken(name):
    """A name in quotes, or the path that proves it."""
    for finding in added(BROKEN[name]):
        problem = finding.text.split(" Remedy: ")[0]
        assert '"' in problem or " Path: " in problem or is_undecided(finding), finding.text


@pytest.mark.parametrize("name", [name for name in BROKEN if name not in TOLD_TWICE])
def test_one_rule_reports_a_fault(name):
    """Whoever reads two messages looks for two faults."""
    found = [one for one in added(BROKEN[name]) if one.level is Level.MANDATORY]
    assert len({one.rule.id for one in found}) <= 1, lines(found)


def test_there_are_enough():
    assert len(BROKEN) >= 80
