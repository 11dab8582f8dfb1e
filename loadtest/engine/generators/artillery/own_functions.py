"""Prepares the functions that a scenario brings, so that they run beside the recorder."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from loadtest.engine.generators.base import Installation
from loadtest.errors import GeneratorError
from loadtest.runs import paths
from loadtest.scenario import script
from loadtest.scenario.scenario import Scenario

COMPOSED = Path(__file__).with_name(script.COMPOSED)
BUNDLE = "functions.cjs"
"""The processor as JavaScript, where it is written in TypeScript."""
_TIMEOUT_S = 120
_BUILD = """
const [library, entry, outfile] = process.argv.slice(1);
try {
  require(library).buildSync({ entryPoints: [entry], outfile, bundle: true, platform: 'node',
    format: 'cjs', sourcemap: 'inline', external: ['@playwright/test'], logLevel: 'silent' });
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
    try:
        shutil.copyfile(COMPOSED, directory / COMPOSED.name)
    except OSError as error:
        raise paths.ResultsError(f"cannot write to {directory}: {error.strerror}") from error
    module = source
    if source.suffix == ".ts":
        module = (directory / BUNDLE).resolve()
        _compile(source, module, installation)
    return {
        "HAPROOF_PROCESSOR": str(module),
        "HAPROOF_PROCESSOR_NAME": source.name,
        "HAPROOF_FUNCTIONS": ",".join(scenario.functions),
    }


def _compile(source: Path, module: Path, installation: Installation) -> None:
    """Compile TypeScript as Artillery does, but into the run's directory, not beside the source."""
    node, artillery = installation.command[0], Path(installation.command[-1]).parent.parent
    library = str(artillery.parent / "esbuild-wasm")
    done = subprocess.run(
        [node, "-e", _BUILD, library, str(source), str(module)],
        capture_output=True,
        text=True,
        timeout=_TIMEOUT_S,
        check=False,
    )
    if done.returncode:
        said = (done.stderr.strip().splitlines() or ["it printed nothing"])[0]
        raise GeneratorError(f"cannot compile the processor {source}: {said}")
