"""Answers that are broken concern their visitor, and nobody else; with every generator."""

from __future__ import annotations

from pathlib import Path

import pytest

from loadtest.cli import tools
from loadtest.engine.generators.registry import GENERATORS
from loadtest.errors import GeneratorError
from loadtest.outcomes import Outcome
from tests.loadtest.engine.generators.test_random_scripts import PROFILE, play

pytestmark = [pytest.mark.region, pytest.mark.slow]

SCRIPT = """\
config: {http: {timeout: 5}}
scenarios:
  - flow:
      - get: {url: /ok, name: whole}
      - get: {url: /%s, name: broken, capture: {json: $.id, as: id}}
      - get: {url: /never}
"""


@pytest.mark.parametrize("path", ["cut", "unpacked"])
@pytest.mark.parametrize("name", GENERATORS)
def test_a_body_that_cannot_be_unpacked_fails_its_visitor(name: str, path: str, tmp_path: Path):
    try:
        tools.generator(name)
    except GeneratorError as error:
        pytest.skip(str(error))
    file = tmp_path / "script.yml"
    file.write_text(SCRIPT % path)
    _, lines, summary = play(name, tmp_path / name, file)
    users = PROFILE.planned_users
    assert (summary.users.created, summary.users.failed) == (users, users)
    assert {tuple((one[0], one[2]) for one in each) for each in lines} == {
        (("whole", Outcome.GOOD), ("broken", Outcome.OTHER))
    }


EMPTY = """\
config: {http: {timeout: 5}}
scenarios:
  - flow:
      - get: {url: /nowhere, name: nowhere}
      - get: {url: /ok, name: after}
"""


@pytest.mark.parametrize("name", GENERATORS)
def test_a_redirect_to_nothing_is_the_last_answer(name: str, tmp_path: Path):
    try:
        tools.generator(name)
    except GeneratorError as error:
        pytest.skip(str(error))
    file = tmp_path / "script.yml"
    file.write_text(EMPTY)
    _, lines, summary = play(name, tmp_path / name, file)
    assert summary.users.failed == 0
    assert {tuple((one[0], one[1]) for one in each) for each in lines} == {
        (("nowhere", 302), ("after", 200))
    }
