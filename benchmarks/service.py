"""`python -m benchmarks.service`: the sample service's CPU per request and its garbage collections.

The service runs outside any quota on a CPU of its own, with a real PostgreSQL on another. A client
sends one request after the other, with the headers that Artillery and the load balancer send. What
is measured is CPU time (user and system) of the service's process. Needs root, for the CPUs and
PostgreSQL's user; no stack. Prints; asserts nothing.

Examples:
    python -m benchmarks.service
    python -m benchmarks.service --revision /tmp/before --revision .tools/revision
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from benchmarks import secrets_manager
from benchmarks.command import Parser, run, whole
from benchmarks.service_requests import KINDS, RESET, SCENARIO, VISIT, VISITORS
from region import calibration
from region.services.rds.postgres.cluster import Cluster
from region.services.rds.postgres.settings import ClusterSpec
from toolchain import paths

ADDRESS = "127.78.90.2"
REQUESTS = 500
ROUNDS = 3
SETTLE_S = 2.0
AWS = """#!/bin/sh
echo '{secret}'
"""

Row = tuple[str, str, str]
"""What was measured, the value, the goal with the value before it was set."""


class Loopback:
    """Stands for the region's network: the database listens on the host's loopback device."""

    def add_address(self, address: str) -> None:
        """Do nothing: all of 127.0.0.0/8 is there."""

    def remove_address(self, address: str) -> None:
        """Do nothing."""

    def listen(self, address: str, port: int) -> socket.socket:
        """Return a listening socket."""
        return socket.create_server((address, port))


def free_port() -> int:
    """Return a port that nobody uses."""
    with socket.create_server((ADDRESS, 0)) as probe:
        return probe.getsockname()[1]


@contextlib.contextmanager
def database(directory: Path) -> Generator[tuple[Cluster, str]]:
    """Yield a running PostgreSQL and its master user's password."""
    password = secrets.token_hex(8)
    spec = ClusterSpec("db", ADDRESS, free_port(), master_username="keeper")
    cluster = Cluster(spec, directory / "db", Loopback())
    cluster.create(password)
    try:
        cluster.start()
        yield cluster, password
    finally:
        cluster.destroy()


@dataclass(frozen=True)
class Garbage:
    """What is left behind between two points in time.

    Attributes:
        objects: Objects that only a garbage collection freed, or that are still there.
        longest_ms: CPU of the longest collection that the service made itself, in ms.
    """

    objects: int
    longest_ms: float


class Service:
    """A running service of one revision."""

    def __init__(
        self, revision: Path, scratch: Path, environment: dict[str, str], cpu: int
    ) -> None:
        """Migrate the database and start the service on `cpu`."""
        self.address = (ADDRESS, free_port())
        self._record = scratch / "collections.ndjson"
        environment = environment | {
            "APP_PORT": str(self.address[1]),
            "PYTHONPATH": f"{revision.resolve() / 'lib'}:{revision.resolve()}",
            "PYTHONNOUSERSITE": "1",
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        # The Python that instances get: the one that this program's environment was made of.
        python = f"{sys.base_prefix}/bin/python{sys.version_info.major}.{sys.version_info.minor}"
        subprocess.run([python, "-m", "music_note", "migrate"], env=environment, check=True)
        observed = Path(__file__).with_name("observed_service.py")
        command = [python, str(observed), str(self._record)]
        self._process = subprocess.Popen(command, env=environment)
        self._measured = psutil.Process(self._process.pid)
        self._measured.cpu_affinity([cpu])
        for _ in range(100):
            time.sleep(0.1)
            with contextlib.suppress(OSError), socket.create_connection(self.address, 1):
                break
        else:
            raise SystemExit(f"the service of {revision} did not start")
        for thread in self._measured.threads():
            os.sched_setaffinity(thread.id, [cpu])

    def cpu_ms(self) -> float:
        """Return the CPU time used so far, in ms."""
        times = self._measured.cpu_times()
        return 1000 * (times.user + times.system)

    def resident_mb(self) -> float:
        """Return its resident memory, in MB."""
        return self._measured.memory_info().rss / 2**20

    def garbage(self, work: Callable[[], object]) -> Garbage:
        """Return what `work` leaves behind."""
        before = self._collect()
        known = len(self._lines())
        work()
        living = self._collect() - before
        made = [line for line in self._lines()[known:] if "collected" in line]
        own = [line["cpu_ms"] for line in made if not line["asked"]]
        collected = sum(line["collected"] for line in made)
        return Garbage(collected + max(0, living), max(own, default=0.0))

    def _collect(self) -> int:
        """Have everything collected and return how many objects are left."""
        known = len(self._counts())
        self._process.send_signal(signal.SIGUSR1)
        while len(self._counts()) <= known:
            time.sleep(0.05)
        return self._counts()[-1]

    def _counts(self) -> list[int]:
        return [line["living"] for line in self._lines() if "living" in line]

    def _lines(self) -> list[dict[str, Any]]:
        lines = self._record.read_text(encoding="ascii").splitlines()
        return [json.loads(line) for line in lines]

    def close(self) -> None:
        """End it."""
        self._process.terminate()
        self._process.wait(30)


BEFORE = {
    SCENARIO: (1.20, 40),
    "index page": (0.22, 40),
    "login": (1.00, 40),
    VISIT: (1.38, 7_300),
    RESET: (0.38, 24_000),
    "health check": (0.33, 7_000),
}
"""CPU in ms and objects left per 1,000 requests, before connections were kept and cleaned up.

Measured by this benchmark on a virtual machine with 2 cores of an AMD EPYC (Zen 4), CPython 3.11.
"""


@dataclass(frozen=True)
class Measured:
    """Per kind of request: CPU in ms, garbage in objects per 1,000, longest collection in ms."""

    cpu_ms: dict[str, float]
    garbage: dict[str, float]
    longest_ms: float
    resident_mb: float

    @property
    def connection_ms(self) -> float:
        """CPU of a visitor's own connection: what it adds to index page and login."""
        visit = self.cpu_ms[VISIT]
        return visit - self.cpu_ms["index page"] - self.cpu_ms["login"]


def measure_services(services: Sequence[Service], count: int, rounds: int) -> list[Measured]:
    """Measure services in turn, so that what else the computer does meets all alike."""
    cpu: list[dict[str, list[float]]] = [{kind: [] for kind in KINDS} for _ in services]
    found: list[dict[str, Garbage]] = [{} for _ in services]
    for service in services:
        for kind in KINDS.values():
            kind(service.address, count // 5)
    for number in range(rounds):
        for kind, work in KINDS.items():
            for service, times, garbage in zip(services, cpu, found, strict=True):

                def load(service: Service = service, work: Callable[..., None] = work) -> None:
                    work(service.address, count)

                before = service.cpu_ms()
                load()
                times[kind].append((service.cpu_ms() - before) / count)
                if number == 0:
                    garbage[kind] = service.garbage(load)
    return [
        Measured(
            {kind: min(values) for kind, values in times.items()},
            {kind: 1000 * item.objects / count for kind, item in garbage.items()},
            max(item.longest_ms for item in garbage.values()),
            service.resident_mb(),
        )
        for service, times, garbage in zip(services, cpu, found, strict=True)
    ]


def measure(
    revisions: Sequence[Path], count: int = REQUESTS, rounds: int = ROUNDS, **settings: str
) -> list[Measured]:
    """Measure each revision against the same database server, in one run."""
    cpus = sorted(os.sched_getaffinity(0))
    own = os.sched_getaffinity(0)
    # The client and PostgreSQL have one CPU, the services another, if there is one.
    os.sched_setaffinity(0, {cpus[-1]})
    try:
        with tempfile.TemporaryDirectory(prefix="haproof-bench-") as directory:
            scratch = Path(directory)
            with database(scratch) as (cluster, password), contextlib.ExitStack() as stack:
                secret = json.dumps({"username": "keeper", "password": password})
                # Older revisions ask the AWS CLI.
                aws = scratch / "aws"
                aws.write_text(AWS.format(secret=secret), encoding="ascii")
                aws.chmod(0o755)
                environment = {
                    **stack.enter_context(secrets_manager.serving(secret)),
                    "PATH": f"{scratch}:{os.environ['PATH']}",
                    "APP_HOST": ADDRESS,
                    "HEALTH_PATH": "/health",
                    "AWS_REGION": "ap-northeast-2",
                    "DATABASE_HOST": ADDRESS,
                    "DATABASE_PORT": str(cluster.spec.port),
                    "DATABASE_SECRET_ARN": "arn",
                    "SEED_USERS": str(VISITORS),
                    "INSTANCE_ID": "i-0123456789abcdef0",
                    "AVAILABILITY_ZONE": "ap-northeast-2a",
                    **settings,
                }
                services: list[Service] = []
                for number, revision in enumerate(revisions):
                    place = scratch / str(number)
                    place.mkdir()
                    name = f"revision{number}"
                    cluster.ensure_database(name, password)
                    own_database = environment | {"DATABASE_NAME": name}
                    services.append(Service(revision, place, own_database, cpus[0]))
                    stack.callback(services[-1].close)
                time.sleep(SETTLE_S)
                return measure_services(services, count, rounds)
    finally:
        os.sched_setaffinity(0, own)


def rows() -> Generator[Row]:
    """Measure the built revision; yield what was measured, the value, the goal and value before."""
    factor = calibration.measure().factor
    (found,) = measure([paths.REVISION])
    for kind, cpu_ms in found.cpu_ms.items():
        value = f"{cpu_ms:.2f} ms, {cpu_ms / factor:.2f} reference ms"
        goal = "<= 1.0 reference ms; " if kind == SCENARIO else ""
        yield f"service: {kind}", value, f"{goal}{BEFORE[kind][0]:.2f} ms before"
    left = max(found.garbage.values())
    most = max(objects for _, objects in BEFORE.values())
    yield "most objects that 1,000 requests leave", f"{left:,.0f}", f"<= 100; {most:,} before"
    yield "service: longest collection", f"{found.longest_ms:.2f} ms", "<= 2 reference ms"


def main() -> None:
    """Measure and print."""
    parser = Parser(__doc__)
    parser.add_argument("--revision", action="append", type=Path, help="may be repeated")
    parser.add_argument("--iterations", default="")
    parser.add_argument("--count", type=whole(), default=REQUESTS)
    parser.add_argument("--rounds", type=whole(), default=ROUNDS)
    options = parser.parse_args()
    settings = {"PASSWORD_ITERATIONS": options.iterations} if options.iterations else {}
    revisions = options.revision or [paths.REVISION]
    for revision, found in zip(
        revisions, measure(revisions, options.count, options.rounds, **settings), strict=True
    ):
        print(revision)
        for kind in KINDS:
            print(f"  {kind:34} {found.cpu_ms[kind]:6.3f} ms  {found.garbage[kind]:7.0f} objects")
        print(f"  {'connection of a visitor':34} {found.connection_ms:6.3f} ms")
        print(f"  longest collection {found.longest_ms:.2f} ms, {found.resident_mb:.0f} MB")


if __name__ == "__main__":
    run(main)
