# ruff: noqa: ISC004
"""Files that a script names: its payloads, and those that its requests send."""

from __future__ import annotations

from pathlib import Path

from loadtest.scenario import scenario
from tests.loadtest.scenario.brought import a_flow, refused, script_of, told, written


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
