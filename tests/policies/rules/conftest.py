"""Gives each module of rules its cases: `BREAKS`, `KEEPS`, `UNDECIDED` and its mutations.

`REFUSED` and `SOUND` hold, by rule, changes of which only that rule is asked: what AWS refuses may break
other rules as well.
"""

from __future__ import annotations

import pytest

from tests.policies.draft import Draft, broken
from tests.policies.mutations import MUTATIONS


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    module = metafunc.module
    area = module.__name__.rpartition(".test_")[2]
    if "breaking" in metafunc.fixturenames:
        breaking = [(f"{i}-{rule}", rule, change) for i, (rule, change) in enumerate(module.BREAKS)]
        breaking += [
            (name, mutation.rule, mutation.change)
            for name, mutation in MUTATIONS.items()
            if mutation.change.__module__.rpartition(".")[2] == area
        ]
        ids = [name for name, _, _ in breaking]
        metafunc.parametrize("breaking", [case[1:] for case in breaking], ids=ids)
    if "undecidable" in metafunc.fixturenames:
        ids = [f"{i}-{rule}" for i, (rule, _) in enumerate(module.UNDECIDED)]
        metafunc.parametrize("undecidable", module.UNDECIDED, ids=ids)
    for fixture, table in (("refused", "REFUSED"), ("accepted", "SOUND")):
        if fixture in metafunc.fixturenames:
            listed = [(rule, one) for rule, ones in getattr(module, table).items() for one in ones]
            named = [f"{number}-{rule}" for number, (rule, _) in enumerate(listed)]
            metafunc.parametrize(fixture, listed, ids=named)
    if "keeping" in metafunc.fixturenames:
        metafunc.parametrize("keeping", module.KEEPS, ids=range(len(module.KEEPS)))


@pytest.fixture(scope="session", autouse=True)
def good_stack_keeps_every_rule() -> None:
    """Every test here changes the good stack: say it once and plainly if that breaks a rule."""
    found = broken(Draft())
    if found:
        pytest.fail(
            f"The project's own program breaks {', '.join(sorted(found))}: make it comply in "
            "components/, or by a setting in tests/policies/good_stack.py.",
            pytrace=False,
        )
