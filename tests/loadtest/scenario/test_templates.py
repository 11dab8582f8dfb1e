# ruff: noqa: ISC004
"""Templates: what Artillery computes, and what it would send as it is."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from tests.loadtest.scenario.brought import a_flow, refused, script_of, told, written


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{{ $randomEmail() }}", "Artillery has no function `$randomEmail`: did you mean "
         "`{{ $randEmail() }}` of the plugin fake-data?"),
        ("{{ $randomInt(1, 5) }}", "Artillery has no function `$randomInt`: did you mean "
         "`{{ $randomNumber(1, 100) }}`?"),
        ("{{ $xyz() }}", "Artillery has no function `$xyz`: it has $randomNumber, $randomString and, with "
         "the plugin fake-data, 268 more; what any other returns is set by a `processor`"),
        *((text, f"Artillery has no {what} `{text[3:].split()[0].strip('()')}`: set it in a function of a "
           "`processor`, such as `context.vars.now = Date.now()`, and write `{{ now }}`")
          for text, what in (
              ("{{ $timestamp() }}", "function"), ("{{ $now() }}", "function"), ("{{ $now }}", "variable"),
              ("{{ $isoTimestamp }}", "variable"), ("{{ $datetime }}", "variable"),
              ("{{ $timestampMs }}", "variable"), ("{{ $currentDate() }}", "function"))),
        ("{{ $randomUUID }}", "Artillery has no variable `$randomUUID`: did you mean `{{ $uuid }}`?"),
        ("{{ $randomInt }}", "Artillery has no variable `$randomInt`: did you mean "
         "`{{ $randomNumber(1, 100) }}`?"),
        ("{{ $faker.internet.email }}", "Artillery has no variable `$faker`: fake data is of the plugin "
         "fake-data, such as `{{ $randEmail() }}`"),
        ("{{ $xyz }}", "Artillery has no variable `$xyz`, only $uuid, $testId, $environment, $dirname, "
         "$scenarioFile: set one in a function of a `processor`"),
        ("{{ $uuid() }}", "`$uuid` is a variable: write `{{ $uuid }}`"),
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
        ("{{ name.first }}", "`{{ name.first }}`: `name` can be 'ann', in which there is no `first`, "
         "and Artillery sends \"undefined\""),
        ("{{ name[7] }}", "`{{ name[7] }}`: `name` can be 'ann', in which there is no `7`, and Artillery "
         "sends \"undefined\""),
        ("{{ $environment }}", "`$environment` is empty: `--environment` chooses one, whose name "
         "replaces it in texts"),
        ("{{ $loopCount }}", "`$loopCount` is there in a loop, and behind it, whose `loopValue` does not "
         "name it otherwise"),
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
        "{{ name }}", "{{name}} and {{{ name }}}", "{{ user.first }}", "{{ name[0] }}", "{{ $uuid }}",
        "{{ user['last'][0].x }}", "{{ name.length }}", "{{ user.last[1] }}", "{{ fruits[0] }}",
        "{{ $randomNumber(1, 5) }}", "{{ $randomString() }}", "{{ $internetEmail() }}", "{ }", "한글",
        '{"a": {{ name }} }', "{{ $env.TOKEN }}", "{{ $processEnvironment.TOKEN }}",
    ],
)  # fmt: skip
def test_a_template_that_artillery_computes_is_accepted(
    tmp_path: Path, text: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("TOKEN", "secret")
    config = (
        "http: {timeout: 5}\n  plugins: {fake-data: {}}\n  variables: {name: ann, fruits: [fig, kiwi], "
        "user: {first: ann, last: [{x: 1}, 2]}}"
    )
    step = (
        f"post: {{url: /, json: {{a: {yaml.safe_dump(text).strip().removesuffix('...').strip()}}}}}"
    )
    found, _ = told(written(tmp_path, a_flow(step, config=config)), pass_env=frozenset({"TOKEN"}))
    assert script_of(found)["scenarios"][0]["flow"][0]["post"]["json"] == {"a": text}


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
