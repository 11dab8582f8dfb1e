"""The examples as their build leaves them, without having built them."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"
NAMES = ("django-gunicorn", "node-express", "spring-boot")


@pytest.fixture
def revision(tmp_path: Path) -> Callable[[str], Path]:
    """Return a function that lays out an example's revision, with stand-ins for what is built."""

    def lay_out(name: str) -> Path:
        directory = tmp_path / name
        shutil.copytree(EXAMPLES / name / "deploy", directory)
        (directory / "app").mkdir()
        (directory / "app" / "version.env").write_text("APP_VERSION=0\n")
        return directory

    return lay_out
