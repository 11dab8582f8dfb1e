"""Which Python the service's script runs."""

from __future__ import annotations

import platform
import shutil
import subprocess
from pathlib import Path

import pytest

from toolchain import paths

BASH = shutil.which("bash") or "/bin/bash"


class Instance:
    """A revision with libraries, and a PATH with Pythons."""

    def __init__(self, directory: Path) -> None:
        self._root = directory / "music-note"
        self._path = directory / "path"
        self._path.mkdir()
        (self._root / "lib" / "uvloop").mkdir(parents=True)
        shutil.copytree(paths.APP / "scripts", self._root / "scripts")
        for command in ("dirname", "uname"):
            (self._path / command).symlink_to(shutil.which(command) or command)

    def library(self, tag: str) -> None:
        (self._root / "lib" / "uvloop" / f"loop.cpython-{tag}-linux-gnu.so").touch()

    def python(self, name: str, script: str = 'echo "$0 $*"') -> None:
        program = self._path / name
        program.write_text(f"#!{BASH}\n{script}\n")
        program.chmod(0o755)

    def run(self) -> tuple[int, str, str]:
        done = subprocess.run(
            [BASH, str(self._root / "scripts" / "run.sh"), "-m", "music_note"],
            env={"PATH": str(self._path)},
            capture_output=True,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout.replace(f"{self._path}/", ""), done.stderr


@pytest.fixture
def instance(tmp_path: Path) -> Instance:
    made = Instance(tmp_path)
    for tag in ("311-other", f"311-{platform.machine()}", f"313-{platform.machine()}"):
        made.library(tag)
    return made


@pytest.mark.parametrize(
    ("there", "chosen"),
    [
        (("python3", "python3.11", "python3.13"), "python3.11"),
        (("python3.12", "python3.13"), "python3.13"),
    ],
)
def test_it_is_one_with_libraries(instance: Instance, there: tuple[str, ...], chosen: str) -> None:
    for name in there:
        instance.python(name)
    assert instance.run() == (0, f"{chosen} -S -m music_note\n", "")


def test_a_python_that_does_not_work_is_passed_over(instance: Instance) -> None:
    instance.python("python3.11", "exit 127")
    instance.python("python3.13")
    assert instance.run() == (0, "python3.13 -S -m music_note\n", "")


def test_without_one_it_says_which_would_do(instance: Instance) -> None:
    for name in ("python3", "python3.12", "python3.14"):
        instance.python(name)
    code, out, error = instance.run()
    assert (code, out) == (1, "")
    assert error.count("\n") == 1
    assert f"on {platform.machine()}: python3.11 python3.13 (PATH=" in error


def test_a_revision_for_other_architectures_says_so(tmp_path: Path) -> None:
    other = Instance(tmp_path)
    other.library("311-other")
    other.python("python3.11")
    code, _, error = other.run()
    assert code == 1
    assert "none at all" in error
