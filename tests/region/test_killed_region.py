"""A region that is killed and started again: what it ran goes on, and nobody notices.

It takes about half a minute: two load balanced instances and a database.
"""

from __future__ import annotations

import contextlib
import http.client
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import psutil
import psycopg
import pytest

from region import background, credentials, session
from region.loopback.addresses import loopback_of
from region.network import leftovers
from tests.conformance.cloud import Cloud, Network
from tests.ended_regions import ending
from tests.processes import command_of
from tests.region.machines.test_sweep import await_nothing, volumes

pytestmark = [pytest.mark.region, pytest.mark.slow]

SPEED = 20.0
REGION = "ap-northeast-2"
USER_DATA = """#cloud-config
write_files:
  - path: /opt/web.py
    content: |
      import http.server, os
      class Handler(http.server.BaseHTTPRequestHandler):
          protocol_version = "HTTP/1.1"
          def do_GET(self):
              body = f"{os.uname().nodename} {os.getpid()} {os.stat('/proc/1').st_ctime}".encode()
              self.send_response(200)
              self.send_header("Content-Length", str(len(body)))
              self.end_headers()
              self.wfile.write(body)
          def log_message(self, *_): pass
      http.server.ThreadingHTTPServer(("", 8080), Handler).serve_forever()
  - path: /etc/systemd/system/web.service
    content: |
      [Service]
      ExecStart=/usr/bin/env python3 /opt/web.py
      Restart=always
      [Install]
      WantedBy=multi-user.target
runcmd:
  - systemctl enable --now web
"""


class Load:
    """Requests to an address without a pause, over new connections and over so many kept ones."""

    def __init__(self, host: str, port: int, kept: int = 2) -> None:
        self.host, self.port = host, port
        self.answers: set[str] = set()
        self.failures: list[str] = []
        self.count = 0
        self._stop = threading.Event()
        self._threads = [
            threading.Thread(target=self._ask, args=(number < kept,)) for number in range(4)
        ]
        for thread in self._threads:
            thread.start()

    def _ask(self, kept: bool) -> None:
        connection = http.client.HTTPConnection(self.host, self.port, timeout=10)
        while not self._stop.is_set():
            try:
                connection.request("GET", "/")
                answer = connection.getresponse()
                text = answer.read().decode()
                if answer.status != 200:
                    self.failures.append(f"{answer.status} {text}")
                else:
                    self.answers.add(text)
            except (OSError, http.client.HTTPException) as error:
                self.failures.append(repr(error))
                connection.close()
            self.count += 1
            if not kept:
                connection.close()
            time.sleep(0.005)
        connection.close()

    def end(self) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(15)


def cloud_of(root: Path) -> Cloud:
    found, keys = session.require(root), credentials.read(root)
    user = boto3.Session(keys.access_key_id, keys.secret_access_key, region_name=REGION)
    return Cloud(REGION, SPEED, user, f"http://127.0.0.1:{found.api_port}")


def kill(root: Path) -> session.Session:
    found = session.require(root)
    os.kill(found.pid, signal.SIGKILL)
    with contextlib.suppress(ChildProcessError):
        os.waitpid(found.pid, 0)
    return found


def start(root: Path) -> session.Session:
    return background.launch(root, ["--speed", f"{SPEED:g}"])


@dataclass(frozen=True)
class Front:
    """A load balancer with its target group and the instances behind it."""

    name: str
    arn: str
    group: str
    instances: list[str]


def balancer(cloud: Cloud, network: Network) -> Front:
    """Have two instances behind a load balancer."""
    made = cloud.elbv2.create_target_group(
        Name="web", Protocol="HTTP", Port=8080, VpcId=network.vpc, HealthCheckIntervalSeconds=5,
        HealthyThresholdCount=2,
    )  # fmt: skip
    group = made["TargetGroups"][0]["TargetGroupArn"]
    created = cloud.elbv2.create_load_balancer(
        Name="front", Subnets=network.subnets, SecurityGroups=[network.group]
    )
    front = created["LoadBalancers"][0]
    cloud.elbv2.create_listener(
        LoadBalancerArn=front["LoadBalancerArn"], Protocol="HTTP", Port=18080,
        DefaultActions=[{"Type": "forward", "TargetGroupArn": group}],
    )  # fmt: skip
    instances = [
        cloud.ec2.run_instances(
            ImageId=network.image, InstanceType="t4g.micro", MinCount=1, MaxCount=1,
            UserData=USER_DATA, SubnetId=subnet, SecurityGroupIds=[network.group],
        )["Instances"][0]["InstanceId"]
        for subnet in network.subnets[:2]
    ]  # fmt: skip

    def states() -> list[str]:
        found = cloud.ec2.describe_instances(InstanceIds=instances)["Reservations"]
        return [one["State"]["Name"] for each in found for one in each["Instances"]]

    cloud.until(lambda: states() == ["running"] * 2, 900)
    targets = [{"Id": instance} for instance in instances]
    cloud.elbv2.register_targets(TargetGroupArn=group, Targets=targets)
    cloud.until(lambda: health(cloud, group) == ["healthy"] * 2, 600)
    return Front(front["DNSName"], front["LoadBalancerArn"], group, instances)


def health(cloud: Cloud, group: str) -> list[str]:
    found = cloud.elbv2.describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]
    return [one["TargetHealth"]["State"] for one in found]


def database(cloud: Cloud, network: Network) -> Callable[[], Any]:
    """Have a database; return how to connect to it."""
    cloud.rds.create_db_subnet_group(
        DBSubnetGroupName="private", DBSubnetGroupDescription="x", SubnetIds=network.subnets
    )
    cloud.rds.create_db_instance(
        DBInstanceIdentifier="notes", DBInstanceClass="db.t4g.micro", Engine="postgres",
        AllocatedStorage=20, MasterUsername="keeper", MasterUserPassword="only-tests-know",
        DBSubnetGroupName="private", VpcSecurityGroupIds=[network.group], DBName="notes",
        PubliclyAccessible=True, BackupRetentionPeriod=0,
    )  # fmt: skip

    def described() -> Any:
        return cloud.rds.describe_db_instances(DBInstanceIdentifier="notes")["DBInstances"][0]

    cloud.until(lambda: described()["DBInstanceStatus"] == "available", 1800)
    endpoint = described()["Endpoint"]
    return lambda: psycopg.connect(
        host=loopback_of(endpoint["Address"]), port=endpoint["Port"], user="keeper",
        password="only-tests-know", dbname="notes", sslmode="require", autocommit=True,
        connect_timeout=10,
    )  # fmt: skip


@pytest.fixture
def root(tmp_path: Path) -> Iterator[Path]:
    root = tmp_path / "region"
    with ending(root):
        yield root
        found = session.running(root)
        if found is not None:
            background.stop(found)
        subprocess.run([sys.executable, "-m", "region", "stop", "--root", str(root)], check=False)


def boots(root: Path, instance: str) -> str:
    return (root / "instances" / instance / "console.log").read_text()


def test_what_a_killed_region_ran_goes_on(root: Path) -> None:
    start(root)
    cloud = cloud_of(root)
    network = Network(cloud)
    connect = database(cloud, network)
    front = balancer(cloud, network)
    with connect() as kept:
        backend = kept.execute("SELECT pg_backend_pid()").fetchone()
        load = Load(front.name, 18080)
        try:
            cloud.until(lambda: load.count > 100 and len(load.answers) == 2, 60)
            disks = sorted(volumes(root))
            assert len(disks) == 2
            for _ in range(2):
                before = kill(root)
                time.sleep(1.0)
                assert kept.execute("SELECT pg_backend_pid()").fetchone() == backend
                after = start(root)
                assert (after.api_port, after.pid != before.pid) == (before.api_port, True)
                cloud.until(lambda: health(cloud, front.group) == ["healthy"] * 2, 60)
                assert sorted(volumes(root)) == disks
        finally:
            load.end()
        assert load.failures == []
        assert len(load.answers) == 2, "a machine, or its service, was started anew"
        assert kept.execute("SELECT pg_backend_pid()").fetchone() == backend
    for instance in front.instances:
        assert boots(root, instance).count("is running on") == 1
    _is_managed(root, cloud, front)
    background.stop(session.require(root))
    assert await_nothing(root) == []


def _is_managed(root: Path, cloud: Cloud, front: Front) -> None:
    """What was taken over is followed, restarted, rebooted, changed and ended as if nothing had been."""
    # The service manager follows the main process that another region has started.
    words = ["systemctl", "kill", "-s", "KILL", "web"]
    subprocess.run(
        [
            sys.executable,
            "-m",
            "region",
            "shell",
            "--root",
            str(root),
            front.instances[0],
            "--",
            *words,
        ],
        check=True,
        timeout=60,
    )
    cloud.until(lambda: "scheduled restart" in boots(root, front.instances[0]), 60)
    cloud.until(lambda: health(cloud, front.group) == ["healthy"] * 2, 120)
    # Listeners can be added, so the sockets are there. HAProxy closes kept connections for that.
    load = Load(front.name, 18080, kept=0)
    cloud.elbv2.create_listener(
        LoadBalancerArn=front.arn, Protocol="HTTP", Port=18081,
        DefaultActions=[{"Type": "forward", "TargetGroupArn": front.group}],
    )  # fmt: skip
    cloud.until(lambda: _answers(front.name, 18081), 120)
    load.end()
    assert load.failures == []
    cloud.ec2.reboot_instances(InstanceIds=[front.instances[0]])
    cloud.until(lambda: boots(root, front.instances[0]).count("is running on") == 2, 120)
    cloud.ec2.terminate_instances(InstanceIds=[front.instances[1]])
    directory = root / "instances" / front.instances[1]
    cloud.until(lambda: not directory.exists(), 120)
    cloud.elbv2.delete_load_balancer(LoadBalancerArn=front.arn)
    cloud.until(lambda: not _answers(front.name, 18081), 120)


def _answers(name: str, port: int) -> bool:
    connection = http.client.HTTPConnection(name, port, timeout=5)
    try:
        connection.request("GET", "/")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def test_stop_ends_what_a_killed_region_has_left(root: Path) -> None:
    start(root)
    cloud = cloud_of(root)
    network = Network(cloud)
    balancer(cloud, network)
    kill(root)
    left = [one for one in psutil.process_iter(["name"]) if one.info["name"] == "haproxy"]
    assert any(str(root) in " ".join(command_of(one)) for one in left)
    subprocess.run([sys.executable, "-m", "region", "stop", "--root", str(root)], check=True)
    assert await_nothing(root) == []


def test_what_a_region_without_its_directory_has_left_is_named_and_removed(root: Path) -> None:
    start(root)
    cloud = cloud_of(root)
    balancer(cloud, Network(cloud))
    kill(root)
    shutil.rmtree(root)
    doctor = [sys.executable, "-m", "toolchain", "doctor"]
    told = subprocess.run(doctor, capture_output=True, text=True, check=False).stdout
    assert f"stop --root {root}" in told
    stop = [sys.executable, "-m", "region", "stop", "--root", str(root)]
    subprocess.run(stop, check=True)
    told = subprocess.run(doctor, capture_output=True, text=True, check=False).stdout
    assert str(root) not in told
    assert not root.exists()
    running = [" ".join(one.info["cmdline"] or ()) for one in psutil.process_iter(["cmdline"])]
    assert not [command for command in running if str(root) in command]


def test_a_region_ends_when_its_directory_is_removed(root: Path) -> None:
    start(root)
    found = session.require(root)
    shutil.rmtree(root)
    deadline = time.monotonic() + 60
    while found.alive() and time.monotonic() < deadline:
        with contextlib.suppress(ChildProcessError):
            os.waitpid(found.pid, os.WNOHANG)
        time.sleep(0.1)
    assert not found.alive()
    assert leftovers(root) == []
    assert not root.exists()
