"""Answers that are broken concern their visitor, and nobody else; with every generator."""

from __future__ import annotations

from pathlib import Path

import pytest

from loadtest.cli import tools
from loadtest.engine.generators.registry import GENERATORS
from loadtest.errors import GeneratorError
from loadtest.outcomes import Outcome
from tests.loadtest.engine.generators import site
from tests.loadtest.engine.generators.test_random_scripts import PROFILE, play

pytestmark = [pytest.mark.region, pytest.mark.slow]


def installed(name: str) -> None:
    try:
        tools.generator(name)
    except GeneratorError as error:
        pytest.skip(str(error))


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
    installed(name)
    file = tmp_path / "script.yml"
    file.write_text(SCRIPT % path)
    _, lines, summary = play(name, tmp_path / name, file)
    users = PROFILE.planned_users
    assert (summary.users.created, summary.users.failed) == (users, users)
    assert {tuple((one[0], one[2]) for one in each) for each in lines} == {
        (("whole", Outcome.GOOD), ("broken", Outcome.OTHER))
    }


ASTRAY = """\
config: {http: {timeout: 5}}
scenarios:
  - flow:
      - get: {url: "/astray", name: away %s}
      - get: {url: "/100%%25/x", name: after}
"""
WALKED = ", capture: {regexp: 'I', as: never, strict: false}"
"""What k6's extension leaves to JavaScript."""
ON_THE_WIRE = {"/astray", site.ASTRAY, "/100%25/x"}


@pytest.mark.parametrize(("name", "more"), [*((one, "") for one in GENERATORS), ("k6", WALKED)])
def test_a_redirect_to_a_stray_percent_sign_is_followed(name: str, more: str, tmp_path: Path):
    """One in an answer is sent as it is: so does Node. In a script, none is accepted."""
    installed(name)
    file = tmp_path / "script.yml"
    file.write_text(ASTRAY % more)
    if name == "jmeter":  # it cannot send one
        with pytest.raises(GeneratorError, match="away redirects to /50%/a%zz"):
            play(name, tmp_path / name, file)
        return
    targets = set[str]()
    _, lines, summary = play(name, tmp_path / name, file, targets)
    assert summary.users.failed == 0
    assert targets == ON_THE_WIRE
    assert {tuple((one[0], one[1]) for one in each) for each in lines} == {
        (("away", 302), ("away", 200), ("after", 200))
    }


HEADER = """\
config: {http: {timeout: 5}}
scenarios:
  - flow:
      - get: {url: /ok, name: first, capture: {json: "$.%s", as: found}%s}
      - get: {url: /second, name: second, headers: {x-t-one: "é {{ found }}"}}
      - post: {url: /third, name: third, json: {a: 1}, headers: {x-t-one: é}}
"""


@pytest.mark.parametrize(
    ("name", "more"),
    [*((one, "") for one in GENERATORS), ("k6", ', match: {regexp: "id", value: "id"}')],
)
@pytest.mark.parametrize("value", ["latin", "wide"])
def test_headers_are_latin_1_or_fail_their_visitor(
    name: str, more: str, value: str, tmp_path: Path
):
    """With a body they are UTF-8, which the site reads as Latin-1: Node writes both together."""
    installed(name)
    file = tmp_path / "script.yml"
    file.write_text(HEADER % (value, more))
    if (name, value) == ("jmeter", "wide"):  # it would write question marks
        with pytest.raises(
            GeneratorError, match="first: a captured value has the character U\\+65E5"
        ):
            play(name, tmp_path / name, file)
        return
    visits, lines, summary = play(name, tmp_path / name, file)
    if value == "latin":
        assert summary.users.failed == 0
        sent = [headers for asked in visits.values() for one in asked for *_, headers in one]
        found = {value for headers in sent for header, value in headers if header == "x-t-one"}
        assert found == {"é Ünal", "Ã©"}
        return
    assert summary.users.failed == PROFILE.planned_users
    assert {tuple((one[0], one[2], one[3]) for one in each) for each in lines} == {
        (("first", Outcome.GOOD, True), ("second", Outcome.OTHER, False))
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
    installed(name)
    file = tmp_path / "script.yml"
    file.write_text(EMPTY)
    _, lines, summary = play(name, tmp_path / name, file)
    assert summary.users.failed == 0
    assert {tuple((one[0], one[1]) for one in each) for each in lines} == {
        (("nowhere", 302), ("after", 200))
    }


def test_a_redirect_that_says_nothing_ends_a_run_of_jmeter(tmp_path: Path):
    """It takes that for an error; for the others it is the last answer."""
    installed("jmeter")
    file = tmp_path / "script.yml"
    file.write_text(EMPTY.replace("/nowhere", "/status/302/x"))
    with pytest.raises(GeneratorError, match="nowhere redirects without a `Location`"):
        play("jmeter", tmp_path / "jmeter", file)
