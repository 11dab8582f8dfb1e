# ruff: noqa: ISC004
"""What Artillery refuses, ignores or does otherwise is refused: all at once, with line and remedy."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.loadtest.scenario.brought import a_flow, refused, written


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
        ("get: /", '6:9: `get` is a mapping: write `get: {url: "/"}`'),
        ("get: {url: ''}", "6:15: `url` is empty: write `/`"),
        ("get: {url: /, ifTrue: true}", "6:23: `ifTrue` names a variable, such as `ifTrue: token`: remove "
         "it, or the request"),
        ("post: {url: /, json: false}", "6:24: `json`: nothing is sent for it: write `body: "
         "'false'` and its `content-type`, not False"),
        ("post: {url: /, body: {a: 1}}", "6:24: `body`: must be a text, not a mapping"),
        ("get: {url: /, headers: }", "6:23: `headers` is empty: fill it in or remove it"),
        ('get: {url: /, headers: {x-a: "a\\nb"}}', "6:23: `headers`: `x-a` has a new line, which no header "
         "can have: Artillery ends the user"),
        ("get: {url: /, headers: {x-a: 1, x-b: 'a 日本'}}", "6:23: `headers`: `x-b` has the "
         "character U+65E5, which no header can have: Artillery ends the user"),
        ("get: {url: /, cookie: {이름: a}}", "6:23: `cookie`: `이름` has the character U+C774, which "
         "no header can have: Artillery ends the user"),
        ("get: {url: /, headers: {x a: b}}", "6:23: `headers`: 'x a' is not a header name"),
        ("get: {url: /, capture: {json: $.id}}", "6:23: `capture` needs `as`, the variable that gets "
         "the value"),
        ("get: {url: /, capture: {header: Location, as: a}}", "6:23: `capture`: write `header: "
         "location`: Artillery finds headers in lower case only"),
        ("get: {url: /, match: {json: $.id}}", "6:23: `match` needs a `value`"),
        ("get: {url: /, probability: 20%}", "6:23: `probability`: must be a number from 0 to 100, "
         "without `%` or a template, not '20%'"),
        ("get: {url: /, auth: {user: a, pass: 1}}", "6:39: `pass`: must be a text: write "
         '"1", in quotes'),
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
        ("think: {min: 1, max: 3}", '6:9: `think`: write seconds (`2`), a duration ("500ms") or '
         '"{{ $randomNumber(1, 5) }}"'),
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
        ("{loop: [{get: {url: /}}], over: names}", "6:35: `names` is not a list for a user, who gets "
         "one of its values, and the loop would not run at all: write the list here, or as a list in "
         "a list"),
        ("{loop: [{get: {url: /}}], over: []}", "6:35: `over`: is empty: write at "
         "least one, or remove it"),
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
            a_flow('get: {url: "/{{ $xyz }}"}'),
            "5:15: Artillery has no variable `$xyz`, only $uuid, $testId, $environment, "
            "$dirname, $scenarioFile: set one in a function of a `processor`",
        ),
        (
            a_flow("get: {url: \"/{{ $env.A || 'b' }}\"}"),
            "5:15: Artillery knows no default in braces: it sends `{{ $env.A || 'b' }}` as it is; "
            "write `{{ $env.A }}`, export A and let it in with `--pass-env A`",
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


def test_all_findings_come_in_one_round(tmp_path: Path):
    file = written(
        tmp_path,
        """\
        config:
          http: {timeout: soon, pool: none}
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


FINE = "scenarios: [{flow: [{get: {url: /}}]}]\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # Another spelling of a key at the top: what is below it is looked at all the same.
        (
            "config: {}\nscenario: [{flow: [{get: /home}, {GET: {url: /}}]}]\n",
            [
                "2:1: unknown key `scenario` in a scenario file; did you mean `scenarios`?",
                '2:21: `get` is a mapping: write `get: {url: "/home"}`',
                "2:35: unknown key `GET` in a step; did you mean `get`?",
            ],
        ),
        (
            "config: {target: 'http://x', target: 'http://y'}\nscenarios: [{flow: [{get: {url: x}}]}]\n",
            [
                "1:30: `target` is already given on line 1; remove one of them",
                "2:28: a URL begins with a slash: write `/x`",
            ],
        ),
        (
            "config: {environments: [dev], http: {timeout: 30s}}\n"
            "scenarios: [{weight: '{{ w }}', flow: [{get: {url: /}}]}]\n",
            [
                "1:10: `environments`: each has a name, such as `environments: {staging: {target: …}}`",
                "1:38: `timeout`: is a number of seconds, such as `timeout: 10`, not '30s'",
                "2:14: `weight`: is known only in the run: write the number, not '{{ w }}'",
                "2:14: nothing sets the variable `w`",
            ],
        ),
        (
            "config: {payload: {path: 'data\\users.csv', fields: [a]}}\n"
            "scenarios: [{flow: [{get: {url: '/{{ a }}'}}]}]\n",
            [
                "1:20: cannot read the payload {directory}/data\\users.csv: No such file or directory; "
                "write `/` between directories, which every system takes"
            ],
        ),
        # Every phase, and every key of it.
        (
            "config:\n  phases:\n    - {duration: -5, arrivalRate: 1, repeat: 3}\n"
            "    - {duration: '{{ $env.HOW_LONG }}', rampTo: '{{ $env.HOW_MANY }}'}\n"
            f"    - {{duration: 10, arrivalCount: 99000000}}\n{FINE}",
            [
                "3:8: `duration`: -5 is not a duration of at least 1 s in whole seconds, such as "
                "`60` or `5m`",
                "3:38: unknown key `repeat` in a phase; known are name, duration, arrivalRate, rampTo, "
                "arrivalCount, pause, maxVusers, mode",
                "4:8: `duration` reads the environment variable HOW_LONG, which is empty: `--pass-env "
                "HOW_LONG` lets it in",
                "4:41: `rampTo` reads the environment variable HOW_MANY, which is empty: `--pass-env "
                "HOW_MANY` lets it in",
                "5:22: `arrivalCount`: 99000000 is not a whole number from 1 to 10,000,000",
            ],
        ),
        (
            f"config:\n  phases:\n    - {{duration: 10, arrivalRate: {'9' * 400}}}\n"
            f"    - {{duration: 1, arrivalCount: 2000000, name: ~}}\n{FINE}",
            [
                f"3:22: `arrivalRate`: {'9' * 59}… is not a number from 0 to 10,000,000",
                "4:7: phase 'phase 2': 2,000,000 visitors a second; 100,000 are the most",
            ],
        ),
        # What only environments set, and none was chosen.
        (
            "config: {environments: {dev: {variables: {a: 1}}, "
            "prod: {payload: {path: p.csv, fields: [a]}}}}\n"
            "scenarios: [{flow: [{get: {url: '/{{ a }}'}}]}]\n",
            ["2:28: `a` is set in an environment only: `--environment dev` chooses one of 2"],
        ),
        # The columns of a payload that is wrong are known all the same.
        (
            "config: {payload: {path: 5, fields: [a], trim: true}}\n"
            "scenarios: [{flow: [{get: {url: '/{{ a }}'}}]}]\n",
            [
                '1:20: `path`: must be a text: write "5", in quotes',
                "1:42: unknown key `trim` in `config.payload`; known are path, fields, order, skipHeader, "
                "skipEmptyLines, cast, delimiter, loadAll, name",
            ],
        ),
        # One scenario is a list as well, and what is wrong in it is told at once.
        (
            "config: {}\nscenarios:\n  flow:\n    - get: {url: a}\n",
            [
                "2:1: `scenarios` is a list: write `- ` before its first key",
                "4:13: a URL begins with a slash: write `/a`",
            ],
        ),
        # Keys that Artillery's HTTP client does not know end every request.
        (
            f"config: {{tls: {{client: {{key: ./key.pem}}}}}}\n{FINE}",
            [
                "1:16: unknown key `client` in `config.tls`; known are rejectUnauthorized, serverName, "
                "certificateAuthority, key, certificate, passphrase, ciphers, minVersion, maxVersion, "
                "honorCipherOrder, alpnProtocols"
            ],
        ),
        (
            "config: {}\nscenarios: [{flow: [{post: {url: /, formData: {a: [x]}}}, "
            "{post: {url: /, formData: {a: {b: 1}}}}, "
            "{post: {url: /, formData: {a: {value: x, name: y}}}}]}]\n",
            [
                "2:37: `formData`: `a` is a list, on which Artillery ends: write one text",
                "2:75: `formData`: `a` is a mapping without `fromFile` or `value`",
                "2:116: `formData`: unknown key `name` in `a`; known are contentType, fromFile, value",
            ],
        ),
        (
            f"config: {{plugins: {{faker: {{}}}}}}\n{FINE}",
            ["1:20: plugin `faker` is not installed: use Artillery's own, `fake-data`, and its functions"],
        ),
        (
            "config: {}\nscenarios: [{engine: , flow: [{get: {url: /}}]}, "
            "{weight: 1.5, flow: [{get: {url: /}}]}]\n",
            [
                "2:14: `engine` is empty: fill it in or remove it",
                "2:51: `weight`: must be a whole number: Artillery cuts off the rest, not 1.5",
            ],
        ),
        (
            "config: {}\nscenarios: [{engine: ws, flow: [{emit: a, response: b}]}]\n",
            [
                "2:14: `engine`: only HTTP is recorded, not 'ws'; use HTTP requests instead",
                "2:34: remove `emit`: only HTTP is recorded",
            ],
        ),
        (f"config: {{}}\n---\n{FINE}",
         ["2:1: not YAML: a second document begins here: put all into one, without `---`"]),
        (f"config:\n\ttarget: x\n{FINE}",
         ["2:1: not YAML: a tab, which YAML does not take here: indent with spaces"]),
        (f"config: !include x.yml\n{FINE}",
         ["1:9: not YAML: there is no tag `!include`: write the content itself here"]),
        (f"config: {{a: @b}}\n{FINE}", ["1:13: not YAML: no value begins with `@`: put it in quotes"]),
        (f"config: {{}}\nx: a: b\n{FINE}",
         ["2:5: not YAML: a colon inside of a value: put the value in quotes, or begin a new line"]),
        (f"config: {{http: [1]}}\nbefore: [{{get: {{url: /}}}}]\n{FINE}",
         ["1:10: `http`: input should be a mapping of keys to values, such as `{name: …}`",
          "2:1: `before` is a mapping: write `flow:` above its steps, and indent them below it"]),
    ],
)  # fmt: skip
def test_scripts_as_people_publish_them_are_refused_with_every_line(
    tmp_path: Path, text: str, expected: list[str]
):
    found = refused(written(tmp_path, text), own_phases=True)
    assert found == [line.replace("{directory}", str(tmp_path)) for line in expected]
