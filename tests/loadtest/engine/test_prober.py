"""The availability prober against a server that misbehaves."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

import pytest

from loadtest.engine.prober import Prober
from loadtest.models import ProbeSettings
from loadtest.outcomes import Outcome
from loadtest.runs import probes
from loadtest.runs.probes import Probe

OFTEN = ProbeSettings(path="/health", interval_s=0.02, timeout_s=10)
HASTY = ProbeSettings(path="/health", interval_s=0.02, timeout_s=0.2)
"""For a target that never answers: a busy computer may be slower than this with any other."""
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
DOWN = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n"


@contextmanager
def serving(answer: Callable[[], bytes | None]) -> Iterator[str]:
    """Answer every connection with what `answer` returns; None is not a response at all."""
    listener = socket.create_server(("127.79.0.30", 0), backlog=128)
    asked: list[bytes] = []
    held: list[socket.socket] = []

    def accept() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            asked.append(connection.recv(4096))
            found = answer()
            if found is None:
                held.append(connection)
                continue
            connection.sendall(found)
            connection.close()

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    try:
        yield f"http://127.79.0.30:{listener.getsockname()[1]}"
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(5)
        for connection in held:
            connection.close()
    assert all(one.startswith(b"GET /health HTTP/1.1\r\nHost: 127.79.0.30") for one in asked if one)


def probed(url: str, path: Path, seconds: float, settings: ProbeSettings = OFTEN) -> list[Probe]:
    with Prober(url, settings, path) as prober:
        time.sleep(seconds)
    assert prober.failure is None
    return probes.read(path)


def test_every_probe_is_written_down(tmp_path: Path):
    file = tmp_path / "probes.ndjson.gz"
    with serving(lambda: OK) as url:
        found = probed(url, file, 0.5)
    assert len(found) >= 5
    assert {one.outcome for one in found} == {Outcome.GOOD}
    assert all(one.total_ms > 0 for one in found)


@pytest.mark.parametrize(
    ("answer", "settings", "outcome"),
    [
        (DOWN, OFTEN, Outcome.SERVER_ERROR),
        (None, HASTY, Outcome.TIMEOUT),
        (b"", OFTEN, Outcome.RESET),
        (b"SSH-2.0-nonsense\r\n\r\n", OFTEN, Outcome.OTHER),
    ],
)
def test_every_failed_probe_has_a_class(
    tmp_path: Path, answer: bytes | None, settings: ProbeSettings, outcome: Outcome
):
    with serving(lambda: answer) as url:
        found = probed(url, tmp_path / "probes.ndjson.gz", 0.5, settings)
    assert found
    assert {one.outcome for one in found} == {outcome}


def test_a_hanging_target_does_not_hold_up_the_next_probe(tmp_path: Path):
    slow = ProbeSettings(path="/health", interval_s=0.05, timeout_s=0.4)
    with serving(lambda: None) as url:
        found = probed(url, tmp_path / "probes.ndjson.gz", 1.5, slow)
    starts = [one.at_ms for one in found]
    assert len(found) >= 8  # one after the other, there would be three
    assert max(b - a for a, b in pairwise(starts)) < 400
    assert all(300 < one.total_ms < 800 for one in found)


def test_a_closed_port_is_refused(tmp_path: Path):
    found = probed("http://127.79.0.31:9", tmp_path / "probes.ndjson.gz", 0.2)
    assert {one.outcome for one in found} == {Outcome.REFUSED}


def test_a_probe_that_cannot_be_written_is_reported(tmp_path: Path):
    with Prober("http://127.79.0.31:9", OFTEN, tmp_path / "absent" / "probes.ndjson.gz") as prober:
        time.sleep(0.1)
    assert "No such file or directory" in str(prober.failure)
