"""A user's plan: what generators that walk through a script read instead of the YAML."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from loadtest.engine.generators.base import Installation, Load
from loadtest.engine.generators.k6 import generator
from loadtest.engine.generators.k6.generator import K6, most_users, ready_users
from loadtest.engine.generators.translation import user_plan
from loadtest.errors import GeneratorError
from loadtest.profiles import Phase, Profile, pause
from loadtest.runs import paths
from loadtest.scenario import credentials, scenario

TINY = Profile("tiny", (Phase("hold", 2, 5),))
SCRIPT = """\
config:
  target: https://ours.example/base
  http: {timeout: 3, defaults: {headers: {X-A: b}, think: {jitter: 10%}, strictCapture: false}}
  payload: {path: people.csv, fields: [name, age], order: sequence, skipHeader: true}
  variables: {color: [red, blue]}
before: {flow: [{get: {url: /ready}}]}
scenarios:
  - weight: 3
    flow:
      - post: {url: /a, json: {n: "{{ name }}"}, expect: {statusCode: [200, "201"]}, ifTrue: "age > 3"}
      - loop:
          - get: {url: /b, capture: {json: $.id, as: id}}
          - think: 1
        count: 2
  - flow: [{get: {url: /c}}]
"""


@pytest.fixture
def load(tmp_path: Path):
    def make(script: str = SCRIPT, profile: Profile = TINY) -> Load:
        (tmp_path / "people.csv").write_text("name,age\nAna,4\nBo,05\n")
        (tmp_path / "ours.yml").write_text(script)
        directory = tmp_path / "run"
        directory.mkdir()
        loaded = scenario.load(str(tmp_path / "ours.yml"))
        installation = Installation(("k6",), "1.8.1", 2, 1)
        return Load(directory, "http://127.0.0.1:8080/", loaded, profile, installation)

    return make


def test_a_plan_has_everything_resolved(load: Any):
    plan = user_plan.make(load(), agent="haproof")
    scenarios = plan.pop("scenarios")
    assert plan == {
        "target": "http://127.0.0.1:8080/base",
        "timeout_s": 3.0,
        "strict": False,
        "headers": {"x-a": "b"},
        "cookie": {},
        "jitter": "10%",
        "variables": {"color": ["red", "blue"]},
        "payloads": [{"fields": ["name", "age"], "order": "sequence"}],
        "before": [{"request": {"url": "/ready", "method": "GET", "capture": [], "match": [],
                                "expect": []}}],
        "after": None,
    }  # fmt: skip
    assert [one["weight"] for one in scenarios] == [3, 1]
    first, loop = scenarios[0]["flow"]
    assert first["request"]["method"] == "POST"
    assert first["request"]["expect"] == [200, 201]
    assert first["request"]["ifTrue"] == [">", ["name", "age"], ["number", 3.0]]
    assert loop["count"] == 2
    assert loop["loop"][0]["request"]["capture"] == [{"json": "$.id", "as": "id"}]
    assert loop["loop"][1] == {"think": 1}


def test_rows_are_cast_as_artillery_does_and_may_all_go_to_each_user(load: Any, tmp_path: Path):
    made = load()
    assert user_plan.rows(made) == [[["Ana", 4], ["Bo", 5]]]
    made.directory.rmdir()
    all_of_them = SCRIPT.replace("order: sequence", "loadAll: true, name: everybody, cast: false")
    made = load(all_of_them.replace("{{ name }}", "x").replace('ifTrue: "age > 3"', "gzip: true"))
    assert user_plan.make(made, "a")["payloads"] == [{"name": "everybody", "order": "all"}]
    rows = user_plan.rows(made)
    assert rows == [[{"name": "Ana", "age": "4"}, {"name": "Bo", "age": "05"}]]


def test_credentials_are_in_the_file_that_goes_and_in_no_other(tmp_path: Path):
    directory = tmp_path / "run"
    directory.mkdir()
    credentials.write(directory / paths.CREDENTIALS, TINY, 1)
    made = Load(directory, "http://x", scenario.load(), TINY, Installation(("k6",), "1", 2, 1))
    K6().prepare(made)
    with_password = {
        file.name
        for file in directory.rglob("*")
        if file.is_file() and credentials.DEMO_PASSWORD in file.read_text()
    }
    assert with_password == {paths.CREDENTIALS, paths.ROWS}
    assert (directory / paths.ROWS).stat().st_mode & 0o077 == 0
    rows = json.loads((directory / paths.ROWS).read_text())
    assert [row[0] for row in rows[0]] == [credentials.username(n) for n in range(1, 11)]
    schedule = json.loads((directory / "k6" / "schedule.json").read_text())
    assert schedule == pytest.approx(TINY.schedule().tolist())
    assert {file.name for file in (directory / "k6").glob("*.js")} == {"flow.js", "options.js"}


@pytest.mark.parametrize(
    ("arrivals", "longest_s", "free", "users"),
    [
        (np.arange(0, 100, 0.1), 3.0, 1e12, 31),  # ten a second, three seconds long
        (np.arange(0, 100, 0.1), 3.0, 25 * generator.USER_BYTES / generator.MEMORY_SHARE, 25),
        (np.arange(0, 100, 0.1), 3.0, 0.0, generator.LEAST_USERS),
        (np.array([1.0, 2.0]), 60.0, 1e12, generator.LEAST_USERS),
    ],
)
def test_there_are_at_most_as_many_users_as_may_be_there_at_once(
    arrivals: Any, longest_s: float, free: float, users: int
):
    assert most_users(arrivals, longest_s, free) == pytest.approx(users, abs=1)


def test_a_visitor_of_plain_steps_needs_less_memory():
    free = 25 * generator.USER_BYTES / generator.MEMORY_SHARE
    found = most_users(np.arange(0, 100, 0.1), 30.0, free, generator.PLAIN_USER_BYTES)
    assert found == pytest.approx(200, abs=1)


@pytest.mark.parametrize(
    ("arrivals", "users"),
    [
        (np.arange(0, 10, 0.004), 63),  # 250 a second, a quarter of one
        (np.arange(0, 10, 0.1), generator.LEAST_USERS),
        (np.zeros(90), 90),  # all at one moment
    ],
)
def test_as_many_users_are_free_as_arrive_while_others_are_made(arrivals: Any, users: int):
    assert ready_users(arrivals) == pytest.approx(users, abs=1)


@pytest.mark.parametrize(("limit", "ready"), [(3, 3), (500, 10), (None, 10)])
def test_the_closed_model_has_as_many_users_as_it_lets_in(load: Any, limit: int | None, ready: int):
    """But never more than arrive at all."""
    made = load(profile=Profile("a", (Phase("a", 2, 5, most_at_once=limit), pause("b", 1))))
    K6().prepare(made)
    plan = json.loads((made.directory / "k6" / "plan.json").read_text())
    assert (plan["ready"], plan["most_users"], plan["most_at_once"]) == (ready, ready, limit)
    assert plan["arrivals"] == 10


def test_different_limits_of_phases_are_refused(load: Any):
    mixed = Profile("mixed", (Phase("a", 2, 5, most_at_once=3), Phase("b", 2, 5)))
    with pytest.raises(GeneratorError, match="one limit of users at a time"):
        K6().prepare(load(profile=mixed))


def test_a_k6_that_does_not_run_comes_with_the_remedy(tmp_path: Path):
    with pytest.raises(GeneratorError, match=r"does not run .*toolchain tool k6"):
        K6().inspect([str(tmp_path / "k6")])
