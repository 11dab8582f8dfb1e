"""The examples deployed to both stacks, each by its own hooks on machines of the local region."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from commandline.exit_codes import ExitCode
from loadtest.runs.paths import BASE_VARIABLE
from loadtest.scenario.credentials import DEMO_PASSWORD, username
from region import credentials, session
from region.environment import process_environment
from region.provider.clients import Clients
from rehearsal.pulumi_project import STACKS, Project
from tests.e2e.conftest import ROOT, Command, lasting
from tests.examples.builds import build_revision, version_of
from tests.examples.conftest import NAMES
from tests.examples.services import Answer, ask_url

pytestmark = pytest.mark.e2e

FLEET: dict[str, Any] = {"minSize": 3, "desiredCapacity": 3, "maxSize": 4}
SEED_USERS = 3_000
LAUNCH_TIMEOUT_S = 600
"""The stack's health check grace period."""

EXPRESS = ("node-express", "t4g.nano")
SPEED = 4
"""Of AWS's waiting periods with that one: a release watches the first zone for four minutes of them.

The others start too slowly for a grace period of a quarter."""

MORE = (
    ("django-gunicorn", "t4g.nano"),
    ("spring-boot", "t4g.nano"),
    ("spring-boot", "t4g.small"),
)
"""Two to three minutes each: `make examples` runs them."""
COMBINATIONS = (EXPRESS, *(pytest.param(pair, marks=pytest.mark.examples) for pair in MORE))
TOO_SMALL = {("spring-boot", "t4g.nano", "single")}
"""A login costs Java 11 ms of CPU: at 0.10 cores, a tenth of what the smoke profile asks for."""

Build = Callable[[str], Path]


@dataclass(frozen=True)
class Deployed:
    """An example that both stacks of a region run."""

    name: str
    instance_type: str
    revision: Path
    project: Project

    @property
    def aws(self) -> Clients:
        endpoint = f"http://127.0.0.1:{self.project.session.api_port}"
        return Clients(endpoint, self.project.session.region, credentials.read(self.project.root))

    def url(self, stack: str) -> str:
        return self.project.outputs(stack)["url"]

    def report(self, text: str) -> None:
        print(f"\n{self.name} on {self.instance_type}: {text}")


@pytest.fixture(scope="module")
def build(tmp_path_factory: pytest.TempPathFactory) -> Build:
    """Return a function that builds an example once."""
    built: dict[str, Path] = {}

    def once(name: str) -> Path:
        if name not in built:
            built[name] = build_revision(name, tmp_path_factory.mktemp("examples") / name)
        return built[name]

    return once


@pytest.fixture(scope="module", params=COMBINATIONS, ids="-".join)
def deployed(
    request: pytest.FixtureRequest, build: Build, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Deployed]:
    """Both stacks of a new region, with an example on instances of a type."""
    name, instance_type = request.param
    revision = build(name)
    with lasting(tmp_path_factory.mktemp(name) / "region") as command:
        project = _project(command, speed=SPEED if request.param == EXPRESS else 1)
        settings: dict[str, Any] = {
            "appPath": str(revision),
            "instanceType": instance_type,
            "seedUsers": SEED_USERS,
        }
        project.prepare("single", settings)
        project.prepare("ha", settings | FLEET)
        with ThreadPoolExecutor(len(STACKS)) as both:
            list(both.map(project.up, STACKS))
        yield Deployed(name, instance_type, revision, project)


def _project(command: Command, *, speed: int) -> Project:
    started = command("start", "--speed", str(speed))
    assert started.returncode == 0, started.stdout
    return Project(session.require(command.root), command.root)


def log_in(url: str, number: int) -> Answer:
    form = {"username": username(number), "password": DEMO_PASSWORD}
    return ask_url(f"{url}/login", form)


def answering(url: str, requests: int = 60) -> dict[str, set[str]]:
    """Ids of the instances that answer, and the versions that each reports."""
    found: dict[str, set[str]] = {}
    for number in range(1, requests + 1):
        answer = log_in(url, number)
        assert answer.status == 200, answer
        found.setdefault(answer.headers["X-Instance-Id"], set()).add(
            answer.headers["X-App-Version"]
        )
    return found


def test_it_serves_on_the_single_instance(deployed: Deployed) -> None:
    url = deployed.url("single")
    assert ask_url(url).status == 200
    ((instance, versions),) = answering(url, 5).items()
    assert versions == {version_of(deployed.revision)}

    outputs, codedeploy = deployed.project.outputs("single"), deployed.aws.codedeploy
    (released,) = codedeploy.list_deployments(
        applicationName=outputs["codedeployApplication"],
        deploymentGroupName=outputs["codedeployDeploymentGroup"],
    )["deployments"]
    info = codedeploy.get_deployment(deploymentId=released)["deploymentInfo"]
    seconds = (info["completeTime"] - _launch_time(deployed.aws, instance)).total_seconds()
    release = (info["completeTime"] - info["createTime"]).total_seconds()
    deployed.report(f"single, healthy {seconds:.0f} s after launch, {release:.0f} s after release")


def test_every_instance_of_the_fleet_serves(deployed: Deployed) -> None:
    url = deployed.url("ha")
    assert ask_url(url).status == 200
    found = answering(url)
    assert len(found) == FLEET["desiredCapacity"]
    assert set().union(*found.values()) == {version_of(deployed.revision)}


@pytest.mark.alone
@pytest.mark.parametrize("stack", STACKS)
def test_visitors_are_served(deployed: Deployed, stack: str, tmp_path: Path) -> None:
    outputs = tmp_path / "outputs.json"
    outputs.write_text(json.dumps(deployed.project.outputs(stack)))
    done = subprocess.run(
        [
            *(sys.executable, "-m", "loadtest", "run"),
            *("--outputs", str(outputs), "--profile", "smoke"),
        ],
        cwd=ROOT,
        env={
            **process_environment(deployed.project.session, deployed.project.root),
            BASE_VARIABLE: str(tmp_path / "results"),
        },
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=300,
        check=False,
    )
    # Whether the promise is kept depends on the framework; that visitors are served does not.
    assert done.returncode in {ExitCode.SUCCESS, ExitCode.BROKEN_PROMISE}, done.stdout[-4000:]
    run = json.loads((next(tmp_path.glob("results/*-smoke")) / "run.json").read_text())
    users = run["users"]
    deployed.report(f"{stack}, {users['failed']} of {users['created']} visitors failed")
    assert users["created"] >= 200
    if (deployed.name, deployed.instance_type, stack) not in TOO_SMALL:
        assert users["failed"] == 0


def test_an_instance_of_the_fleet_is_replaced(deployed: Deployed) -> None:
    url, aws = deployed.url("ha"), deployed.aws
    before = answering(url)
    aws.autoscaling.terminate_instance_in_auto_scaling_group(
        InstanceId=next(iter(before)), ShouldDecrementDesiredCapacity=False
    )

    seconds = _seconds_from_launch_to_healthy(aws, url, set(before))

    # It runs the release, as the others do.
    assert set().union(*answering(url).values()) == {version_of(deployed.revision)}
    deployed.report(f"ha, healthy {seconds:.0f} s after launch")


def _seconds_from_launch_to_healthy(aws: Clients, url: str, known: set[str]) -> float:
    """Wait until an instance that is not `known` answers a visitor."""
    deadline = time.monotonic() + LAUNCH_TIMEOUT_S
    while time.monotonic() < deadline:
        # No visitor fails while an instance is replaced.
        new = answering(url, 6).keys() - known
        if new:
            (name,) = new
            return (datetime.now(UTC) - _launch_time(aws, name)).total_seconds()
        time.sleep(1)
    pytest.fail(f"no new instance answered within {LAUNCH_TIMEOUT_S} s")


def _launch_time(aws: Clients, instance_id: str) -> datetime:
    found = aws.ec2.describe_instances(InstanceIds=[instance_id])
    return found["Reservations"][0]["Instances"][0]["LaunchTime"]


@pytest.mark.parametrize("deployed", [EXPRESS], indirect=True, ids="-".join)
def test_the_next_release_replaces_the_running_one(deployed: Deployed) -> None:
    """ApplicationStop ends a process that no unit knows, and only on its own machine."""
    before = answering(deployed.url("ha"))

    version = deployed.revision / "app" / "version.env"
    released = version.read_text()
    try:
        version.write_text("APP_VERSION=next\n")
        deployed.project.up("ha")
    finally:
        version.write_text(released)

    after = answering(deployed.url("ha"))
    assert after.keys() == before.keys()
    assert set().union(*after.values()) == {"next"}


def test_every_example_is_deployed() -> None:
    assert {name for name, _ in (EXPRESS, *MORE)} == set(NAMES)
