"""Building an example by its own script, outside of the checkout."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.examples.conftest import EXAMPLES
from toolchain import paths

TOOLS = {
    "spring-boot": ["mvn", "--version"],
    "node-express": ["npm", "--version"],
    "django-gunicorn": ["python3", "-m", "pip", "--version"],
}
UNREACHABLE = re.compile(
    r"ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ETIMEDOUT|Unknown host|Could not transfer artifact"
    r"|NewConnectionError|Max retries exceeded|name resolution",
)


def build_revision(name: str, directory: Path) -> Path:
    """Copy the example to `directory`, build it there, and return the revision.

    Skips the test where the build's tool or its package registry is out of reach.
    """
    variables = _environment()
    try:
        subprocess.run(TOOLS[name], env=variables, capture_output=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip(f"{' '.join(TOOLS[name][:-1])} is not installed")
    shutil.copytree(EXAMPLES / name, directory, ignore=shutil.ignore_patterns("build"))
    done = subprocess.run(
        [str(directory / "build.sh")],
        env=variables,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=600,
        check=False,
    )
    if done.returncode and UNREACHABLE.search(done.stdout):
        pytest.skip(f"no package registry: {done.stdout[-300:]}")
    assert done.returncode == 0, done.stdout[-4000:]
    return directory / "build" / "revision"


def version_of(revision: Path) -> str:
    """Return the version that the revision's application reports."""
    return (revision / "app" / "version.env").read_text().strip().partition("=")[2]


def _environment() -> dict[str, str]:
    # The project's environment has no pip.
    mine = str(paths.VENV / "bin")
    kept = [part for part in os.environ["PATH"].split(os.pathsep) if part != mine]
    return {
        **os.environ,
        "PATH": os.pathsep.join(kept),
        "PYTHON_VERSION": f"{sys.version_info.major}.{sys.version_info.minor}",
        "PIP_ROOT_USER_ACTION": "ignore",
    }
