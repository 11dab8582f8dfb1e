"""What is sound stays sound when it is created: the end of `up` blocks nothing that the preview passed."""

from __future__ import annotations

import pytest
from guardrails.model import Level

import tests.policies.programs.innocents  # noqa: F401 - registers them
from tests.policies.programs.cases import INNOCENTS
from tests.policies.programs.evaluation import findings_after_up, lines
from tests.policies.programs.gaps import BLOCKED


@pytest.mark.parametrize("name", [name for name, one in INNOCENTS.items() if one.engine])
def test_the_end_of_up_blocks_nothing_that_is_sound(name, request):
    if name in BLOCKED:
        request.applymarker(pytest.mark.xfail(reason=BLOCKED[name], strict=True))
    found = [one for one in findings_after_up(name) if one.level is Level.MANDATORY]
    assert not found, lines(found)
