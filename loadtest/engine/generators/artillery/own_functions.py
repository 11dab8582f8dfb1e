"""Prepares a scenario's own functions so that they run alongside the recorder."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from loadtest.engine.generators.base import Installation
from loadtest.engine.generators.process import environment
from loadtest.errors import GeneratorError
from loadtest.runs import paths
from loadtest.scenario import script
from loadtest.scenario.scenario import Scenario

COMPOSED = Path(__file__).with_name(script.COMPOSED)
BUNDLE = "functions.cjs"
"""The processor as JavaScript, where it is written in TypeScript."""
_TIMEOUT_S = 120
_SYNTAX = re.compile(r"SyntaxError: (?!Cannot use (?:import|'import)|Unexpected token 'export')")
"""Node's error for code that it cannot parse; older versions say what follows here for a module."""
_BUILD = """
const path = require('node:path');
const [library, entry, outfile, there, external] = process.argv.slice(1);
const define = { __dirname: JSON.stringify(path.dirname(there)), __filename: JSON.stringify(there) };
try {
  require(library).buildSync({ entryPoints: [entry], outfile, bundle: true, platform: 'node',
    format: 'cjs', sourcemap: 'inline', external: JSON.parse(external), define, logLevel: 'silent' });
} catch (error) {
  const first = error.errors?.[0];
  const place = first?.location ? `${first.location.line}:${first.location.column + 1}: ` : '';
  console.error(place + (first?.text ?? error.message));
  process.exit(1);
}
"""


def prepare(scenario: Scenario, directory: Path, installation: Installation) -> dict[str, str]:
    """Copy what composes recorder and functions, and return the environment that it needs.

    Raises:
        GeneratorError: The processor is TypeScript and cannot be compiled.
        ResultsError: The run's directory cannot be written to.
    """
    if scenario.processor is None:
        return {}
    source = scenario.processor.path
    with paths.writing_to(directory):
        shutil.copyfile(COMPOSED, directory / COMPOSED.name)
    module = source
    if source.suffix == ".ts":
        module = (directory / BUNDLE).resolve()
        _compile(scenario, module, installation.command)
    return {
        # For what `config.bundling` leaves out, which would be looked for beside the bundle.
        "NODE_PATH": os.pathsep.join(str(one / "node_modules") for one in source.resolve().parents),
        "HAPROOF_PROCESSOR": str(module),
        "HAPROOF_PROCESSOR_NAME": source.name,
        "HAPROOF_FUNCTIONS": ",".join(scenario.functions),
    }


def require_valid(scenario: Scenario, command: Sequence[str]) -> None:
    """Require functions that Node can read, before minutes of work; `command` is [node, script].

    Raises:
        GeneratorError: It cannot; the message has the line.
    """
    processor = scenario.processor
    if processor is None:
        return
    if processor.path.suffix == ".ts":
        with tempfile.TemporaryDirectory() as directory:
            _compile(scenario, Path(directory, BUNDLE), command)
        return
    for file in processor.files:
        if file.suffix in (".js", ".cjs", ".mjs"):
            _check_syntax(file, command[0])


def _check_syntax(file: Path, node: str) -> None:
    done = subprocess.run(
        [node, "--check", str(file)],
        capture_output=True,
        text=True,
        timeout=_TIMEOUT_S,
        check=False,
        env=environment({}),
    )
    lines = done.stderr.strip().splitlines()
    said = next((line for line in lines if _SYNTAX.match(line)), None)
    if done.returncode and said:
        place = lines[0] if lines[0].startswith(str(file)) else str(file)
        raise GeneratorError(f"cannot read the processor {place}: {said}")


def _compile(scenario: Scenario, module: Path, command: Sequence[str]) -> None:
    """Compile TypeScript as Artillery does, but into the run's directory, not beside the source."""
    assert scenario.processor is not None  # noqa: S101 - the caller has looked
    source = scenario.processor.path.resolve()
    node, artillery = command[0], Path(command[-1]).parent.parent
    library = str(artillery.parent / "esbuild-wasm")
    # Where Artillery's own bundle would lie, from which functions may look for files.
    there = source.parent / "dist" / f"{source.stem}.js"
    external = ["@playwright/test", *scenario.validated.config.bundling.external]
    done = subprocess.run(
        [node, "-e", _BUILD, library, str(source), str(module), str(there), json.dumps(external)],
        capture_output=True,
        text=True,
        timeout=_TIMEOUT_S,
        check=False,
        env=environment({}),
    )
    if done.returncode:
        said = (done.stderr.strip().splitlines() or ["it printed nothing"])[0]
        raise GeneratorError(f"cannot compile the processor {source}: {said}")
