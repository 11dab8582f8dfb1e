# ruff: noqa: ISC004
"""A scenario file is validated before it runs, and every error says where to look."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from commandline.exit_codes import ExitCode
from loadtest.errors import LoadTestError
from loadtest.profiles import PROFILES
from loadtest.scenario import scenario

GOOD = """\
config:
  http:
    timeout: 5
  variables:
    words: [rock, jazz]
scenarios:
  - name: browse
    weight: 3
    flow:
      - get:
          url: /notes
          name: list
          capture:
            - json: $.notes[0].id
              as: noteId
      - think: 2
      - loop:
          - get: {url: "/notes/{{ noteId }}?q={{ words }}", expect: {statusCode: [200, 404]}}
          - think: 500ms
        count: 3
  - flow:
      - post: {url: /login, json: {user: "{{ $randomString() }}"}}
"""


def written(directory: Path, text: str) -> Path:
    file = directory / "mine.yml"
    file.write_text(dedent(text))
    return file


def complaints(file: Path) -> list[str]:
    """The problems of a file: `line:column: text`, a line each."""
    with pytest.raises(LoadTestError) as caught:
        scenario.load(str(file))
    assert caught.value.exit_code == ExitCode.FAILURE
    head, *lines = str(caught.value).splitlines()
    assert head == f"the scenario {file} cannot be run:"
    return [line.removeprefix(f"  {file}:") for line in lines]


def test_a_good_one_is_read(tmp_path: Path):
    found = scenario.load(str(written(tmp_path, GOOD)))
    assert str(found.description) == "browse"
    assert found.requests_per_user == 4
    # Two seconds, three times half a second, and four requests that time out.
    assert found.longest_s == 2 + 1.5 + 4 * 5
    assert not found.seeded
    script = found.artillery_script("http://127.0.0.1:1", PROFILES["smoke"])
    assert script["scenarios"][0]["flow"][0]["get"]["url"] == "/notes"
    assert script["scenarios"][1]["beforeScenario"] == "haproofBeforeScenario"


def changed(old: str, new: str) -> str:
    assert old in GOOD
    return GOOD.replace(old, new, 1)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ["1:1: the file is empty"]),
        ("a: [", ["1:5: not YAML: expected the node content, but found '<stream end>'"]),
        (changed("    timeout: 5", "    timeout: 5\n    timeout: soon"),
         ["3:5: `timeout`: is a number of seconds, such as `timeout: 10`, not 'soon'",
          "4:5: `timeout` is already given on line 3; remove one of them"]),
        ("a: &a [*a]", ["1:4: this anchor contains itself"]),
        (
            "[1, 2]",
            ["1:1: a scenario file has the keys `config` and `scenarios`"],
        ),
        (changed("    timeout: 5", "    timeout: soon"),
         ["3:5: `timeout`: is a number of seconds, such as `timeout: 10`, not 'soon'"]),
        (changed("    timeout: 5", "    timeout: 0"),
         ["3:5: `timeout`: input should be greater than 0, not 0"]),
        (changed("    timeout: 5", "    timeout: 5\n    pool: 0"),
         ["4:5: `pool`: is a number of connections from 1 to 65,535, such as `pool: 10`, not 0"]),
        (changed("    timeout: 5", "    timout: 5"),
         ["3:5: unknown key `timout` in `config.http`; did you mean `timeout`?"]),
        (changed("  variables:", "  plugins: {hello: {}}\n  variables:"),
         ["4:13: plugin `hello`: it is not part of Artillery and is not installed; remove it"]),
        (changed("  - name: browse", "  - nmae: browse"),
         ["7:5: unknown key `nmae` in a scenario; did you mean `name`?"]),
        (changed("  - name: browse", "  - name: browse\n    onError: mine"),
         ["8:5: `mine` is a function: name its file as `processor` below `config`"]),
        (changed("          name: list", "          naem: list"),
         ["12:11: unknown key `naem` in a request; did you mean `name`?"]),
        (changed("          name: list", "          timeout: 3"),
         ["12:11: remove `timeout`: Artillery ignores it here and reads `config.http.timeout`"]),
        (changed("          url: /notes\n", ""), ["10:9: `get`: a request needs a `url`"]),
        (changed("      - think: 2", "      - think: 0.5"),
         ['16:9: `think`: write "500ms": Artillery reads 0.5 as milliseconds, not 0.5']),
        (changed("        count: 3", "        whileTrue: more"),
         ["20:9: `more` is a function: name its file as `processor` below `config`"]),
        (changed("        count: 3\n", ""),
         ["17:9: a loop needs `count` or `over`: without them it never ends"]),
        (changed("      - think: 2", "      - function: go"),
         ["16:9: `go` is a function: name its file as `processor` below `config`"]),
        (changed("      - think: 2", "      - sleep"),
         ["16:9: a step is a mapping, such as `get: {url: /}`, not 'sleep'"]),
        (changed("      - think: 2", "      - get:"),
         ["16:9: `get` needs a mapping with a `url`, indented below it"]),
        (changed("          name: list", "          qs: {'ids[]': [1, 2], 'b[]': 1}"),
         ["12:16: `ids[]`: Artillery takes it for a path and sends a `ids` besides: write the query into "
          "the `url`"]),
        (changed('{user: "{{ $randomString() }}"}', "{a: {b.c: {d: 1}}, e.f: 1}"),
         ["22:40: `b.c`: Artillery takes it for a path and sends a `b` besides: send it as `body`"]),
        (changed("          name: list", "          match: {header: x-a, value: 7}"),
         ['12:11: `match`: write `value: "7"`: Artillery finds a text there, not a number']),
        (changed("          name: list", "          match: {json: $.a, value: [7]}"),
         ["12:11: `match`: `value` is a list or mapping, to which nothing is equal: match a part of it"]),
        (changed("        count: 3", "        count: 3\n        over: [1]"),
         ["17:9: with `over`, Artillery does not count by `count`: remove one of them"]),
        (changed("    words: [rock, jazz]", "    words: [rock, 7]").replace(
            "          name: list", "          auth: {user: '{{ words }}', pass: 'a {{ words }}'}"),
         ["12:18: `words` can be 7, and Artillery sends only a text here: quote it, or write `cast: false` "
          "for its payload"]),
        (changed("{{ noteId }}", "{{ noteid }}"),
         ["18:19: nothing sets the variable `noteid`; did you mean `noteId`?"]),
        (changed("{{ words }}", "{{ $processEnvironment.TOKEN }}"),
         ["18:19: `$processEnvironment` is empty: the generator gets no environment variables; "
          "`--pass-env TOKEN` lets it in"]),
        (changed("expect: {statusCode: [200, 404]}", "expect: {contentTyp: json}"),
         ["18:70: unknown key `contentTyp` in `expect`; did you mean `contentType`?"]),
        ("config: {http: {timeout: 1}}\nscenarios: []",
         ["2:1: `scenarios`: is empty: write at least one, or remove it"]),
        ("config: {http: {timeout: 1}}\nscenarios: [{name: x}]",
         ["2:13: a scenario needs a `flow` with its requests"]),
        ("config: {http: {timeout: 1}}\nscenarios: [{flow: [{think: 1}]}]",
         ["2:14: `flow`: the flow sends no request"]),
        ("scenarios: [{flow: [{get: {url: /}}]}]", ["1:1: a scenario file needs "
         "`config`: one that `artillery run --config` would add is written into it, such as `config: {}`"]),
    ],
)  # fmt: skip
def test_what_would_measure_something_else_is_reported_with_its_position(
    tmp_path: Path, text: str, expected: list[str]
):
    assert complaints(written(tmp_path, text)) == expected


def with_payload(payload: str) -> str:
    return changed("  variables:", f"  payload: {payload}\n  variables:")


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        ("{path: absent.csv, fields: [a], order: sequence}",
         ["4:13: cannot read the payload {dir}/absent.csv: No such file or directory"]),
        ("{path: some.csv, fields: [a, b, c], order: sequence}",
         ["4:13: the payload {dir}/some.csv has 2 columns, but 3 `fields`"]),
        ("{path: empty.csv, fields: [a], order: sequence, skipHeader: true}",
         ["4:13: the payload {dir}/empty.csv has no row"]),
        ("[{path: some.csv, fields: [a, b], order: Sequence}]",
         ["4:46: `order`: input should be 'sequence' or 'random', not 'Sequence'"]),
        ("{path: bom.csv, fields: [a], order: sequence}",
         ["4:13: the payload {dir}/bom.csv begins with a BOM, which becomes part of its first value"]),
        ("{path: ragged.csv, fields: [a], order: sequence}",
         ["4:13: row 2 of the payload {dir}/ragged.csv has 1 columns, the others have 2: Artillery "
          "does not read it"]),
        ("{path: some.csv, loadAll: true}",
         ["4:3: `payload`: `loadAll` needs a `name`, the variable that gets all rows; "
          "without `loadAll`, each user gets a row"]),
        ("{path: credentials.csv, fields: [user], order: sequence}",
         ["4:36: the seeded visitors have the fields username, password"]),
        ("{path: some.csv, fields: [a], order: sequence, loadAll: true, name: x}",
         ["4:3: `payload`: remove `order`: with it, Artillery ignores `loadAll`"]),
        ("{path: some.csv, fields: [a], order: sequence, options: {columns: true}}",
         ["4:59: remove `options`: they are not checked here: convert the file"]),
    ],
)  # fmt: skip
def test_payload_files_are_looked_into(tmp_path: Path, payload: str, expected: list[str]):
    (tmp_path / "some.csv").write_text("1,2\n3,4\n")
    (tmp_path / "bom.csv").write_bytes(b"\xef\xbb\xbf1,2\n")
    (tmp_path / "ragged.csv").write_text("1,2\n3\n")
    (tmp_path / "empty.csv").write_text("header\n")
    found = complaints(written(tmp_path, with_payload(payload)))
    assert found == [line.replace("{dir}", str(tmp_path)) for line in expected]


def test_a_payload_of_ones_own_must_have_a_row_for_every_user(tmp_path: Path):
    file = tmp_path / "mine.csv"
    needed = PROFILES["smoke"].planned_users
    text = with_payload("{path: mine.csv, fields: [a], order: sequence, skipHeader: true}")
    file.write_text("a\n" + "x\n" * needed)
    found = scenario.load(str(written(tmp_path, text)))
    found.check_supply(PROFILES["smoke"], 1, seed_users=0)
    script = found.artillery_script("http://127.0.0.1:1", PROFILES["smoke"])
    assert script["config"]["payload"][0]["path"] == str(file)

    before = found.digest
    file.write_text("a\n" + "x\n" * (needed - 1))
    fewer = scenario.load(str(written(tmp_path, text)))
    assert fewer.digest != before
    with pytest.raises(LoadTestError, match=rf"has {needed - 1} rows, .* needs {needed}"):
        fewer.check_supply(PROFILES["smoke"], 1, seed_users=0)
    shared = written(tmp_path, text.replace("sequence", "random"))
    scenario.load(str(shared)).check_supply(PROFILES["smoke"], 1, seed_users=0)


def test_merged_mappings_and_anchors_are_followed(tmp_path: Path):
    file = written(
        tmp_path,
        """\
        config: {http: {timeout: 1}}
        scenarios:
          - flow:
              - get: &page {url: /, nmae: index}
              - get: {<<: *page, url: /again}
        """,
    )
    assert complaints(file) == [
        "4:29: unknown key `nmae` in a request; did you mean `name`?",
    ]
