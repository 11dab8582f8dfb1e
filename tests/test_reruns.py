"""A test that fails runs once more, and only few may need that."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests import reruns

FLAKY = """
import pathlib, pytest

@pytest.mark.parametrize("number", range({count}))
def test_passes_at_its_second_try(number, request):
    tried = pathlib.Path(__file__).with_name(f"tried-{{number}}")
    first, _ = not tried.exists(), tried.touch()
    assert not first
"""
CONFTEST = """
from tests import reruns

def pytest_sessionfinish(session):
    reruns.hold(session)

def pytest_terminal_summary(terminalreporter):
    reruns.tell(terminalreporter)
"""


def run(directory: Path, tests: str, *options: str) -> subprocess.CompletedProcess[str]:
    (directory / "conftest.py").write_text(CONFTEST)
    (directory / "test_it.py").write_text(tests)
    (directory / "pytest.ini").write_text("[pytest]\naddopts = -raR -p no:cacheprovider\n")
    command = [sys.executable, "-m", "pytest", "--rootdir", str(directory), "-c", "pytest.ini"]
    return subprocess.run(
        [*command, "--reruns", "1", *options],
        cwd=directory,
        env={"PYTHONPATH": str(Path(reruns.__file__).parents[1]), "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("options", [(), ("-n", "2")])
def test_few_may_run_again_and_are_named(tmp_path: Path, options: tuple[str, ...]):
    done = run(tmp_path, FLAKY.format(count=reruns.MOST), *options)
    assert done.returncode == 0, done.stdout
    assert f"{reruns.MOST} rerun" in done.stdout.splitlines()[-1]
    assert "RERUN test_it.py::test_passes_at_its_second_try[0]" in done.stdout
    assert done.stdout.count("assert not first") == reruns.MOST


def test_many_are_a_failure(tmp_path: Path):
    done = run(tmp_path, FLAKY.format(count=reruns.MOST + 1), "-n", "2")
    assert done.returncode == 1
    assert f"{reruns.MOST + 1} tests ran again, at most {reruns.MOST} may" in done.stdout


def test_what_fails_twice_fails(tmp_path: Path):
    done = run(tmp_path, "def test_it():\n    assert False\n")
    assert done.returncode == 1
    assert "1 failed, 1 rerun" in done.stdout.splitlines()[-1]
