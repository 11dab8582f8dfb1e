"""Artillery keeps nobody in memory who has left: with the pinned got, and streams of this Node."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest

from benchmarks.pauses import collections
from benchmarks.recorder import serving
from loadtest.engine.generators.artillery import generator
from toolchain import locate

pytestmark = pytest.mark.region

VISITORS = Path(__file__).with_name("visitors.mjs")
PRETENURED = re.compile(r"^\s+promise\.\w+ = (\(|function\b)", re.MULTILINE)


def node(script: str) -> str:
    command, entry = locate.artillery_command()
    given = [command, "--input-type=module", "-e", script, entry, generator.YOUNG]
    return subprocess.run(given, capture_output=True, text=True, check=True, timeout=60).stdout


LET_GO = """
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
const [entry, young] = process.argv.slice(1);
const why = createRequire(import.meta.url)(young).letGo(entry);
const inside = createRequire(createRequire(entry).resolve('got'));
const load = (file) => import(pathToFileURL(file).href);
const { default: PCancelable } = await load(inside.resolve('p-cancelable'));
"""


def test_the_pinned_got_is_as_it_is_known():
    asked = """
    const promise = await load(inside.resolve('./as-promise/index.js'));
    console.log(JSON.stringify([why, promise.default.toString(), PCancelable.toString()]));
    """
    why, promise, cancelable = json.loads(node(LET_GO + asked))

    assert why == ""
    assert not PRETENURED.search(promise)
    assert promise.count("= own = ") == 5
    assert "get: () =>" not in cancelable


def test_a_request_is_cancelled_as_before():
    asked = """
    const ends = {};
    for (const rejects of [true, false]) {
      let stopped = false;
      const one = new PCancelable((resolve, reject, onCancel) => {
        onCancel.shouldReject = rejects;
        ends.default ??= onCancel.shouldReject;
        onCancel(() => { stopped = true; });
        setTimeout(resolve, 20, 'answered');
      });
      const end = one.then((value) => value, (error) => error.name);
      one.cancel();
      ends[rejects] = [await Promise.race([end, new Promise((r) => setTimeout(r, 200, 'never'))]), stopped];
    }
    let kept;
    new PCancelable((resolve, reject, onCancel) => { kept = onCancel.shouldReject; });
    console.log(JSON.stringify({ why, kept, ends }));
    """
    found = json.loads(node(LET_GO + asked))

    assert found["why"] == ""
    assert found["kept"] is True
    assert found["ends"] == {
        "default": True,
        "true": ["CancelError", True],
        "false": ["answered", True],
    }


def test_other_files_are_left_alone(tmp_path: Path):
    packages = tmp_path / "node_modules"
    for name, main in (("got", "dist/source/as-promise/index.js"), ("p-cancelable", "index.js")):
        (packages / name / main).parent.mkdir(parents=True)
        (packages / name / main).write_text("export default 'another release';\n")
        made = {"name": name, "type": "module", "exports": f"./{main}"}
        (packages / name / "package.json").write_text(json.dumps(made))
    entry = tmp_path / "run.js"
    entry.write_text("")
    asked = f"""
    import {{ createRequire }} from 'node:module';
    const load = createRequire({json.dumps(str(entry))});
    const why = load(process.argv[2]).letGo({json.dumps(str(entry))});
    console.log(JSON.stringify([why, load('got').default]));
    """
    why, got = json.loads(node(asked))

    assert got == "another release"
    assert (
        why == "not as they are known: got/dist/source/as-promise/index.js, p-cancelable/index.js"
    )


def copied_share(*young: Path) -> float:
    """Which share of what visitors allocate survives the collections, once all is warm."""
    command, entry = locate.artillery_command()
    with serving() as (url, _):
        given = [command, "--trace-gc-nvp", "--no-allocation-site-pretenuring", VISITORS]
        done = subprocess.run(
            [*given, entry, "1500", f"{url}/", *young],
            capture_output=True, text=True, check=True, timeout=400,
        )  # fmt: skip
    found = [one for one in collections(done.stdout) if one.young]
    late = found[len(found) // 2 :]
    return sum(one.copied_bytes for one in late) / sum(one.allocated_bytes for one in late)


@pytest.mark.slow
def test_nobody_who_has_left_survives_a_collection():
    """Counted in bytes: how long that takes is another matter."""
    assert copied_share(generator.YOUNG) < copied_share() / 4
