"""`pulumi up` goes on after the region was killed in its middle: nothing is lost, and nothing made twice.

It takes some twenty seconds a kill. `HAPROOF_KILLS=100 pytest tests/region/provider/test_killed_up.py`
tries a hundred moments.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.region.fakes import Aws, give_credential
from tests.region.provider.test_engine import PROGRAM, REPOSITORY, SEARCH_PATH, Stack

pytestmark = pytest.mark.engine

KILLS = int(os.environ.get("HAPROOF_KILLS", "2"))
LONGEST = 6.0
"""Seconds until a kill: about as long as an `up` of the program takes."""
SERVER = """
import sys, threading
from pathlib import Path
from region.takeover import last_ports
from region.api.server import ControlPlane
from region.config import RegionConfig
from region.provider.server import ProviderServer
from region.services.install import install_patches
root = Path(sys.argv[1])
last = last_ports.free(root)
plane = ControlPlane(RegionConfig(root=root, api_port=last.api), install_patches)
plane.start()
provider = ProviderServer(plane.endpoint, "ap-northeast-2", plane.credentials.user, plane)
port = provider.start(last.provider)
last_ports.remember(root, last_ports.Ports(plane.port, port))
print(plane.endpoint, port, flush=True)
threading.Event().wait()
"""
# Without what a controller has to make ready, which there is none of here.
NETWORK = (
    PROGRAM.partition("balancer = ")[0]
    + """
aws.s3.Bucket("files")
aws.sns.Topic("news")
"""
)


class _Region:
    """API and provider in a process of their own."""

    def __init__(self, root: Path) -> None:
        give_credential(root)
        self.process = subprocess.Popen(
            [sys.executable, "-c", SERVER, str(root)],
            cwd=REPOSITORY,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        self.endpoint, self.provider_port = self.process.stdout.readline().split()

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


@pytest.mark.parametrize("number", range(KILLS))
def test_up_goes_on_after_a_kill(tmp_path: Path, number: int) -> None:
    if shutil.which("pulumi", path=SEARCH_PATH) is None:
        pytest.skip("the Pulumi engine is not installed; run `make setup`")
    root = tmp_path / "region"
    region = _Region(root)
    try:
        stack = Stack(tmp_path, int(region.provider_port))
        stack.program.write_text(NETWORK)
        killed = _up(stack)
        time.sleep(random.Random(number).uniform(1.0, LONGEST))  # noqa: S311 - a moment, no secret
        region.kill()
        killed.communicate(timeout=120)
        region = _Region(root)
        stack.up()
        assert "unchanged" in stack.up("--expect-no-changes")
        assert _own(Aws(region.endpoint)) == {
            "vpcs": 1,
            "subnets": 2,
            "gateways": 1,
            "groups": 1,
            "buckets": 1,
            "topics": 1,
        }
        stack.run("destroy", "--yes", "--skip-preview")
        assert not any(_own(Aws(region.endpoint)).values())
    finally:
        region.kill()


def _up(stack: Stack) -> subprocess.Popen[str]:
    return subprocess.Popen(
        ["pulumi", "up", "--yes", "--skip-preview", "--non-interactive"],
        cwd=stack.directory,
        env=stack.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def _own(aws: Any) -> dict[str, int]:
    """Count what the program made; what every account has does not count."""
    vpcs = {vpc["VpcId"] for vpc in aws.ec2.describe_vpcs()["Vpcs"] if not vpc["IsDefault"]}
    groups = aws.ec2.describe_security_groups()["SecurityGroups"]
    return {
        "vpcs": len(vpcs),
        "subnets": sum(one["VpcId"] in vpcs for one in aws.ec2.describe_subnets()["Subnets"]),
        "gateways": sum(
            all(at["VpcId"] in vpcs for at in one["Attachments"])
            for one in aws.ec2.describe_internet_gateways()["InternetGateways"]
        ),
        "groups": sum(one["VpcId"] in vpcs and one["GroupName"] != "default" for one in groups),
        "buckets": len(aws.s3.list_buckets()["Buckets"]),
        "topics": len(aws.sns.list_topics()["Topics"]),
    }
