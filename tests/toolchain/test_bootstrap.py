"""`toolchain/bootstrap` brings the environment in line with the lock file, and keeps its Python."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

BOOTSTRAP = Path(__file__).parents[2] / "toolchain" / "bootstrap"


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A clone with a `uv` on PATH that prints its arguments, and no environment."""
    (tmp_path / "toolchain").mkdir()
    shutil.copy(BOOTSTRAP, tmp_path / "toolchain")
    programs = tmp_path / "bin"
    programs.mkdir()
    uv = programs / "uv"
    uv.write_text('#!/bin/sh\n[ "$1" = --version ] && echo "uv 0.13.9" || echo "$*"\n')
    uv.chmod(0o755)
    (programs / "python3.13").symlink_to(sys.executable)
    return tmp_path


def arguments(clone: Path) -> str:
    path = f"{clone / 'bin'}:{os.environ['PATH']}"
    done = subprocess.run(
        [clone / "toolchain/bootstrap"],
        env={"PATH": path},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


def test_a_new_environment_gets_a_python_from_path(clone: Path) -> None:
    assert arguments(clone).endswith(f"--python {clone / 'bin/python3.13'}")


def test_an_environment_that_is_there_keeps_its_python(clone: Path) -> None:
    # With another, such as a shim of pyenv, uv would replace all of it.
    (clone / ".venv/bin").mkdir(parents=True)
    (clone / ".venv/bin/python").symlink_to(sys.executable)
    assert arguments(clone).endswith("--python .venv/bin/python")


def test_an_environment_whose_python_is_gone_is_made_anew(clone: Path) -> None:
    (clone / ".venv/bin").mkdir(parents=True)
    (clone / ".venv/bin/python").symlink_to(clone / "gone")
    assert arguments(clone).endswith(f"--python {clone / 'bin/python3.13'}")
