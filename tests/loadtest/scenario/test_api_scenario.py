"""The scenario `api`: real Artillery against the real service, whose database is a list."""

from __future__ import annotations

import asyncio
import gzip
import socket
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from loadtest.analysis import bottleneck, run_loading
from loadtest.cli import tools
from loadtest.engine import runner
from loadtest.profiles import Phase, Profile
from loadtest.scenario import credentials
from loadtest.stack.outputs import StackOutputs

web = pytest.importorskip("music_note.web", reason="the revision's libraries: run `make revision`")
from music_note import notes, passwords, settings  # noqa: E402

pytestmark = pytest.mark.region

PROFILE = Profile("visits", (Phase("hold", 8, 20),))
ADDRESS = "127.79.0.30"
SEARCH_S = 0.06
CREATED = datetime(2026, 11, 22, tzinfo=UTC)


class Listed:
    """Stands for the database; its search is slow, as one without an index."""

    def __init__(self) -> None:
        self.logins: Counter[str] = Counter()
        self.pieces: list[str] = []
        self._rows = [[1, "somebody", "Bach, Gigue", "slowly", CREATED]]
        self._hash = passwords.hash_password(credentials.DEMO_PASSWORD, iterations=2)

    async def password_hash(self, username: str) -> str:
        self.logins[username] += 1
        return self._hash

    async def session_key(self) -> str:
        return "the-key-of-all-sessions"

    async def run(self, statement: str, *given: Any, repeat: bool = True) -> list[list[Any]]:
        match statement, given:
            case notes.INSERT, (owner, piece, body):
                row = [len(self._rows) + 1, owner, piece, body, CREATED]
                self._rows.append(row)
                return [[row[0], CREATED]]
            case notes.SELECT, (number,):
                return [row for row in self._rows if row[0] == number]
            case notes.SELECT_OWN, _:
                return self._rows[:1]
            case _, (prefix, *_):
                await asyncio.sleep(SEARCH_S)
                self.pieces.append(prefix)
                return []
            case other:
                raise AssertionError(other)


@pytest.fixture
def store() -> Listed:
    return Listed()


@pytest.fixture
def service(store: Listed) -> Iterator[str]:
    """The service behind uvicorn; its URL."""
    import uvicorn

    known = settings.load(
        {"APP_HOST": ADDRESS, "APP_PORT": "1", "HEALTH_PATH": "/health", "AWS_REGION": "r",
         "DATABASE_HOST": "h", "DATABASE_NAME": "n", "DATABASE_SECRET_ARN": "a",
         "INSTANCE_ID": "i-1", "AVAILABILITY_ZONE": "z", "DATABASE_CONNECTIONS": "8"}
    )  # fmt: skip
    listener = socket.create_server((ADDRESS, 0), backlog=1024)
    server = uvicorn.Server(uvicorn.Config(web.create_app(known, store), log_level="warning"))
    thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
    thread.start()
    yield f"http://{ADDRESS}:{listener.getsockname()[1]}"
    server.should_exit = True
    thread.join(10)
    listener.close()


def test_visits_succeed_are_counted_by_endpoint_and_leave_no_credentials(
    service: str, store: Listed, tmp_path: Path, make_outputs: Callable[..., StackOutputs]
):
    done = runner.run_load(
        make_outputs(url=service),
        runner.LoadTest(PROFILE, command=tools.artillery(), scenario="api"),
        console=Console(file=StringIO()),
        base=tmp_path,
    )
    summary = done.summary
    # How busy the machine is, is not this test's matter.
    busy = {"generator lag", "generator CPU", "CPU of the computer"}
    counted = [c for c in summary.validity.checks if str(c.name) not in busy]
    assert all(check.passed for check in counted), summary.validity.reasons
    assert (summary.users.failed, summary.users.completed) == (0, PROFILE.planned_users)
    by_name = {endpoint.name: endpoint.requests.total for endpoint in summary.endpoints}
    assert set(by_name) == {"login", "list", "search", "create", "read", "logout"}
    assert by_name["login"] == by_name["logout"] == PROFILE.planned_users
    # 5 of 10 users search once, 3 twice; 2 write. Five standard deviations.
    assert by_name["search"] == pytest.approx(1.1 * PROFILE.planned_users, abs=60)
    assert by_name["create"] == pytest.approx(0.2 * PROFILE.planned_users, abs=26)
    assert len(set(store.pieces)) > len(store.pieces) / 2, "all search for the same"

    # Nobody logs in twice, and nobody's name or password is in what is left.
    assert set(store.logins.values()) == {1}
    for file in done.directory.iterdir():
        content = file.read_bytes()
        text = (gzip.decompress(content) if file.suffix == ".gz" else content).decode()
        assert credentials.DEMO_PASSWORD not in text, file.name
        assert "visitor-0" not in text, file.name

    found = bottleneck.find(run_loading.load_requests(done.directory))
    assert found.endpoint == "search", found.text
