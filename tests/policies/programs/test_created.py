"""What is sound stays sound when it is created: the end of `up` blocks nothing that the preview passed.

What a preview could not tell is known then.
"""

from __future__ import annotations

import pytest
from guardrails.model import Level

import tests.policies.programs.broken
import tests.policies.programs.innocents  # noqa: F401 - registers them
from tests.policies.programs.cases import INNOCENTS
from tests.policies.programs.evaluation import findings_after_up, is_undecided, lines
from tests.policies.programs.gaps import BLOCKED


@pytest.mark.parametrize("name", [name for name, one in INNOCENTS.items() if one.engine])
def test_the_end_of_up_blocks_nothing_that_is_sound(name, request):
    if name in BLOCKED:
        request.applymarker(pytest.mark.xfail(reason=BLOCKED[name], strict=True))
    found = [one for one in findings_after_up(name) if one.level is Level.MANDATORY]
    assert not found, lines(found)


def test_whose_weight_is_0_is_known_when_the_target_groups_exist():
    found = [
        one
        for one in findings_after_up("weights_switched_too_early")
        if one.level is Level.MANDATORY
    ]
    assert [one.rule.id for one in found] == ["asg-survives-zone-loss"], lines(found)
    assert found[0].resource.name == "green-fleet"
    assert not [one for one in findings_after_up("blue_and_green") if is_undecided(one)]
