"""Any sound architecture passes; with one thing broken, none does."""

from __future__ import annotations

import functools

from guardrails.model import Level
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.policies.programs.architectures import BREAKS, CHOICES, Plan, build
from tests.policies.programs.cases import Edit
from tests.policies.programs.evaluation import (
    edited,
    is_undecided,
    judge,
    lines,
    preview_of,
    record_parts,
)
from tests.policies.programs.gaps import BREAKS_THAT_PASS

PLANS = st.builds(Plan, **{name: st.sampled_from(values) for name, values in CHOICES.items()})


@settings(
    max_examples=25,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],  # a plan is small: shrinking would take minutes
    suppress_health_check=[HealthCheck.too_slow],
)
@given(PLANS)
def test_a_sound_architecture_passes_and_every_break_is_blocked(plan):
    """One recording serves for all breaks: each takes milliseconds."""
    parts = record_parts(functools.partial(build, plan))
    found = judge(preview_of(parts))
    blocked = [one for one in found if one.level is Level.MANDATORY or is_undecided(one)]
    assert not blocked, lines(blocked)
    passed = [
        one.name
        for one in BREAKS
        if one.possible(plan)
        and one.name not in BREAKS_THAT_PASS
        and not _is_blocked(plan, parts, one)
    ]
    assert not passed, f"nothing blocks: {', '.join(passed)}"


def _is_blocked(plan, parts, one):
    edit = Edit()
    one.change(plan, edit)
    found = judge(preview_of(edited(parts, edit.changes)))
    return any(
        finding.level is Level.MANDATORY and finding.rule.question in one.questions
        for finding in found
    )
