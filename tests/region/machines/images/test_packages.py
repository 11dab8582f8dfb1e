"""The package managers of instances say what is there and what the way out is."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from region.machines.images import commands

SCRIPT = Path(commands.__file__).parent / "guest" / "packages"


@pytest.fixture
def debian(tmp_path: Path) -> Path:
    """A PATH with a dpkg that knows one package."""
    query = tmp_path / "dpkg-query"
    query.write_text("#!/bin/sh\ncase $* in *Version*) echo 'bash.amd64 5.2 @System';; esac\n")
    (tmp_path / "dpkg").write_text("#!/bin/sh\n")
    for file in (query, tmp_path / "dpkg"):
        file.chmod(0o755)
    return tmp_path


def call(path: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": f"{path}:{os.defpath}"}
    return subprocess.run(
        ["/bin/sh", SCRIPT, *words], env=environment, capture_output=True, text=True, check=False
    )


def test_a_list_has_what_the_image_has(debian: Path) -> None:
    for words in (["list", "installed"], ["list", "--installed"], ["list"]):
        done = call(debian, *words)
        assert (done.returncode, done.stdout) == (0, "Installed Packages\nbash.amd64 5.2 @System\n")


@pytest.mark.parametrize("words", [["search", "nginx"], ["list", "available"], ["provides", "x"]])
def test_what_needs_a_repository_names_the_way_out(debian: Path, words: list[str]) -> None:
    done = call(debian, *words)
    assert (done.returncode, done.stdout) == (1, "")
    assert "--image PATH of python -m rehearsal start or run" in done.stderr


def test_a_package_of_another_name_in_debian_is_named(debian: Path) -> None:
    done = call(debian, "install", "-y", "httpd")
    assert done.returncode == 1
    assert "Debian and Ubuntu call httpd apache2" in done.stderr
