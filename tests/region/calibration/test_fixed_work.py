"""The fixed work: the same everywhere, and by itself."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from region.calibration import fixed_work


def test_the_work_is_deterministic():
    """A change of the work changes these numbers: then reference.RATE has to be determined again."""
    assert [fixed_work.unit(seed) for seed in range(4)] == [370, 473, 451, 465]


def test_it_runs_alone_in_an_isolated_interpreter_and_reports_its_slices():
    process = subprocess.Popen(
        [sys.executable, "-I", "-S", str(Path(fixed_work.__file__)), "0"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    out, _ = process.communicate("go\n", timeout=60)
    ready, result = out.splitlines()
    assert ready == "ready"
    content = json.loads(result)
    assert content["slices"]
    assert content["bursts"]
    measured = [*content["slices"], *content["bursts"]]
    assert all(units > 0 and seconds > 0 for units, seconds in measured)
    total = sum(seconds for _, seconds in content["slices"])
    assert total == pytest.approx(content["cpu_s"], rel=0.05)


def test_it_ends_where_nobody_waits_for_it_any_more():
    done = subprocess.run(
        [sys.executable, "-I", "-S", str(Path(fixed_work.__file__)), "0"],
        input="",
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert done.stdout == "ready\n"


def test_a_cpu_that_does_not_exist_is_no_obstacle():
    done = subprocess.run(
        [sys.executable, "-I", "-S", str(Path(fixed_work.__file__)), "99999"],
        input="",
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert done.stderr == ""
