"""Shared by the load test's tests: stack outputs, synthetic runs and a server that misbehaves."""

from __future__ import annotations

import contextlib
import gzip
import json
import socket
import struct
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

import pytest

from loadtest.analysis.summary import Artillery, Measurements, summarise
from loadtest.analysis.verdict import Slo
from loadtest.models import ProbeSettings, RunSettings, RunSummary
from loadtest.profiles import PROFILES, Profile
from loadtest.runs import paths, table
from loadtest.runs.recording import Beat, Exchange, PhaseStart, Usage
from loadtest.scenario import scenario as scenarios
from loadtest.stack.outputs import StackOutputs

BEGAN_MS = 1_790_000_000_000.0
RAW_OUTPUTS: dict[str, Any] = {
    "url": "http://127.79.0.10:8080",
    "healthPath": "/health",
    "topology": "ha",
    "region": "ap-northeast-2",
    "instanceType": "t4g.nano",
    "instanceCount": 6,
    "availabilityZones": ["ap-northeast-2a", "ap-northeast-2b", "ap-northeast-2c"],
    "databaseClass": "db.t4g.micro",
    "codedeployApplication": "haproof-ha",
    "codedeployDeploymentGroup": "haproof-ha-fleet",
    "revisionBucket": "haproof-revisions",
    "revisionKey": "revisions/music-note.zip",
    "revisionDigest": "ab" * 32,
    "seedUsers": 27000,
    "loadProfile": "quick",
    "loadBalancerDnsName": "127.79.0.10",
    "autoScalingGroupName": "haproof-ha",
    "targetGroupArn": "arn:aws:elasticloadbalancing:ap-northeast-2:123456789012:targetgroup/t/1",
    "instanceId": None,
}
SINGLE = {
    "topology": "single",
    "instanceCount": 1,
    "loadBalancerDnsName": None,
    "autoScalingGroupName": None,
    "targetGroupArn": None,
    "instanceId": "i-0single",
}


def outputs_of(**changed: Any) -> StackOutputs:
    return StackOutputs.model_validate({**RAW_OUTPUTS, **changed})


def exchange(user: str = "1-1", endpoint: str = "index page", **changed: Any) -> Exchange:
    """A good answer after 5 ms, but for what is changed."""
    arrived = changed.pop("arrived_ms", BEGAN_MS)
    good = Exchange(
        user, endpoint, arrived, arrived, 5.0, 6.0, 200, True, None, True, "i-0a", "z-a", "v1"
    )  # fmt: skip
    return good._replace(**changed)


def timeout(user: str, endpoint: str, arrived_ms: float) -> Exchange:
    return exchange(
        user,
        endpoint,
        arrived_ms=arrived_ms,
        ttfb_ms=None,
        total_ms=10_003.0,
        status=None,
        expected=None,
        error="ETIMEDOUT",
        instance=None,
        zone=None,
        version=None,
    )


def users_of(
    profile: Profile, index_timeouts: int = 0, login_timeouts: int = 0, ttfb_ms: float = 5.0
) -> list[Exchange]:
    """A whole run, in which the last users time out: at the index page, or at the login before."""
    made: list[Exchange] = []
    schedule = profile.schedule()
    reach_login = len(schedule) - index_timeouts
    instances = [(f"i-0{n}", f"ap-northeast-2{'abc'[n % 3]}") for n in range(6)]
    for number, at in enumerate(schedule, start=1):
        user, arrived = f"1-{number}", BEGAN_MS + float(at) * 1000
        instance, zone = instances[number % 6]
        good = exchange(
            user, arrived_ms=arrived, ttfb_ms=ttfb_ms + number % 7, instance=instance, zone=zone
        )
        if number > reach_login:
            made.append(timeout(user, "index page", arrived))
            continue
        made.append(good)
        later = arrived + 8
        if number > reach_login - login_timeouts:
            made.append(timeout(user, "login", arrived)._replace(start_ms=later))
        else:
            made.append(good._replace(endpoint="login", start_ms=later))
    return made


def artillery_counters(exchanges: Sequence[Exchange]) -> dict[str, int]:
    """What Artillery would have counted of the same run."""
    users = {e.user for e in exchanges}
    failed = {e.user for e in exchanges if e.error or not e.expected}
    counters = Counter({"vusers.created": len(users), "http.requests": len(exchanges)})
    for one in exchanges:
        if one.status is not None:
            counters[f"http.codes.{one.status}"] += 1
            counters["http.responses"] += 1
        if one.error is not None:
            counters[f"errors.{one.error}"] += 1
        elif not one.expected:
            counters[f"errors.UNEXPECTED_STATUS_{one.status}"] += 1
    # As in Artillery, a counter that never counted does not exist.
    return {
        **counters,
        **({"vusers.failed": len(failed)} if failed else {}),
        "vusers.completed": len(users) - len(failed),
    }


def settings_of(profile: Profile, **changed: Any) -> RunSettings:
    """What was decided before a run; of the HA stack, but for what is changed."""
    values: dict[str, Any] = {
        "id": "20261122T000000Z-ha-quick",
        "topology": "ha",
        "target": RAW_OUTPUTS["url"],
        "started_at": datetime.fromtimestamp(BEGAN_MS / 1000, UTC),
        "profile": profile.record(),
        "scenario": scenarios.load().record(),
        "slow_ms": Slo().slow_ms,
        "probe": ProbeSettings(path="/health"),
        "artillery": "2.0.34",
        "node": "24.19.0",
        "python": "3.11.7",
        "workers": 1,
        "host_cpus": 2,
    }
    return RunSettings(**{**values, **changed})


def measured(exchanges: Sequence[Exchange], profile: Profile, **changed: Any) -> Measurements:
    """A run with these requests; what is changed may be of the measurements or of the settings."""
    known = RunSettings.model_fields.keys() - {field.name for field in fields(Measurements)}
    own = {name: changed.pop(name) for name in known & changed.keys()}
    if outputs := changed.pop("outputs", None):
        own |= {"topology": outputs.topology, "target": outputs.url}
    settings = settings_of(profile, **own)
    events: list[Any] = [PhaseStart(BEGAN_MS, 0, "ramp")]
    for second in range(1, profile.duration_s):
        at = BEGAN_MS + 1000 * second
        events.append(Beat(at, 1, 0, 0, 2.0, 9.0, 0.5))
        events.append(Usage(at, 16.2 * second / profile.duration_s, 400 << 20))
    counters = artillery_counters(exchanges)
    aggregate = {"counters": counters, "summaries": {"http.response_time": {"p99": 9.0}}}
    values: dict[str, Any] = {
        "settings": settings,
        "finished_at": datetime.fromtimestamp(BEGAN_MS / 1000, UTC),
        "cut_reason": None,
        "requests": table.from_exchanges(exchanges, settings.slow_ms),
        "generator": events,
        "artillery": Artillery(aggregate, [counters]),
    }
    return Measurements(**{**values, **changed})


def published_exchanges() -> list[Exchange]:
    """The single run's requests with the published counts: 14,766 timeouts, one user each."""
    return users_of(PROFILES["seed"], index_timeouts=14_729, login_timeouts=37)


def published_single() -> RunSummary:
    """A single run with exactly the published counts."""
    return summarise(
        measured(
            published_exchanges(),
            PROFILES["seed"],
            outputs=outputs_of(**SINGLE),
            id="20261122T000000Z-single-seed",
        )
    )


def published_ha() -> RunSummary:
    return summarise(
        measured(users_of(PROFILES["seed"]), PROFILES["seed"], id="20261122T001000Z-ha-seed")
    )


@pytest.fixture(scope="session")
def make_outputs() -> Callable[..., StackOutputs]:
    return outputs_of


@pytest.fixture
def raw_outputs() -> dict[str, Any]:
    return dict(RAW_OUTPUTS)


@pytest.fixture(scope="session")
def single_outputs() -> StackOutputs:
    return outputs_of(**SINGLE)


@pytest.fixture(scope="session")
def make_exchange() -> Callable[..., Exchange]:
    return exchange


@pytest.fixture(scope="session")
def make_users() -> Callable[..., list[Exchange]]:
    return users_of


@pytest.fixture(scope="session")
def make_measurements() -> Callable[..., Measurements]:
    return measured


@pytest.fixture(scope="session")
def golden() -> tuple[RunSummary, RunSummary]:
    """Both runs with the published counts."""
    return published_single(), published_ha()


def line_of(one: Exchange) -> str:
    """The line that the recorder writes of a request."""
    names = {"user": "vu", "arrived_ms": "arrived", "start_ms": "start"}
    names |= {"ttfb_ms": "ttfb", "total_ms": "total"}
    return json.dumps({names.get(k, k): v for k, v in one._asdict().items()}) + "\n"


def save_run(
    base: Path, summary: RunSummary, exchanges: Sequence[Exchange], outputs: StackOutputs
) -> Path:
    """Writes a run as the runner leaves it."""
    directory = base / summary.id
    directory.mkdir(parents=True)
    paths.save_summary(directory, summary)
    (directory / paths.OUTPUTS).write_text(outputs.to_json())
    with gzip.open(directory / f"{paths.REQUESTS}.gz", "wt", compresslevel=1) as file:
        file.writelines(map(line_of, exchanges))
    return directory


@pytest.fixture(scope="session")
def make_saved() -> Callable[..., Path]:
    return save_run


@pytest.fixture(scope="session")
def golden_base(
    golden: tuple[RunSummary, RunSummary], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """Results with both golden runs, saved as the runner would have."""
    base = tmp_path_factory.mktemp("golden")
    single, ha = golden
    save_run(base, single, published_exchanges(), outputs_of(**SINGLE))
    save_run(base, ha, users_of(PROFILES["seed"]), outputs_of())
    return base


ANSWER = (
    b"HTTP/1.1 %s\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n"
    b"X-App-Version: 0123456789ab\r\nX-Instance-Id: i-0a\r\n"
    b"X-Availability-Zone: ap-northeast-2a\r\n"
    b"\r\nok"
)


class Oracle:
    """Serves 127.79.0.x. `plan` maps the ordinal of a request (from 1) to what to do with it:

    `503`, `302` (to the same place), `hang` (no answer, ever), `reset` (RST after the request was
    read), `stall` (headers, then nothing); everything else is answered 200.
    """

    def __init__(self, plan: dict[int, str] | None = None, address: str = "127.79.0.10") -> None:
        self._plan = plan or {}
        self._lock = threading.Lock()
        self._count = 0
        self._open: list[socket.socket] = []
        self.did: Counter[str] = Counter()
        self.bodies: list[bytes] = []
        self._listener = socket.create_server((address, 0), backlog=4096)
        self.url = f"http://{address}:{self._listener.getsockname()[1]}"
        self._closing = False

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._closing = True
        self._listener.close()
        for connection in self._open:
            with contextlib.suppress(OSError):
                connection.close()

    def _accept(self) -> None:
        while not self._closing:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self._open.append(connection)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while (request := self._read(connection)) is not None:
                if request.startswith(b"GET /health "):
                    # The availability probe: not a request of the plan.
                    connection.sendall(ANSWER % b"200 OK")
                    continue
                with self._lock:
                    self._count += 1
                    action = self._plan.get(self._count, "200")
                    self.did[action] += 1
                    self.bodies.append(request.partition(b"\r\n\r\n")[2])
                if not self._act(connection, action):
                    return

    @staticmethod
    def _read(connection: socket.socket) -> bytes | None:
        data = b""
        while b"\r\n\r\n" not in data:
            chunk = connection.recv(65536)
            if not chunk:
                return None
            data += chunk
        head, _, body = data.partition(b"\r\n\r\n")
        length = next(
            (
                int(line.split(b":")[1])
                for line in head.split(b"\r\n")
                if line.lower().startswith(b"content-length:")
            ),
            0,
        )
        while len(body) < length:
            body += connection.recv(65536)
        return head + b"\r\n\r\n" + body

    def _act(self, connection: socket.socket, action: str) -> bool:
        match action:
            case "hang":
                while not self._closing:
                    time.sleep(0.2)
            case "reset":
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                connection.close()
                return False
            case "stall":
                connection.sendall(ANSWER.replace(b"ok", b"") % b"200 OK")
                while not self._closing:
                    time.sleep(0.2)
            case "302":
                found = ANSWER.replace(b"\r\n\r\n", b"\r\nLocation: /\r\n\r\n")
                connection.sendall(found % b"302 Found")
            case "503":
                connection.sendall(ANSWER % b"503 Service Unavailable")
            case _:
                connection.sendall(ANSWER % b"200 OK")
        return True


@pytest.fixture
def oracle() -> Iterator[Callable[[dict[int, str]], Oracle]]:
    """Starts servers that misbehave as planned; all are closed when the test ends."""
    with contextlib.ExitStack() as stack:
        yield lambda plan: stack.enter_context(Oracle(plan))
