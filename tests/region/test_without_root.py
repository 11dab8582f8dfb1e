"""A region of an ordinary user: started, used, entered, stopped, removed; killed and cleaned up."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from region import session
from tests.region.small_stack import fetch, launch, log_of
from tests.region.unprivileged import User, user

pytestmark = pytest.mark.region


@pytest.fixture
def somebody() -> Iterator[User]:
    with user() as found:
        yield found


@pytest.fixture
def root(somebody: User) -> Path:
    return somebody.home / "region"


def command(somebody: User, *words: str, root: Path, code: int = 0) -> str:
    done = somebody.run(["-m", "region", words[0], "--root", str(root), *words[1:]])
    assert done.returncode == code, done.stderr + log_of(root)
    return done.stdout


def test_an_ordinary_user_has_a_region(somebody: User, root: Path):
    command(somebody, "start", root=root)
    instance, address = launch(root)
    assert fetch(address) == b"from a machine"
    assert Path(f"/proc/{session.require(root).pid}").stat().st_uid == somebody.uid

    inside = command(somebody, "shell", instance, "--", "id", "-u", root=root)
    assert inside.strip() == "0"
    # A program that becomes root by its set-user-ID bit, and files beside the computer's own.
    words = (
        "shell",
        instance,
        "--user",
        "ec2-user",
        "--",
        "sudo",
        "stat",
        "-c%u",
        "/usr/share/made",
    )
    assert command(somebody, *words, root=root).strip() == "0"
    assert "is running on" in command(somebody, "logs", instance, root=root)

    command(somebody, "stop", root=root)
    assert somebody.processes() == set()
    command(somebody, "stop", "--remove", root=root)
    assert not root.exists()


def test_what_a_killed_region_of_an_ordinary_user_left_is_cleaned_up(somebody: User, root: Path):
    command(somebody, "start", root=root)
    launch(root)
    os.kill(session.require(root).pid, signal.SIGKILL)
    assert somebody.processes(), "the machine's processes have ended by themselves"
    command(somebody, "stop", "--remove", root=root)
    assert somebody.processes() == set()
    assert not root.exists()
