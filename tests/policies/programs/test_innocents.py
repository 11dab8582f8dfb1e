"""What is sound passes: no mandatory finding, no advice without a reason, no silence where the pack
cannot know."""

from __future__ import annotations

from collections import Counter

import pytest
from guardrails.model import Level

import tests.policies.programs.innocents  # noqa: F401 - registers them
from tests.policies.programs.cases import INNOCENTS
from tests.policies.programs.evaluation import findings, is_undecided, lines, mandatory, recorded
from tests.policies.programs.gaps import BLOCKED
from tests.policies.programs.taste import TASTE


@pytest.fixture(params=INNOCENTS)
def name(request):
    """A sound program, or one about which the pack is known to be wrong."""
    if request.param in BLOCKED:
        request.applymarker(pytest.mark.xfail(reason=BLOCKED[request.param], strict=True))
    return request.param


def test_what_is_sound_is_not_blocked(name):
    found = mandatory(name)
    assert not found, lines(found)


def test_what_is_sound_is_advised_only_with_a_reason(name):
    one = INNOCENTS[name]
    found = [
        finding
        for finding in findings(name)
        if finding.level is Level.ADVISORY and not is_undecided(finding)
    ]
    expected = {*TASTE, *one.advised}
    surprising = [finding for finding in found if finding.rule.id not in expected]
    assert "*" in one.advised or not surprising, lines(surprising)


def test_what_cannot_be_decided_is_said(name):
    """And nothing is called undecidable that can be decided."""
    one = INNOCENTS[name]
    found = [finding for finding in findings(name) if is_undecided(finding)]
    if one.undecided:
        assert found, "the pack says nothing about what it cannot know"
    elif not one.may_ask:
        assert not found, lines(found)


@pytest.mark.parametrize("name", INNOCENTS)
def test_every_resource_has_a_name_of_its_own(name):
    """The changes of broken programs name resources by their logical names."""
    names = Counter(part.name for part in recorded(INNOCENTS[name].program) if part.custom)
    assert not [name for name, count in names.items() if count > 1]


def test_there_are_enough():
    assert len(INNOCENTS) >= 45
