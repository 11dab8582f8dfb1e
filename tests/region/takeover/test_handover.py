"""What a killed region leaves to the next one."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from region.takeover import handover
from region.takeover.followed import FollowedProcess, start_ticks

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="takes descriptors of another process")
PROGRAM = """
import json, socket, time
made = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
print(json.dumps([(*item.getsockname(), item.fileno()) for item in made]), flush=True)
time.sleep(60)
"""


@dataclass(frozen=True)
class Note:
    text: str


@pytest.fixture
def listening() -> Iterator[tuple[int, dict[handover.Place, int]]]:
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        rows = json.loads(process.stdout.readline())
        yield process.pid, {(host, port): number for host, port, number in rows}
        process.kill()


def test_sockets_go_on_without_the_process_that_opened_them(listening):
    pid, numbers = listening
    found = handover.sockets(pid, numbers)
    followed = FollowedProcess(pid, start_ticks(pid))
    os.kill(pid, 9)
    assert followed.wait(5) in (-9, 256)
    for place, item in found.items():
        assert not item.get_inheritable()
        with socket.create_connection(place, 5):
            item.accept()[0].close()
        item.close()


def test_a_socket_that_listens_elsewhere_is_refused(listening):
    pid, numbers = listening
    swapped = dict(zip(numbers, reversed(numbers.values()), strict=True))
    with pytest.raises(OSError, match="does not listen at"):
        handover.sockets(pid, swapped)
    with pytest.raises(OSError, match="descriptor 999"):
        handover.sockets(pid, {("127.0.0.1", 1): 999})


def test_what_is_kept_is_private_and_of_this_version(tmp_path: Path, monkeypatch):
    file = tmp_path / "known"
    assert handover.kept(file, Note) is None
    handover.keep(file, Note("x"))
    assert file.stat().st_mode & 0o777 == 0o600
    assert handover.kept(file, Note) == Note("x")
    assert handover.kept(file, FollowedProcess) is None
    monkeypatch.setattr(handover, "FORMAT", handover.FORMAT + 1)
    assert handover.kept(file, Note) is None
    file.write_bytes(b"no pickle")
    assert handover.kept(file, Note) is None


def test_a_process_of_another_start_is_not_followed():
    own = os.getpid()
    assert FollowedProcess(own, start_ticks(own)).poll() is None
    with pytest.raises(ProcessLookupError):
        FollowedProcess(own, start_ticks(own) + 1)
