"""Runs that are lost in the middle: a full disk, a killed program. What was measured stays."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from loadtest.analysis import run_loading
from loadtest.cli import main
from loadtest.engine.generators.artillery import generator as artillery
from loadtest.runs import paths
from loadtest.stack.outputs import StackOutputs

pytestmark = pytest.mark.region


def start(
    tmp_path: Path, outputs: StackOutputs, *, file_size: int = resource.RLIM_INFINITY
) -> subprocess.Popen[str]:
    """`python -m loadtest run` that may not write a larger file than that."""
    file = tmp_path / "outputs.json"
    file.write_text(outputs.to_json())
    program = (
        f"import resource; resource.setrlimit(resource.RLIMIT_FSIZE, ({file_size}, {file_size}));"
        "from loadtest.cli.main import main; raise SystemExit(main())"
    )
    return subprocess.Popen(
        [sys.executable, "-c", program, "run", "--outputs", str(file), "--profile", "smoke"],
        env={**os.environ, "LOADTEST_RESULTS": str(tmp_path / "results")},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def directory_of(tmp_path: Path) -> Path:
    (directory,) = (path for path in (tmp_path / "results").iterdir() if path.is_dir())
    return directory


def test_a_full_disk_is_reported_and_what_was_measured_is_readable(
    tmp_path: Path,
    oracle: Callable[[dict[int, str]], Any],
    make_outputs: Callable[..., StackOutputs],
):
    # Room for the largest file that is written before the load, the recorder's copy, and for a part of
    # the requests.
    room = artillery.RECORDER.stat().st_size + 512
    process = start(tmp_path, make_outputs(url=oracle({}).url), file_size=room)
    output, _ = process.communicate(timeout=120)
    assert process.returncode == 4, output
    assert "cannot write" in output
    assert "requests.ndjson.gz: EFBIG" in output
    assert "Traceback" not in output

    directory = directory_of(tmp_path)
    assert (directory / "requests.ndjson.gz").stat().st_size == room
    summary = run_loading.load_summary(directory)
    assert summary.cut_short
    assert 20 < summary.requests.total < 466
    assert len(run_loading.load_requests(directory)) == summary.requests.total
    assert main.main(["recover", str(directory)]) == 3
    assert run_loading.load_summary(directory).requests == summary.requests


def test_a_program_that_is_killed_leaves_a_run_that_can_be_read(
    tmp_path: Path,
    oracle: Callable[[dict[int, str]], Any],
    make_outputs: Callable[..., StackOutputs],
):
    process = start(tmp_path, make_outputs(url=oracle({}).url))
    assert process.stdout is not None
    for line in process.stdout:
        if "good" in line:
            break
    process.send_signal(signal.SIGKILL)
    process.wait()
    time.sleep(4)  # until Artillery has noticed
    directory = directory_of(tmp_path)
    assert not (directory / paths.SUMMARY).exists()
    summary = run_loading.load_summary(directory)
    assert (summary.cut_short, summary.cut_reason) == (True, run_loading.RUNNER_DIED)
    assert 0 < summary.requests.total == len(run_loading.load_requests(directory)) < 466
    assert summary.probe is not None
