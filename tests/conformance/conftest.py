"""A region for the conformance tests of one worker, or AWS itself with `pytest --aws`.

Each test names the rows of the table of behaviours that it holds: `@pytest.mark.row("ASG-H01")`.
"""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Generator, Iterator
from pathlib import Path

import boto3
import pytest

from region import credentials, session
from tests.conformance.cloud import Cloud, Network
from tests.ended_regions import ending

REGION = "ap-northeast-2"
SPEED = 20.0
"""A minute of AWS in three seconds: shorter, and what a computer does itself would count too much."""
HURRY = 720.0
"""An hour of AWS in five seconds."""


@pytest.fixture(scope="session")
def everywhere(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Cloud]:
    """The cloud of all tests of this worker; `cloud` cleans up after each."""
    if request.config.getoption("--aws"):
        yield Cloud(REGION, 1.0, boto3.Session(region_name=REGION), None)
        return
    with _started(tmp_path_factory.mktemp("conformance") / "region", SPEED) as cloud:
        yield cloud


@pytest.fixture
def hurried(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Cloud]:
    """A cloud of its own in which hours of AWS pass in seconds, for limits that are hours away."""
    if request.config.getoption("--aws"):
        pytest.skip("takes hours on AWS")
    with _started(tmp_path / "region", HURRY) as cloud:
        yield cloud


@contextlib.contextmanager
def _started(root: Path, speed: float) -> Generator[Cloud]:
    with ending(root):
        _region(root, "start", "--speed", f"{speed:g}")
        try:
            found, keys = session.require(root), credentials.read(root)
            yield Cloud(
                REGION,
                speed,
                boto3.Session(keys.access_key_id, keys.secret_access_key, region_name=REGION),
                f"http://127.0.0.1:{found.api_port}",
            )
        finally:
            _region(root, "stop")


def _region(root: Path, command: str, *options: str) -> None:
    subprocess.run(
        [sys.executable, "-m", "region", command, "--root", str(root), *options],
        check=True,
        timeout=300,
    )


@pytest.fixture
def cloud(everywhere: Cloud) -> Iterator[Cloud]:
    """The cloud, without what the test made in it afterwards."""
    yield everywhere
    everywhere.clean_up()


@pytest.fixture(scope="session")
def network(everywhere: Cloud) -> Iterator[Network]:
    """A network that all tests of this worker share."""
    shared = Network(everywhere)
    yield shared
    if everywhere.is_aws:  # A region goes as a whole.
        shared.remove()
