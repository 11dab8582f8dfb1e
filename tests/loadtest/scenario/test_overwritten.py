"""Variables that a script sets twice: Artillery keeps one, and the other one is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.loadtest.scenario.brought import refused, told, written

CONFIG = "config:\n  http: {{timeout: 5}}\n  variables: {variables}\n  payload: {payload}\n"
BEFORE = "before:\n  flow:\n    - post: {{url: /login, capture: {{json: $.token, as: {name}}}}}\n"
FLOW = "scenarios:\n  - flow:\n      - get: {{url: '/{{{{ {name} }}}}'}}\n"
ONE = "{path: rows.csv, fields: [user, pin], order: random}"


def _script(directory: Path, variables: str = "{}", payload: str = ONE, before: str = "") -> str:
    (directory / "rows.csv").write_text("ann,1\nbob,2\n")
    name = "user"
    if before:
        name, before = before, BEFORE.format(name=before)
    text = CONFIG.format(variables=variables, payload=payload) + before + FLOW.format(name=name)
    return written(directory, text)


@pytest.mark.parametrize(
    ("variables", "payload", "expected"),
    [
        ("{user: guest}", ONE, "4:38: `user` is also in `config.variables`, which"),
        ("{}", f"[{ONE}, {ONE.replace('pin', 'id')}]", "4:39: `user` is also in a later payload"),
        (
            "{all: 1}",
            f"[{ONE}, {{path: rows.csv, fields: [a, b], loadAll: true, name: all}}]",
            "4:115: `all` is also in `config.variables`",
        ),
        ("{$uuid: 1}", ONE, "3:15: `$uuid` is Artillery's own for each user"),
        ("{}", ONE.replace("pin", "$uuid"), "4:44: `$uuid` is Artillery's own for each user"),
    ],
)
def test_what_no_user_gets_is_refused(tmp_path: Path, variables: str, payload: str, expected: str):
    (found,) = refused(_script(tmp_path, variables, payload))
    assert found.startswith(expected)


@pytest.mark.parametrize(
    ("name", "variables", "whose"),
    [("token", "{token: ''}", "`config.variables`"), ("pin", "{}", "a payload")],
)
def test_what_before_captures_is_written_over(
    tmp_path: Path, name: str, variables: str, whose: str
):
    (found,) = refused(_script(tmp_path, variables, before=name))
    assert f"`{name}` is also in {whose}, which Artillery prefers to what `before`" in found


def test_what_only_before_needs_may_have_a_first_value(tmp_path: Path):
    file = _script(tmp_path, "{token: ''}", before="token")
    text = Path(file).read_text(encoding="utf-8").replace("'/{{ token }}'", "/")
    _, notes = told(written(tmp_path, text))
    assert notes == []


@pytest.mark.parametrize(
    ("key", "at", "expected"),
    [
        ("load: {phases: []}", "", "the load is `config.phases`"),
        ("stages: []", "", "the load is `config.phases`"),
        ("flow: []", "", "it belongs into an entry of `scenarios`"),
        ("load: {phases: []}", "  ", "the load is `config.phases`"),
        ("scenarios: []", "  ", "it belongs beside `config`: indent it less"),
    ],
)
def test_a_key_at_the_wrong_place_is_told_with_the_right_one(
    tmp_path: Path, key: str, at: str, expected: str
):
    text = f"config:\n  http: {{timeout: 5}}\n{at}{key}\nscenarios:\n  - flow: [get: {{url: /}}]\n"
    assert expected in "\n".join(refused(written(tmp_path, text)))


def test_a_name_of_the_whole_script_is_a_remark(tmp_path: Path):
    text = "name: ours\nconfig: {http: {timeout: 5}}\nscenarios:\n  - {name: one, flow: [get: {url: /}]}\n"
    found, notes = told(written(tmp_path, text))
    assert notes == ["1:1: `name`: Artillery does not look at it"]
    assert found.validated.scenarios[0].name == "one"
