"""Benchmarks refuse wrong arguments before they measure anything, with the product's exit code."""

from __future__ import annotations

import pkgutil
import subprocess
import sys
from importlib import util

import pytest

import benchmarks
from commandline.errors import UserError
from toolchain import paths

NAMES = sorted(
    one.name
    for one in pkgutil.iter_modules(benchmarks.__path__)
    if (found := util.find_spec(f"benchmarks.{one.name}")) is not None
    and found.origin is not None
    and "run(main)" in open(found.origin, encoding="utf-8").read()  # noqa: PTH123, SIM115
)


def run(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", *words],
        cwd=paths.ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.mark.parametrize("name", NAMES)
def test_a_wrong_argument_is_told(name: str):
    done = run(f"benchmarks.{name}", "nosuch=1")
    assert done.returncode == 4, done.stderr
    assert "error: " in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("sizing --runs 0", "argument --runs: 0 is not at least 1"),
        ("sizing --runs many", "argument --runs: invalid whole number value: 'many'"),
        ("idle --settle nan", "argument --settle: nan is not at least 0"),
        ("overload --connection 1 --index 1 --gone 1 --share 0", "--share: 0 is not above 0"),
        ("polling --stack prod", "argument --stack: invalid choice: 'prod'"),
        ("confidence nosuch", "invalid choice: 'nosuch'"),
        ("pauses --nosuch", "Node refuses it: "),
        ("nosuch", "there is no benchmarks.nosuch; `python -m benchmarks` names all benchmarks"),
        ("nosuch --help", "there is no benchmarks.nosuch"),
    ],
)
def test_a_wrong_value_is_told(words: str, said: str):
    name, *rest = words.split()
    done = run(f"benchmarks.{name}", *rest)
    assert (done.returncode, said in done.stderr, done.stdout) == (4, True, ""), done.stderr


def test_help_is_no_failure():
    done = run("benchmarks.bench", "--help")
    assert done.returncode == 0
    assert "usage" in done.stdout


def test_a_foreseen_error_is_one_message(capfd: pytest.CaptureFixture[str]):
    from benchmarks import command

    def main() -> None:
        raise UserError("no tools")

    with pytest.raises(SystemExit) as ended:
        command.run(main)
    assert ended.value.code == 4
    assert capfd.readouterr().err == "error: no tools\n"


def test_most_benchmarks_are_looked_at():
    assert len(NAMES) >= 17


def test_the_benchmarks_are_named_where_none_is():
    done = run("benchmarks")
    assert done.returncode == 4
    assert done.stderr.startswith(
        "error: name a benchmark, such as `python -m benchmarks.service`; there are bench,"
    )
    assert "command" not in done.stderr
