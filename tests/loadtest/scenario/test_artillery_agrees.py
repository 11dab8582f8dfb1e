"""Artillery's own schema accepts every construct that ours does: held against the installed version."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from loadtest.cli import tools
from loadtest.errors import LoadTestError
from loadtest.profiles import PROFILES
from loadtest.scenario import other_tools_names, payloads, scenario
from tests.loadtest.scenario.brought import script_of

pytestmark = pytest.mark.region  # needs the installed Artillery

REQUESTS: list[dict[str, Any]] = [
    {"url": "/"},
    {"url": 5},
    {"uri": "/"},
    {},
    {"url": ""},
    *({"url": "/", key: value} for key, values in {
        "headers": ({"a": "b"}, None, "a", []),
        "cookie": ({"a": "b"}, None, "a"),
        "qs": ({"a": "b"}, None, "a=b"),
        "auth": ({"user": "a", "pass": "b"}, {"user": 1, "pass": 2}, None,
                 {"user": "", "pass": "b"}, {"user": "a", "pass": ""}),
        "gzip": (True, "maybe", None),
        "followRedirect": (False, "maybe", None),
        "capture": (
            {"json": "$.a", "as": "b"}, [{"json": "$.a", "as": "b"}], {"json": "$.a"}, [{}], "a",
            [{"json": "$.a", "as": 5}],
        ),
        "beforeRequest": ("sign", ["sign"], {"a": 1}, [5], "", [""]),
        "afterResponse": ("sign", ["sign", "sign"], [None]),
    }.items() for value in values),
]  # fmt: skip
STEPS: list[Any] = [
    *({method: one} for method in ("get", "post", "put", "patch", "delete") for one in REQUESTS),
    {"think": 1}, {"think": "2 seconds"}, {"think": None}, {"think": [1]}, {"think": 1, "jitter": "1s"},
    {"log": "a"}, {"log": 5}, {"log": {"a": 1}}, {"log": ""}, {"function": ""},
    {"function": "sign"}, {"function": ["sign"]}, {"function": 5},
    {"loop": [{"get": {"url": "/"}}], "count": 2}, {"loop": [{"get": {"url": "/"}}], "count": "2"},
    {"loop": [{"get": {"url": "/"}}], "over": ["a"]}, {"loop": [{"get": {"url": "/"}}], "over": 5},
    {"loop": [{"get": {"url": "/"}}], "count": [2]}, {"loop": {"get": {"url": "/"}}, "count": 2},
    {"loop": [{"think": 1, "jitter": "1s"}, {"get": {"url": "/"}}], "count": 1},
    {"parallel": [{"get": {"url": "/"}}]}, {"parallel": [{"get": {"url": "/"}}], "limit": 2},
    {"get": {"url": "/"}, "post": {"url": "/"}}, {"get": {"url": "/"}, "name": "a"},
    "get", None, 5, [], {},
]  # fmt: skip
SCENARIOS: list[Any] = [
    {"flow": [{"get": {"url": "/"}}], **more}
    for more in (
        {}, {"name": "a"}, {"name": 5}, {"name": ""}, {"engine": "http"}, {"engine": 5}, {"weight": 3},
        {"beforeScenario": "sign"}, {"beforeScenario": [5]}, {"afterScenario": ["sign"]},
        {"afterScenario": {"a": 1}},
    )
] + [{"flow": {"get": {"url": "/"}}}, {"name": "no flow"}, "text"]  # fmt: skip
CONFIGS: list[dict[str, Any]] = [
    {}, {"http": {"timeout": 3}}, {"http": {"timeout": "3"}}, {"http": {"timeout": [3]}}, {"http": 3},
    {"http": {"extendedMetrics": True}}, {"http": {"extendedMetrics": "maybe"}},
    {"processor": "./own.js"}, {"processor": 5}, {"environments": {"a": {}}}, {"phases": []},
    {"engines": {}}, {"target": "http://x"}, {"payload": {"path": "a.csv", "fields": ["a"]}},
]  # fmt: skip

CHECK = """
import validate from %s;
import fs from 'node:fs';
const scripts = JSON.parse(fs.readFileSync(0, 'utf8'));
console.log(JSON.stringify(scripts.map((one) => validate(one) ?? null)));
"""


def documents() -> list[dict[str, Any]]:
    """A script for each construct."""
    fine: dict[str, Any] = {"config": {}, "scenarios": [{"flow": [{"get": {"url": "/"}}]}]}
    made = [{**fine, "scenarios": [{"flow": [step, {"get": {"url": "/"}}]}]} for step in STEPS]
    made += [{**fine, "scenarios": [one]} for one in SCENARIOS]
    made += [{**fine, "config": one} for one in CONFIGS]
    made += [{**fine, hook: {"flow": [step]}} for step in STEPS for hook in ("before", "after")]
    return made


def run(code: str, given: str = "") -> str:
    node = tools.artillery()[0]
    done = subprocess.run(
        [node, "--input-type=module", "-e", code],
        input=given,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return done.stdout


def artillery() -> Path:
    return Path(tools.artillery()[-1]).parent.parent


def test_what_we_accept_artillery_accepts(tmp_path: Path):
    (tmp_path / "own.js").write_text("exports.sign = () => 1;")
    (tmp_path / "a.csv").write_text("1\n")
    accepted: list[tuple[dict[str, Any], dict[str, Any]]] = []
    refused = 0
    for document in documents():
        config = {"processor": "./own.js", **document["config"]}
        file = tmp_path / "ours.json"
        file.write_text(json.dumps({**document, "config": config}))
        try:
            found = scenario.load(str(file))
        except LoadTestError:
            refused += 1
        else:
            accepted.append(
                (document, found.artillery_script("http://127.0.0.1:1", PROFILES["smoke"]))
            )
    module = json.dumps(str(artillery() / "dist" / "lib" / "util" / "validate-script.js"))
    answers = json.loads(run(CHECK % module, json.dumps([made for _, made in accepted])))
    wrong = [(one, said) for (one, _), said in zip(accepted, answers, strict=True) if said]
    assert wrong == []
    # Neither says yes or no to everything.
    assert len(accepted) > 100
    assert refused > 100


def test_what_artillery_refuses_we_refuse(tmp_path: Path):
    module = json.dumps(str(artillery() / "dist" / "lib" / "util" / "validate-script.js"))
    given = [{**one, "config": {"target": "http://x", **one["config"]}} for one in documents()]
    answers = json.loads(run(CHECK % module, json.dumps(given)))
    refused = [one for one, said in zip(given, answers, strict=True) if said]
    assert len(refused) > 100
    (tmp_path / "own.js").write_text("exports.sign = () => 1;")
    accepted: list[dict[str, Any]] = []
    for document in refused:
        file = tmp_path / "ours.json"
        config = {"processor": "./own.js", **document["config"]}
        file.write_text(json.dumps({**document, "config": config}))
        try:
            scenario.load(str(file))
        except LoadTestError:
            continue
        accepted.append(document)
    assert accepted == []


def test_the_functions_of_fake_data_are_those_of_the_installed_version():
    plugin = artillery() / "dist" / "builtin-packages" / "artillery-plugin-fake-data" / "dist"
    code = f"""
    import {{ getFakerFunctions, getDeprecatedAliases }} from {json.dumps(str(plugin / "index.js"))};
    console.log([...getFakerFunctions(), ...Object.keys(getDeprecatedAliases())].join('\\n'));
    """
    assert {f"${name}" for name in run(code).split()} == other_tools_names.fake_data()


def test_artillery_takes_what_we_make_of_scripts_in_the_manner_of_public_ones():
    made = list[dict[str, Any]]()
    for file in sorted((Path(__file__).parent / "public").glob("*.yml")):
        try:
            found = scenario.load(str(file))
        except LoadTestError:
            continue
        made.append(script_of(found))
    module = json.dumps(str(artillery() / "dist" / "lib" / "util" / "validate-script.js"))
    assert set(json.loads(run(CHECK % module, json.dumps(made, default=str)))) == {None}
    assert len(made) > 10


PAYLOADS = [
    "a,b\n1,2\n", '"a","b"\n', 'a,"b ""c"""\n', '"a\nb",c\n', '"a\r\nb",c\nd,e\n', "a\rb\r",
    "a,b\r\nc,d\r\n", "a,b\n\nc,d\n", "a,b", '""\n', '"",""\n', "a;b\n",
    'a, "b"\n', 'a,b"c\n', '"a"b,c\n', '"a,b\n', 'a,""b\n', "a,b\r\nc,d\n", "a,b\nc,d\r\n", "\na,b\nc,d\n",
    "\r\na,b\r\nc,d\r\n",
]  # fmt: skip
PARSE = """
import { createRequire } from 'node:module';
import fs from 'node:fs';
const csv = createRequire(%s)('csv-parse/lib/sync');
const [texts, from_line] = JSON.parse(fs.readFileSync(0, 'utf8'));
const rows = (text) => {
  try {
    return csv(text, { skip_empty_lines: true, cast: false, from_line, delimiter: ',' });
  } catch (error) {
    return null;
  }
};
console.log(JSON.stringify(texts.map(rows)));
"""


@pytest.mark.parametrize("skips_header", [False, True])
def test_a_payload_that_artillery_reads_otherwise_is_refused(tmp_path: Path, skips_header: bool):
    given = json.dumps([PAYLOADS, 2 if skips_header else 1])
    theirs = json.loads(run(PARSE % json.dumps(str(artillery() / "package.json")), given))
    file = tmp_path / "a.csv"
    seen = set[bool]()
    for text, rows in zip(PAYLOADS, theirs, strict=True):
        file.write_bytes(text.encode())
        config = {"path": "a.csv", "fields": ["x"], "order": "random", "skipHeader": skips_header}
        (found,) = payloads.read({"config": {"payload": config}}, tmp_path)
        read_alike = rows is not None and [list(row) for row in found.rows] == rows
        # Of no row at all, our own words say it.
        assert (found.problem is None) == (read_alike and bool(rows)), (text, rows, found)
        seen.add(found.problem is None)
    assert seen == {False, True}
