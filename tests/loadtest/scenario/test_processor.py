"""The functions that a script brings."""

from __future__ import annotations

from pathlib import Path

from tests.loadtest.scenario.brought import a_flow, refused, script_of, told, written


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
