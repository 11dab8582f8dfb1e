"""A release through the API to a real agent on a real machine."""

from __future__ import annotations

import io
import zipfile

import pytest

from region.machines.images import prepare
from region.machines.machine_pool import MachinePool
from region.network import RegionNetwork
from region.reconcile import ControllerLoop
from region.services.codedeploy.controller import DeploymentsController
from region.services.ec2.controller import InstancesController
from region.services.elbv2.controller import LoadBalancersController

pytestmark = pytest.mark.region

APPSPEC = """version: 0.0
os: linux
files:
  - source: app.txt
    destination: /opt/haproof/app
hooks:
  ValidateService:
    - location: check.sh
      timeout: 20
"""


def revision(check: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("appspec.yml", APPSPEC)
        archive.writestr("app.txt", "hello")
        script = zipfile.ZipInfo("check.sh")
        script.external_attr = 0o755 << 16
        archive.writestr(script, f"#!/bin/sh\n{check}\n")
    return buffer.getvalue()


@pytest.fixture
def real(plane, stage_of):
    network = RegionNetwork(plane.config.root)
    network.start()
    image = prepare("host", {})
    pool = MachinePool(
        plane.config.root,
        network,
        plane.config.region,
        aws_endpoint=plane.endpoint,
        image=image.for_ami,
        credentials=plane.credentials,
    )
    pool.start()
    loop = ControllerLoop(
        plane,
        [
            InstancesController(plane, pool),
            LoadBalancersController(plane, network),
            DeploymentsController(plane, pool),
        ],
        tick=0.2,
    )
    loop.start()
    stage = stage_of()
    stage.pool = pool
    yield stage
    loop.stop()
    pool.close()
    network.stop()


def upload(stage, key, body):
    stage.aws.s3.put_object(Bucket="releases", Key=key, Body=body)


def test_release_failure_and_rollback_on_a_real_machine(real):
    real.aws.s3.create_bucket(
        Bucket="releases", CreateBucketConfiguration={"LocationConstraint": "ap-northeast-2"}
    )
    upload(real, "good.zip", revision('grep -q hello /opt/haproof/app/app.txt && echo "is good"'))
    upload(real, "bad.zip", revision('echo "no good" >&2; exit 3'))
    (name,) = real.launch()
    real.group(
        deploymentConfigName="CodeDeployDefault.HalfAtATime",
        autoRollbackConfiguration={"enabled": True, "events": ["DEPLOYMENT_FAILURE"]},
    )
    good = real.deploy("good.zip")
    assert real.ended(good, 60)["status"] == "Succeeded", real.target(good, name)

    bad = real.deploy("bad.zip", fileExistsBehavior="OVERWRITE")
    info = real.ended(bad, 60)
    assert info["status"] == "Failed"
    events = {
        event["lifecycleEventName"]: event for event in real.target(bad, name)["lifecycleEvents"]
    }
    assert events["ValidateService"]["diagnostics"]["errorCode"] == "ScriptFailed"
    assert "no good" in events["ValidateService"]["diagnostics"]["logTail"]
    rollback = real.ended(info["rollbackInfo"]["rollbackDeploymentId"], 60)
    assert rollback["status"] == "Succeeded"

    missing = real.deploy("missing.zip")
    events = {
        event["lifecycleEventName"]: event
        for event in (real.ended(missing, 60), real.target(missing, name))[1]["lifecycleEvents"]
    }
    assert events["DownloadBundle"]["status"] == "Failed"
    assert events["Install"]["status"] == "Skipped"
