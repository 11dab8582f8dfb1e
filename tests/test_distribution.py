"""How the tests are distributed: each once, and what takes longest first."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from tests.distribution import LONGEST, Distribution, in_turn, unit_of

FILES = [f"tests/app/test_{number}.py" for number in range(7)]


@pytest.mark.parametrize(
    ("nodeid", "unit"),
    [
        ("tests/e2e/test_options.py::test_it[a@b]@region", "region"),
        ("tests/app/test_service.py::test_it[user@example.com]", "tests/app/test_service.py"),
        ("tests/app/test_service.py::Class::test_it", "tests/app/test_service.py"),
        ("tests/policies/programs/test_broken.py::test_it[x]", "tests/policies/programs"),
        ("tests/policies/test_docs.py::test_it", "tests/policies/test_docs.py"),
    ],
)
def test_the_tests_of_a_unit_share_what_they_need(nodeid: str, unit: str):
    assert unit_of(nodeid) == unit


def test_what_takes_longest_begins_first():
    units = [*FILES, "machines", "tests/region/test_cron.py", "engine", "region"]
    expected = ["region", "engine", "machines", "tests/region/test_cron.py", *FILES]
    assert in_turn(units) == expected


@pytest.mark.parametrize("workers", [1, 2, 3, 8])
@pytest.mark.parametrize("units", [1, 4, 5, 12])
def test_each_unit_runs_once_and_none_waits_behind_a_long_one(units: int, workers: int):
    names = [*LONGEST[:3], "machines/more", *FILES, "tests/app/test_last.py"][:units]
    scheduling = SimpleNamespace(workqueue=dict.fromkeys(names), nodes=[object()] * workers)
    order = list(dict.fromkeys(Distribution._begin(scheduling)))
    assert sorted(order) == sorted(names)
    if units > 2 * workers:
        second = order[workers : 2 * workers]
        assert not [name for name in second if name in LONGEST]
