"""Acting with the user id of another process, in one thread only."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from region.machines.cgroups.owner import as_owner_of

pytestmark = pytest.mark.region


@pytest.fixture
def process() -> Iterator[subprocess.Popen[bytes]]:
    """A process of user 1234."""
    command = ["setpriv", "--reuid=1234", "--clear-groups", "--", "sleep", "60"]
    with subprocess.Popen(command) as started:
        while Path(f"/proc/{started.pid}/comm").read_text() != "sleep\n":
            assert started.poll() is None
        yield started
        started.kill()


def effective() -> tuple[str, bool]:
    """Return the effective user of this thread, and whether it has all capabilities of root."""
    text = Path("/proc/thread-self/status").read_text()
    lines = dict(line.split(":", 1) for line in text.splitlines())
    return lines["Uid"].split()[1], lines["CapEff"] == lines["CapPrm"]


def test_only_the_thread_is_another_user_and_keeps_its_capabilities(
    process: subprocess.Popen[bytes],
):
    assert as_owner_of(process.pid, effective) == ("1234", True)
    assert effective()[0] == str(os.geteuid())


def test_a_process_that_has_ended_is_told(process: subprocess.Popen[bytes]):
    process.kill()
    process.wait()
    with pytest.raises(ProcessLookupError):
        as_owner_of(process.pid, effective)


def test_errors_come_through(process: subprocess.Popen[bytes]):
    with pytest.raises(ZeroDivisionError):
        as_owner_of(process.pid, lambda: 1 // 0)
