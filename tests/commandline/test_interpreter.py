"""A Python without the project's packages is told which one to use."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("module", ["rehearsal", "region", "loadtest"])
def test_a_python_without_packages_ends_with_one_message(module: str):
    # -S: without site-packages, as a system's own Python has none of ours.
    done = subprocess.run(
        [sys.executable, "-S", "-m", module, "--help"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        env={},
    )
    assert done.returncode == 4
    (line,) = done.stderr.splitlines()
    assert line.startswith("error: this Python (")
    assert ".venv/bin/python" in line


@pytest.mark.parametrize(("package", "code"), [("pulumi", 4), ("typer", 4), ("nothing_of_ours", 0)])
def test_a_package_of_somebody_else_on_pythonpath_is_told(package: str, code: int, tmp_path: Path):
    (tmp_path / package).mkdir()
    (tmp_path / package / "__init__.py").write_text("")
    done = subprocess.run(
        [sys.executable, "-m", "rehearsal", "--help"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        env={"PYTHONPATH": f"/nowhere:{tmp_path}", "COLUMNS": "100"},
    )
    assert done.returncode == code, done.stderr
    said = f"error: PYTHONPATH has another `{package}`, in {tmp_path}, which Python takes instead"
    assert done.stderr.startswith(said) == bool(code)


def test_make_names_the_code_that_the_readme_says(tmp_path: Path):
    makefile = tmp_path / "Makefile"
    makefile.write_text("verdict:\n\t@exit 3\n")
    done = subprocess.run(
        ["make", "-f", str(makefile), "verdict"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert done.stderr.rstrip().endswith("Error 3")
