"""The functions that a script brings."""

from __future__ import annotations

from pathlib import Path

import pytest

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


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (
            "const a = require('./nowhere');",
            "own.js:1 imports `./nowhere`, and there is no such file",
        ),
        (
            "import a from './lib/nowhere.js';",
            "own.js:1 imports `./lib/nowhere.js`, and there is no",
        ),
        (
            "\nimport {\n  a,\n} from 'nowhere-at-all';",
            "own.js:4 imports `nowhere-at-all`, which is not",
        ),
        (
            "const a = require('@our/lib/deep');",
            "own.js:1 imports `@our/lib`, which is not installed",
        ),
        (
            "const f = fs.readFileSync('./data/a.json');",
            "own.js:1 reads `./data/a.json`, which is not in",
        ),
    ],
)
def test_what_cannot_be_loaded_is_told_before_anything_runs(tmp_path: Path, code: str, said: str):
    (tmp_path / "own.js").write_text(f"{code}\nexports.sign = () => a;\n")
    config = "http: {timeout: 5}\n  processor: own.js"
    flow = a_flow("function: sign", "get: {url: /}", config=config)
    (found,) = refused(written(tmp_path, flow))
    assert found.startswith(f"3:3: {said}")


def test_what_node_finds_and_what_it_is_never_asked_for_is_fine(tmp_path: Path):
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "index.js").write_text("exports.inside = 'word';\n")
    (tmp_path / "package").mkdir()
    (tmp_path / "package" / "package.json").write_text('{"main": "./main"}')
    (tmp_path / "package" / "main.cjs").write_text("exports.other = 1;\n")
    (tmp_path / "node_modules" / "@our" / "lib").mkdir(parents=True)
    (tmp_path / "words.json").write_text("[]")
    (tmp_path / "own.js").write_text(
        "const fs = require('node:fs'), util = require('util/types');\n"
        "const a = require('./lib'), b = require('./package'), c = require('./words');\n"
        "import d from '@our/lib/deep';\n"
        "import type { E } from './types-only';\n"
        "// const f = require('./gone');\n"
        "/* const g = require('./gone');\n"
        "const h = require('./gone'); */\n"
        "const w = fs.readFileSync('words.json'), url = 'https://x.example/from \"./gone\"';\n"
        "exports.sign = () => { const i = require('./gone'); return a.inside; };\n"
    )
    config = "http: {timeout: 5}\n  processor: own.js"
    flow = a_flow("function: sign", "get: {url: '/{{ inside }}/{{ other }}'}", config=config)
    found, notes = told(written(tmp_path, flow))
    assert notes == []
    assert found.processor is not None
    assert {one.name for one in found.processor.files} == {
        "own.js", "index.js", "main.cjs", "words.json",
    }  # fmt: skip


def test_comments_and_texts_are_no_code(tmp_path: Path):
    (tmp_path / "own.js").write_text(
        "const help = `\nimport x from 'gone-1';\nrequire('./gone-2')\n`;\n"
        "const slash = /[\"'`/]/, more = text.split(/`/);\n"
        "const said = \"it is from 'gone-3', they said\", other = 'no require(\"gone-4\")';\n"
        "const url = 'https://x.example'; // const g = require('gone-5'); don't\n"
        "/* fs.readFileSync('gone.csv'), process.env.GONE */\n"
        "// function signOut() {}\n"
        "exports.sign = () => slash;\n"
        'import a from "gone-6";\n'
    )
    config = "http: {timeout: 5}\n  processor: own.js"
    flow = a_flow("function: sign", "function: signOut", "get: {url: /}", config=config)
    installed = "installed beside it: `npm install gone-6`"
    assert refused(written(tmp_path, flow)) == [
        f"3:3: own.js:11 imports `gone-6`, which is not {installed} in {tmp_path}",
        "7:9: own.js has no function `signOut`",
    ]
