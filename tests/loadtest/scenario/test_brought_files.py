# ruff: noqa: ISC004
"""Scripts that were written for Artillery alone: what is taken over, what is replaced, what is refused."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
import yaml

from loadtest.errors import LoadTestError
from loadtest.profiles import PROFILES
from loadtest.scenario import js_yaml, scenario
from loadtest.scenario.scenario import Choice, Scenario

URL = "http://127.0.0.1:8080"


def written(directory: Path, text: str, name: str = "ours.yml") -> str:
    file = directory / name
    file.write_text(dedent(text), encoding="utf-8")
    return str(file)


def lines(file: str, found: tuple[str, ...] | list[str]) -> list[str]:
    return [line.strip().removeprefix(f"{file}:") for line in found]


def told(file: str, **choice: Any) -> tuple[Scenario, list[str]]:
    """A script that is accepted, and what is told about it."""
    found = scenario.load(choice=Choice(file, **choice))
    return found, lines(file, found.notes)


def refused(file: str, **choice: Any) -> list[str]:
    """What is wrong with a script."""
    with pytest.raises(LoadTestError) as caught:
        scenario.load(choice=Choice(file, **choice))
    return lines(file, str(caught.value).splitlines()[1:])


def script_of(found: Scenario) -> dict[str, Any]:
    """The script as Artillery reads it."""
    made = found.artillery_script(URL, PROFILES["smoke"])
    return yaml.load(js_yaml.write(made), js_yaml.ScriptLoader)  # noqa: S506 - a safe one


def a_flow(*steps: str, config: str = "http: {timeout: 5}") -> str:
    body = "\n".join(f"      - {step}" for step in steps)
    return f"config:\n  {config}\nscenarios:\n  - flow:\n{body}\n"


def test_what_the_runner_sets_itself_is_replaced_and_told(tmp_path: Path):
    file = written(
        tmp_path,
        """\
        config:
          target: "http://localhost:3000/v1/"
          phases: [{duration: 60, arrivalRate: 5}]
          statsInterval: 5
          ensure: {p99: 100}
          plugins:
            expect: {}
            publish-metrics: [{type: datadog}]
            metrics-by-endpoint:
        scenarios:
          - flow:
              - get: {url: /notes}
              - get: {url: "{{ target }}/notes"}
              - get: {url: "http://localhost:3000/v1/notes?a=1"}
        """,
    )
    found, notes = told(file)
    assert notes == [
        "1:1: no `timeout` below `config.http`: 10 s, Artillery's default",
        "2:3: `target`: the stack's URL replaces it, its path /v1 is kept",
        "3:3: `phases`: the load profile replaces it",
        "4:3: `statsInterval`: the recorder writes every request",
        "5:3: `ensure`: the SLO replaces it (`--slo`)",
        "7:5: plugin `expect`: the recorder checks `expect` itself",
        "8:5: plugin `publish-metrics`: the report replaces it",
        "14:15: `http://localhost:3000/v1/notes?a=1` is taken as `/notes?a=1`: the stack replaces "
        "the script's own target",
    ]
    made = script_of(found)
    assert made["config"]["target"] == f"{URL}/v1"
    assert made["config"]["http"]["timeout"] == 10
    assert made["config"]["plugins"] == {"metrics-by-endpoint": {}}
    assert [step["get"]["url"] for step in made["scenarios"][0]["flow"]] == [
        "/notes",
        "{{ target }}/notes",
        "/notes?a=1",
    ]


def test_an_environment_overrides_the_rest_and_keeps_its_lines(tmp_path: Path):
    file = written(
        tmp_path,
        """\
        config:
          http: {timeout: 5, defaults: {headers: {a: "1"}}}
          environments:
            staging:
              target: http://staging/api
              http: {timeout: 7, defaults: {headers: {b: "2"}}}
            broken:
              http: {timout: 3}
        scenarios: [{flow: [{get: {url: /}}]}]
        """,
    )
    found, notes = told(file, environment="staging")
    assert found.timeout_s == 7
    assert found.target_path == "/api"
    assert script_of(found)["config"]["http"]["defaults"] == {"headers": {"a": "1", "b": "2"}}
    assert notes == ["5:7: `target`: the stack's URL replaces it, its path /api is kept"]
    assert told(file)[1] == [
        "3:3: no environment is chosen: `--environment` takes one of staging, broken"
    ]
    assert refused(file, environment="broken") == [
        "8:14: unknown key `timout` in `config.http`; did you mean `timeout`?"
    ]
    assert refused(file, environment="prod") == [
        "3:3: it has no environment 'prod'; it has staging, broken"
    ]
    assert found.digest != scenario.load(file).digest


@pytest.mark.parametrize(
    ("config", "timeout"),
    [("timeout: 3", 3.0), ('http: {timeout: "4"}', 4.0), ("http: {timeout: 2}\n  timeout: 3", 3.0)],
)
def test_the_timeout_is_the_one_that_artillery_takes(tmp_path: Path, config: str, timeout: float):
    found, _ = told(written(tmp_path, a_flow("get: {url: /}", config=config)))
    assert found.timeout_s == script_of(found)["config"]["http"]["timeout"] == timeout


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        ("get: {url: notes}", "6:15: a URL begins with a slash: write `/notes`"),
        ("get: {url: ./notes}", "6:15: a URL begins with a slash: write `/notes`"),
        (
            "get: {url: 'https://other.example/x'}",
            "6:15: only the stack's own URL is put under load, not other.example: write the path "
            "alone, such as `/x`, or remove the request",
        ),
        (
            "get: {url: '{{ elsewhere }}/x'}",
            "6:15: `elsewhere` can be 'https://other.example': only the stack's own URL is put under "
            "load, not other.example: write the path alone, such as `/x`, or remove the request",
        ),
        ("get: {url: '{{ names }}'}", "6:15: `names` can be 'ann': a URL begins with a slash: write "
         "`/ann`"),
        ("get: {url: '{{ target }}x'}", "6:15: write `{{ target }}/x`"),
        ("get: {uri: /}", "6:15: remove `uri`: Artillery itself refuses it: write `url`"),
        ("get: {url: /, json: {a: 1}}", "6:9: a GET request has no body: Artillery ends the "
         "user"),
        ("get: {url: '/?a=1', qs: {b: 2}}", "6:9: `get`: `qs` replaces the query of the `url`: write "
         "all of it in one place"),
        ("get: {url: /, qs: {a: {b: 1}}}", "6:23: `qs`: `a` is a mapping, which Artillery sends as an "
         "empty text"),
        ("get: {url: /, qs: {a: [[1]]}}", "6:23: `qs`: `a` is a list in a list, which Artillery sends "
         "as an empty text"),
        ("post: {url: /, json: {}, body: x}", "6:9: `post`: a request has one body, not json and "
         "body"),
        ("get: /", "6:9: `get`: input should be a mapping of keys to values, such as `{name: …}`, not '/'"),
        ("post: {url: /, body: {a: 1}}", "6:24: `body`: input should be a valid string"),
        ("get: {url: /, headers: }", "6:23: `headers` is empty: fill it in or remove it"),
        ("get: {url: /, capture: {json: $.id}}", "6:23: `capture` needs `as`, the variable that gets "
         "the value"),
        ("get: {url: /, capture: {header: Location, as: a}}", "6:23: `capture`: write `header: "
         "location`: Artillery finds headers in lower case only"),
        ("get: {url: /, match: {json: $.id}}", "6:23: `match` needs a `value`"),
        ("get: {url: /, probability: 20%}", "6:23: `probability`: must be a number from 0 to 100, "
         "without `%` or a template, not '20%'"),
        ("get: {url: /, auth: {user: a, pass: 1}}", "6:39: `pass`: input should be a valid string, "
         "not 1"),
        ("get: {url: /, expect: [{contentType: json, statusCode: 200}]}", "6:23: `expect`: only "
         "`contentType` would be checked, the first of an entry: write `statusCode` as an entry of its "
         "own, with `- ` before it"),
        ("get: {url: /, expect: {hasHeader: X-Id}}", "6:32: `hasHeader`: write `x-id`, in lower "
         "case: Artillery finds no other, not 'X-Id'"),
        ("get: {url: /, expect: {headerEquals: [x-id]}}", "6:32: `headerEquals`: list should have at "
         "least 2 items after validation, not 1"),
        ("get: {url: /, expect: {equals: [a]}}", "6:32: `equals`: compares the values of its list with "
         'each other: write two, such as `["{{ captured }}", "expected"]`'),
        ("get: {url: /, expect: {statusCode: 2xx}}", "6:32: `statusCode`: must be a status such as 200, "
         "a list of them or \"{{ variable }}\", not '2xx'"),
        ("get: {url: /, expect: {statusCode: '{{ status }}'}}", "6:32: nothing sets the variable "
         "`status`"),
        ("get: {url: /, expect: {jsonString: a}}", "6:32: unknown key `jsonString` in `expect`; known "
         "are statusCode, notStatusCode, contentType, hasHeader, headerEquals, hasProperty, "
         "notHasProperty, equals, matchesRegexp, cdnHit, jmespath, jpath, description"),
        ("get: {url: /, expect: {description: a}}", "6:23: `expect`: `expect` needs one of statusCode, "
         "contentType, hasHeader, headerEquals, hasProperty, notHasProperty, equals, matchesRegexp, "
         "cdnHit, notStatusCode, jmespath, jpath"),
        ("{think: 1, jitter: 20%}", "6:20: Artillery takes `jitter` only inside of a `loop`: put the "
         "step into one with `count: 1`, or remove it"),
        ("{think: 1, ifTrue: names}", "6:20: remove `ifTrue`: Artillery looks at it in requests only"),
        ("think: 1-5", '6:9: `think`: write seconds (`2`), a duration ("500ms") or '
         '"{{ $randomNumber(1, 5) }}", not \'1-5\''),
        ('think: "0.5"', '6:9: `think`: write "500ms": Artillery reads 0.5 as milliseconds, not '
         "'0.5'"),
        ("{loop: [{get: {url: /}}], count: 0}", '6:35: `count`: must be a whole number of at least 1, '
         'or a range such as "1-15", not 0'),
        ("{loop: [{get: {url: /}}], count: 1000000000}", "5:5: `flow`: a user would send "
         "1,000,000,001 requests; at most 10,000 are run"),
        ("{loop: [{get: {url: /}}], over: missing}", "6:35: nothing sets the variable `missing`: the "
         "loop would not run at all"),
        ("{loop: [{get: {url: /}}], over: '{{ names }}'}", "6:35: `over` takes a name without "
         "braces: write `names`"),
        ("{loop: [{get: {url: /}}], over: names}", "6:35: `names` is no list for a user, who gets "
         "one of its values, and the loop would not run at all: write the list here, or as a list in "
         "a list"),
        ("{loop: [{get: {url: /}}], over: []}", "6:35: `over`: list should have at least 1 item "
         "after validation, not 0"),
        ("{loop: [{get: {url: /}}], count: '{{ names }}'}", "6:35: `names` can be 'ann', and the loop "
         "would not run at all"),
        ("emit: {channel: a}", "6:9: remove `emit`: only HTTP is recorded"),
    ],
)  # fmt: skip
def test_what_artillery_refuses_or_does_otherwise_is_refused(
    tmp_path: Path, step: str, expected: str
):
    config = (
        "http: {timeout: 5}\n  variables: {names: [ann, bob], elsewhere: 'https://other.example'}"
    )
    file = written(tmp_path, a_flow(step, "get: {url: /}", config=config))
    assert refused(file) == [expected]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{{ $randomEmail() }}", "Artillery has no function `$randomEmail`; did you mean "
         "`$randEmail`? It has $randomNumber, $randomString and, with the plugin fake-data, 268 more"),
        ("{{ $internetEmail() }}", "`$internetEmail` needs the plugin: write `plugins: {fake-data: "
         "{}}` below `config`"),
        ("{{ $guid }}", "nothing sets the variable `$guid`; did you mean `$uuid`?"),
        ("{{ $randomString }}", "`$randomString` is a function: write `{{ $randomString() }}`"),
        ("{{ $randomNumber(-1, 5) }}", "Artillery cannot read the arguments of `$randomNumber`: it "
         "sends `{{ $randomNumber(-1, 5) }}` as it is; it takes whole numbers"),
        ("{{ $randomNumber(low, high) }}", "`$randomNumber` takes whole numbers only, not `low, high`"),
        ("{{ name | pad(3) }}", "Artillery has no filters: it sends `{{ name | pad(3) }}` as it is"),
        ("{{ **name** }}", "Artillery does not compute `{{ **name** }}`: it sends it as it is; it "
         "takes variables only"),
        ("{{ 이름 }}", "Artillery does not compute `{{ 이름 }}`: it sends it as it is; it takes "
         "variables only"),
        ("{{ nme.first }}", "nothing sets the variable `nme`; did you mean `name`?"),
        ("{{ name", "`{{` without `}}`: Artillery sends it as it is"),
        ("{\"a\": {{ name }}}", "put a space after `{{ name }}`: Artillery takes the third brace for "
         "its own"),
        ("{{ $env.TOKEN }}", "`$env` is empty: the generator gets no environment variables; "
         "`--pass-env TOKEN` lets it in"),
    ],
)  # fmt: skip
def test_a_template_that_artillery_does_not_compute_is_refused(
    tmp_path: Path, text: str, expected: str
):
    config = "http: {timeout: 5}\n  variables: {name: ann}"
    step = f"post: {{url: /, body: {yaml.safe_dump(text, width=200).strip().removesuffix('...')}}}"
    found = refused(written(tmp_path, a_flow(step, config=config)))
    assert [line.partition(": ")[2] for line in found] == [expected]


@pytest.mark.parametrize(
    "text",
    [
        "{{ name }}", "{{name}} and {{{ name }}}", "{{ name.first }}", "{{ name[0] }}", "{{ $uuid }}",
        "{{ $randomNumber(1, 5) }}", "{{ $randomString() }}", "{{ $internetEmail() }}", "{ }", "한글",
        '{"a": {{ name }} }', "{{ $env.TOKEN }}", "{{ $processEnvironment.TOKEN }}",
    ],
)  # fmt: skip
def test_a_template_that_artillery_computes_is_accepted(
    tmp_path: Path, text: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("TOKEN", "secret")
    config = "http: {timeout: 5}\n  variables: {name: ann}\n  plugins: {fake-data: {}}"
    step = f"post: {{url: /, json: {{a: {text!r}}}}}"
    found, _ = told(written(tmp_path, a_flow(step, config=config)), pass_env=frozenset({"TOKEN"}))
    assert script_of(found)["scenarios"][0]["flow"][0]["post"]["json"] == {"a": text}


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("name", None),
        ('name == "ann" and not (count > 3)', None),
        ('name in ("ann", "bob") or max(count, 2) >= 2', None),
        ("{{ name }}", "`ifTrue` takes variables without braces: with them, Artillery sends it always"),
        ("name === 3", "Artillery cannot read `name === 3` (at `= 3`) and would send it always; write "
         '`name == "value"`, `>`, `and`, `or`, `not`'),
        ("name && count", "Artillery cannot read `name && count` (at `&& count`) and would send it "
         'always; write `name == "value"`, `>`, `and`, `or`, `not`'),
        ("name ==", "Artillery cannot read `name ==` (it ends too early) and would send it always; "
         'write `name == "value"`, `>`, `and`, `or`, `not`'),
        ("name == 'ann'", 'write "ann": in single quotes it names a variable'),
        ("count == true", "a condition has no `true`: write 1"),
        ("1 == 1", "`1 == 1` has no variable: it is always the same"),
        ("nme", "nothing sets the variable `nme`; did you mean `name`?"),
        ("name.first", "a condition cannot look into `name`: capture `name.first` as a variable of its "
         "own"),
        ("length(name)", "a condition has no function `length`; there are abs, ceil, floor, log, max, "
         "min, random, round, sqrt"),
    ],
)  # fmt: skip
def test_conditions(tmp_path: Path, condition: str, expected: str | None):
    config = "http: {timeout: 5}\n  variables: {name: ann, count: 3}"
    step = f"get: {{url: /, ifTrue: {condition!r}}}"
    if "'" in condition:
        step = f'get: {{url: /, ifTrue: "{condition}"}}'
    file = written(tmp_path, a_flow(step, config=config))
    if expected is None:
        scenario.load(file)
    else:
        assert [line.partition(": ")[2] for line in refused(file)] == [expected]


def test_config_is_filled_in_before_there_are_variables(tmp_path: Path):
    config = (
        "http: {timeout: 5, defaults: {headers: {authorization: 'Bearer {{ token }}'}}}\n"
        "  variables: {token: a, id: '{{ $randomNumber(1, 9) }}'}"
    )
    file = written(tmp_path, a_flow("get: {url: '/{{ id }}'}", config=config))
    assert refused(file) == [
        "2:43: `token` is empty here: Artillery fills in `config` before users have variables; use it "
        "in the requests instead"
    ]
    fine, notes = told(written(tmp_path, Path(file).read_text().replace("{{ token }}", "x")))
    assert notes == ["3:25: Artillery computes this once: all users get the same value"]
    assert fine.validated.config.http.defaults.headers == {"authorization": "Bearer x"}


def test_payloads_are_used_as_artillery_uses_them(tmp_path: Path):
    (tmp_path / "users.csv").write_text("007,/a\n8,/b\n")
    (tmp_path / "all.csv").write_text("x,y\n")
    payload = (
        "[{path: users.csv, fields: [id, page]},"
        " {path: all.csv, fields: [p, q], loadAll: true, name: rows}]"
    )
    config = f"http: {{timeout: 5}}\n  payload: {payload}"
    flow = a_flow(
        "get: {url: '{{ page }}'}",
        "{loop: [{get: {url: '/{{ $loopElement.p }}'}}], over: rows}",
        config=config,
    )
    found, notes = told(written(tmp_path, flow))
    assert notes == [
        "3:14: `cast` makes numbers of texts such as 007: `cast: false` keeps them as they are",
        "3:14: no `order`: users get random rows, as Artillery's default is, so several may share one; "
        "`order: sequence` gives each its own",
    ]
    assert [one["path"] for one in script_of(found)["config"]["payload"]] == [
        str(tmp_path / "users.csv"),
        str(tmp_path / "all.csv"),
    ]


def test_files_are_found_beside_the_script(tmp_path: Path):
    (tmp_path / "a.png").write_bytes(b"1")
    config = "http: {timeout: 5}\n  variables: {kind: [a, b]}"
    step = "post: {{url: /, formData: {{file: {{fromFile: '{}'}}}}}}"
    found, _ = told(written(tmp_path, a_flow(step.format("./a.png"), config=config)))
    sent = script_of(found)["scenarios"][0]["flow"][0]["post"]["formData"]["file"]["fromFile"]
    assert Path(sent) == tmp_path / "a.png"
    before = found.digest
    (tmp_path / "a.png").write_bytes(b"2")
    assert scenario.load(str(tmp_path / "ours.yml")).digest != before
    file = written(tmp_path, a_flow(step.format("{{ kind }}.png"), config=config))
    assert refused(file) == [f"6:42: cannot read the file {tmp_path}/b.png: there is none"]


def test_a_processor_and_its_functions_are_looked_for(tmp_path: Path):
    (tmp_path / "lib.js").write_text("exports.token = () => process.env.TOKEN;\n")
    (tmp_path / "own.js").write_text(
        "const { token } = require('./lib');\n"
        "module.exports = { sign(req, ctx, ee, next) { ctx.vars.signed = token(); next(); } };\n"
    )
    config = "http: {timeout: 5}\n  processor: ./own"
    flow = a_flow(
        "get: {url: '/{{ signed }}', beforeRequest: sign}", "function: sign", config=config
    )
    found, notes = told(written(tmp_path, flow))
    assert notes == [
        "3:3: own.js reads `process.env.TOKEN`, which is empty: `--pass-env TOKEN` lets it in"
    ]
    made = script_of(found)
    assert made["config"]["processor"] == "./processor.mjs"
    assert made["scenarios"][0]["flow"][0]["get"]["beforeRequest"] == [
        "sign",
        "haproofBeforeRequest",
    ]
    assert found.functions == ["sign"]
    other = written(
        tmp_path, flow.replace("function: sign", "function: sing").replace("/own", "/my")
    )
    assert refused(other) == [
        f"3:3: cannot read the processor {tmp_path}/my: there is no such file",
    ]
    missing = written(tmp_path, flow.replace("function: sign", "function: sing"))
    assert refused(missing) == ["7:9: own.js has no function `sing`"]


def test_yaml_is_read_as_artillery_reads_it(tmp_path: Path):
    body = (
        "{a: on, b: no, c: yes, d: 1e3, e: true, f: 010, g: 'true', h: '1e3', i: ~, k: 2020-01-01}"
    )
    found, _ = told(written(tmp_path, a_flow(f"post: {{url: /, json: {body}}}")))
    sent = script_of(found)["scenarios"][0]["flow"][0]["post"]["json"]
    assert {key: value for key, value in sent.items() if key != "k"} == {
        "a": "on", "b": "no", "c": "yes", "d": 1000.0, "e": True, "f": 8, "g": "true", "h": "1e3",
        "i": None,
    }  # fmt: skip
    assert str(sent["k"]) == "2020-01-01"


@pytest.mark.parametrize(
    "text",
    [
        '{\n\t"config":\t{"http": {"timeout": 5}},\n\t"scenarios": [{"flow": [{"get": {"url": "/"}}]}]\n}',
        "\ufeff" + a_flow("get: {url: /}"),
        a_flow("get: {url: /}").replace("\n", "\r\n"),
        a_flow("get: {url: /노트/쪽}"),
    ],
)
def test_other_ways_to_write_a_file(tmp_path: Path, text: str):
    file = tmp_path / "ours.yml"
    file.write_bytes(text.encode())
    found, notes = told(str(file))
    assert not notes
    assert script_of(found)["scenarios"][0]["flow"][0]["get"]["url"] in ("/", "/노트/쪽")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: &a [x,x,x,x,x,x,x,x,x,x]\n" + "".join(
            f"{new}: &{new} [{','.join(f'*{old}' for _ in range(10))}]\n"
            for old, new in zip("abcdef", "bcdefg", strict=True)
        ), "more than 50,000 values, with aliases followed"),
        ("a: " + "[" * 200 + "]" * 200, "nested deeper than 60 levels"),
        ("a: " + "[" * 5000 + "]" * 5000, "nested too deeply"),
    ],
)  # fmt: skip
def test_bombs_are_refused_at_once(tmp_path: Path, text: str, expected: str):
    found = refused(written(tmp_path, text))
    assert [line.partition(": ")[2] for line in found] == [expected]


def test_all_findings_come_in_one_round(tmp_path: Path):
    file = written(
        tmp_path,
        """\
        config:
          http: {timeout: soon, pool: 5}
          processor: ./absent.js
          variables: {empty: []}
        scenarios:
          - flow:
              - get: {url: notes, headrs: {}}
              - post: {url: "/{{ nobody }}", json: {a: "{{ $guid }}"}, ifTrue: "x =="}
              - emit: {channel: a}
          - engine: ws
            flow: [{send: hello}]
        """,
    )
    assert [int(line.partition(":")[0]) for line in refused(file)] == [
        2, 2, 3, 4, 7, 7, 8, 8, 9, 10, 11,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "scenarios: [{flow: [{get: {url: /}}]}]\nconfig: {}\nenvironments: {a: {}}\n",
            "3:1: `environments` belongs below `config`, and Artillery ignores it here: move it there "
            "or remove it",
        ),
        (
            "config: {}\nscenarios: [{flow: [{get: {url: /}}], expect: {statusCode: 200}}]\n",
            "2:39: `expect` belongs into a request, and Artillery ignores it here: move it there or "
            "remove it",
        ),
        (
            "config: {}\nscenarios: [{flow: [{get: {url: /, think: 1}}]}]\n",
            "2:36: `think` is a step of its own, and Artillery ignores it here: write `- think: …` in "
            "the flow",
        ),
        (
            a_flow('get: {url: "/{{ $timestamp }}"}'),
            "5:15: Artillery has no variable `$timestamp`, only $uuid, $testId, $environment, "
            "$dirname, $scenarioFile: set one in a function of a `processor`",
        ),
        (
            a_flow("get: {url: \"/{{ $env.A || 'b' }}\"}"),
            "5:15: Artillery computes nothing in braces: it sends `{{ $env.A || 'b' }}` as it is; set "
            "a variable in a function of a `processor`, or below `config.variables`",
        ),
        (
            a_flow('get: {url: "/{{ order }}"}', config="processor: ./gone.js"),
            "2:3: cannot read the processor {directory}/gone.js: there is no such file",
        ),
    ],
    ids=str,
)
def test_what_stands_at_another_place_is_told_once_with_the_right_one(
    tmp_path: Path, text: str, expected: str
):
    file = written(tmp_path, text)
    assert refused(file) == [expected.replace("{directory}", str(tmp_path))]


def test_expect_without_its_plugin_is_checked_and_told(tmp_path: Path):
    step = "get: {url: /, expect: [{statusCode: '{{ code }}'}]}"
    for plugin, expected in (
        (
            "",
            [
                "7:23: `expect` is checked, though the script does not name Artillery's plugin `expect`"
            ],
        ),
        (", expect: {}", ["4:28: plugin `expect`: the recorder checks `expect` itself"]),
    ):
        variables = "http: {timeout: 5}\n  variables: {code: [200, 404]}"
        config = f"{variables}\n  plugins: {{fake-data: {{}}{plugin}}}"
        assert told(written(tmp_path, a_flow(step, config=config)))[1] == expected


def test_what_is_empty_is_called_so(tmp_path: Path):
    config = "http: {timeout: 5}\n  payload:\n  tls:"
    found = refused(written(tmp_path, a_flow("get: {url: /}", config=config)))
    assert found == [
        f"{line}:3: `{key}` is empty: fill it in or remove it"
        for line, key in ((3, "payload"), (4, "tls"))
    ]
    no_config = refused(written(tmp_path, "scenarios: [{flow: [{get: {url: /}}]}]"))
    assert no_config == [
        "1:1: a scenario file needs `config`: one that `artillery run --config` would add is written into "
        "it, such as `config: {}`"
    ]


def test_values_of_a_payload_may_be_long_and_its_name_may_hold_the_environment(tmp_path: Path):
    (tmp_path / "tokens-staging.csv").write_text("a" * 200_000 + ",b\n", encoding="utf-8")
    config = (
        "http: {timeout: 5}\n  environments: {staging: {}}\n  payload: "
        "{path: 'tokens-{{ $environment }}.csv', fields: [token, b], order: random}"
    )
    file = written(tmp_path, a_flow("get: {url: '/{{ token }}'}", config=config))
    assert told(file, environment="staging")[1] == []
    (problem,) = refused(file)
    assert problem.endswith("No such file or directory; `--environment` sets its `$environment`")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("config: {}\nname: a\0b\n", "2:8: the character U+0000 is not allowed in YAML; remove it"),
        ("config: {}\n\x1b[31m\n", "2:1: the character U+001B is not allowed in YAML; remove it"),
        ("\ud7ff\x07", "1:2: the character U+0007 is not allowed in YAML; remove it"),
        ("- 1\n", "1:1: a scenario file has the keys `config` and `scenarios`"),
        ("5\n", "1:1: a scenario file has the keys `config` and `scenarios`"),
    ],
)
def test_a_file_of_another_kind_is_told_with_its_place(tmp_path: Path, text: str, expected: str):
    assert refused(written(tmp_path, text)) == [expected]
