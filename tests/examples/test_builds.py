"""The examples built from the package registries, and run against a real PostgreSQL.

Each runs as a process with the CPU and memory of a t4g.nano, the smallest type that a stack has. Its
hooks and units are the deployment's: `tests/e2e/test_examples.py`.
"""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import boto3
import pytest
from moto.server import ThreadedMotoServer

from components.revision.bundle import build_bundle
from loadtest.scenario.credentials import DEMO_PASSWORD, username
from region.api import state
from region.machines import cgroups
from region.machines.cgroups import Limits
from region.machines.codedeploy_agent import appspec
from region.machines.instance_types import instance_type
from region.services.rds.postgres.cluster import Cluster
from region.services.rds.postgres.settings import ClusterSpec
from tests.examples.builds import build_revision, version_of
from tests.examples.conftest import EXAMPLES, NAMES
from tests.examples.services import HOST, Service, environment, logged_in, running
from tests.region.fakes import HostNetwork

pytestmark = pytest.mark.e2e

DATABASE = "127.78.32.2"
SEED_USERS = 3_000
PASSWORD = "it's a 'secret' \\ %s $x"

Build = Callable[[str], Path]


def free_port(address: str) -> int:
    with socket.socket() as probe:
        probe.bind((address, 0))
        return probe.getsockname()[1]


@pytest.fixture(scope="module")
def build(tmp_path_factory: pytest.TempPathFactory) -> Build:
    """Return a function that builds an example."""
    return lambda name: build_revision(name, tmp_path_factory.mktemp("examples") / name)


@pytest.fixture(scope="module")
def instance(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The environment file of an instance, with a database and its secret behind it."""
    spec = ClusterSpec("examples", DATABASE, free_port(DATABASE), master_username="keeper")
    directory = tmp_path_factory.mktemp("database") / "databases" / "examples"
    cluster = Cluster(spec, directory, HostNetwork())
    cluster.create(PASSWORD)
    state.reset()
    server = ThreadedMotoServer(ip_address=DATABASE, port=0, verbose=False)
    try:
        cluster.start()
        cluster.ensure_database("app", PASSWORD)
        server.start()
        _, port = server.get_host_and_port()
        access = {
            "AWS_ENDPOINT_URL": f"http://{DATABASE}:{port}",
            "AWS_REGION": "ap-northeast-2",
            "AWS_ACCESS_KEY_ID": "rehearsal",
            "AWS_SECRET_ACCESS_KEY": "rehearsal",
        }
        client = boto3.client(
            "secretsmanager",
            endpoint_url=access["AWS_ENDPOINT_URL"],
            region_name=access["AWS_REGION"],
            aws_access_key_id="rehearsal",
            aws_secret_access_key="rehearsal",
        )
        secret = json.dumps({"username": "keeper", "password": PASSWORD})
        arn = client.create_secret(Name="database", SecretString=secret)["ARN"]
        yield {
            **access,
            "APP_HOST": HOST,
            "APP_PORT": str(free_port(HOST)),
            "HEALTH_PATH": "/health",
            "DATABASE_HOST": spec.address,
            "DATABASE_PORT": str(spec.port),
            "DATABASE_NAME": "app",
            "DATABASE_SECRET_ARN": arn,
            "SEED_USERS": str(SEED_USERS),
            "SEARCH_INDEX": "false",
            "INSTANCE_ID": "i-0123456789abcdef0",
            "AVAILABILITY_ZONE": "ap-northeast-2a",
        }
    finally:
        server.stop()
        cluster.destroy()


@pytest.fixture(scope="module")
def limits() -> Limits:
    return cgroups.detect()


def validation_timeout(name: str) -> int:
    (script,) = appspec.parse(
        (EXAMPLES / name / "deploy" / "appspec.yml").read_text("utf-8")
    ).hooks["ValidateService"]
    return script.timeout


@pytest.mark.parametrize("name", NAMES)
def test_it_builds_starts_on_a_nano_and_serves_the_load_tests_visitors(
    build: Build, instance: dict[str, str], limits: Limits, name: str, tmp_path: Path
) -> None:
    revision = build(name)
    size = build_bundle(revision, tmp_path / "bundles").path.stat().st_size
    if name == "django-gunicorn":
        _prepare(revision, instance)
        _prepare(revision, instance)  # a second release finds nothing to do
    nano = instance_type("t4g.nano")
    with running(
        name=name,
        revision=revision,
        instance=instance,
        limits=limits,
        kind=nano,
        timeout_s=validation_timeout(name),
    ) as service:
        _check_pages(service, revision, instance)
        print(
            f"\n{name}: revision {size / 2**20:.0f} MiB; on a t4g.nano healthy after "
            f"{service.healthy_after_s:.1f} s, at most {service.memory_peak() / 2**20:.0f} MiB"
        )
        service.process.send_signal(signal.SIGTERM)
        # Within the time that systemd grants by default: gunicorn takes up to 30 s for its visitors.
        assert service.process.wait(90) in {0, 143, -signal.SIGTERM}


def _prepare(revision: Path, instance: dict[str, str]) -> None:
    subprocess.run(
        [sys.executable, "manage.py", "prepare"],
        cwd=revision / "app",
        env=environment("django-gunicorn", revision, instance),
        check=True,
        timeout=120,
    )


def _check_pages(service: Service, revision: Path, instance: dict[str, str]) -> None:
    for path in ("/", "/health"):
        answer = service.ask(path)
        assert answer.status == 200, answer
        assert answer.headers["X-App-Version"] == version_of(revision)
        assert answer.headers["X-Instance-Id"] == instance["INSTANCE_ID"]
        assert answer.headers["X-Availability-Zone"] == instance["AVAILABILITY_ZONE"]
    for number in (1, SEED_USERS):
        visitor = username(number)
        answer = service.ask("/login", {"username": visitor, "password": DEMO_PASSWORD})
        assert (answer.status, logged_in(answer)) == (200, visitor)
    for form, status in (
        ({"username": username(1), "password": "wrong"}, 401),
        ({"username": username(SEED_USERS + 1), "password": DEMO_PASSWORD}, 401),
        ({"username": "' OR 1=1 --", "password": ""}, 401),
        ({"username": username(1)}, 400),
        (["no", "form"], 400),
    ):
        assert service.ask("/login", form).status == status, form
