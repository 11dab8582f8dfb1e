"""The documented Spring Boot revision, on a machine booted by the project's own user data.

Its scripts, its unit and its environment are real; only Java is played, by a program that answers
like Spring Boot and shows what it was given.
"""

from __future__ import annotations

import json
import shutil
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto.server import ThreadedMotoServer

from components.revision.bundle import build_bundle
from components.user_data import InstanceEnvironment, render_user_data
from region.api import state
from region.machines import AgentDeployment, Machine, MachinePool
from tests.region.machines.conftest import free_port

pytestmark = [
    pytest.mark.region,
    # Else `before_install.sh` would install it, which a test must not.
    pytest.mark.skipif(shutil.which("java") is None, reason="java is not installed"),
]

EXAMPLE = Path(__file__).parents[3] / "examples" / "spring-boot"
HEALTH = "/actuator/health/readiness"
EVENTS = (
    *("ApplicationStop", "DownloadBundle", "BeforeInstall", "Install"),
    *("AfterInstall", "ApplicationStart", "ValidateService"),
)

JAVA = """#!/usr/bin/env python3
import json, os, pathlib, sys
from http.server import BaseHTTPRequestHandler, HTTPServer

jar = pathlib.Path(sys.argv[sys.argv.index("-jar") + 1])
given = {k: v for k, v in os.environ.items() if k.startswith(("SPRING_", "SERVER_", "MANAGEMENT_"))}
given["jar"] = jar.read_text()

class Spring(BaseHTTPRequestHandler):
    def do_GET(self):
        body = json.dumps(given).encode()
        self.send_response(200 if self.path == "/actuator/health/readiness" else 404)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass

address = (os.environ["SERVER_ADDRESS"], int(os.environ["SERVER_PORT"]))
HTTPServer(address, Spring).serve_forever()
"""


@pytest.fixture
def endpoint() -> Iterator[str]:
    state.reset()
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def machine(tmp_path: Path, endpoint: str, spec_of: Callable[..., Any]) -> Iterator[Machine]:
    pool = MachinePool(tmp_path / "region", endpoint, "ap-northeast-2")
    pool.start()
    probe = spec_of(b"", 41)
    document = render_user_data(
        InstanceEnvironment(
            region="ap-northeast-2",
            app_port=free_port(probe.address),
            health_path=HEALTH,
            database_host="db.example.internal",
            database_port=5432,
            database_name="app",
            database_secret_arn="arn:aws:secretsmanager:ap-northeast-2:123456789012:secret:rds-1",
            seed_users=1,
            search_index=False,
        )
    )
    try:
        made = pool.launch(spec_of(document.encode(), 41))
        made.boot()
        _fake_java(made.directory / "disk" / "opt", tmp_path / "region" / "bin")
        yield made
    finally:
        pool.close()


def _fake_java(opt: Path, commands: Path) -> None:
    """Puts the stand-in first on PATH of whatever reads the instance's environment file.

    `commands` is where the machine has its own `systemctl`.
    """
    java = opt / "fake" / "java"
    java.parent.mkdir()
    java.write_text(JAVA)
    java.chmod(0o755)
    with (opt / "haproof" / "environment").open("a") as stream:
        stream.write(f"PATH=/opt/fake:{commands}:/usr/local/bin:/usr/bin:/bin\n")


def _deployment(endpoint: str, scratch: Path, jar: str) -> AgentDeployment:
    source = scratch / f"source-{jar}"
    shutil.copytree(EXAMPLE, source)
    (source / "app.jar").write_text(jar)
    bundle = build_bundle(source, scratch / "bundles")
    s3 = boto3.client(
        "s3",
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id="rehearsal",
        aws_secret_access_key="rehearsal",
    )
    s3.create_bucket(Bucket="revisions")
    etag = s3.put_object(Bucket="revisions", Key=bundle.key, Body=bundle.path.read_bytes())["ETag"]
    return AgentDeployment(
        deployment_id=f"d-{jar}",
        application_name="app",
        deployment_group_name="ha",
        deployment_group_id="group-0001",
        bucket="revisions",
        key=bundle.key,
        etag=etag,
    )


def _deploy(machine: Machine, deployment: AgentDeployment) -> None:
    for event in EVENTS:
        result = machine.agent.run_event(event, deployment)
        assert result.status != "Failed", (event, result, machine.console_output()[-3000:])


def _answer(machine: Machine) -> dict[str, str]:
    lines = (machine.directory / "disk/opt/haproof/environment").read_text().splitlines()
    environment = dict(line.split("=", 1) for line in lines if line)
    url = f"http://{environment['APP_HOST']}:{environment['APP_PORT']}{HEALTH}"
    with urllib.request.urlopen(url, timeout=5) as answer:
        return json.load(answer)


def test_the_example_takes_over_from_the_placeholder_and_is_replaced_by_its_next_release(
    machine: Machine, endpoint: str, tmp_path: Path
) -> None:
    _deploy(machine, _deployment(endpoint, tmp_path, "first"))
    answer = _answer(machine)
    assert answer["jar"] == "first"
    assert answer["SPRING_DATASOURCE_URL"] == (
        "jdbc-secretsmanager:postgresql://db.example.internal:5432/app?sslmode=require"
    )
    assert answer["SPRING_DATASOURCE_USERNAME"].startswith("arn:aws:secretsmanager:")
    assert answer["SERVER_SHUTDOWN"] == "graceful"

    _deploy(machine, _deployment(endpoint, tmp_path, "second"))
    assert _answer(machine)["jar"] == "second"
