"""Experiments that are ended at a random moment, or whose region is killed: nothing stays broken.

`pytest tests/e2e/test_killed_experiments.py --kills 50` kills fifty times; `--first-kill 17 --kills 1`
repeats the eighteenth.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest

from loadtest.experiments.undo import unfinished_journals
from loadtest.experiments.ways_back import TAG
from region import session
from rehearsal.pulumi_project import Project
from tests.e2e.experiment_stack import SPEED, Stack, released

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.alone]

FAULTS: dict[str, dict[str, Any]] = {
    "instance-hangs": {"seconds": 60},
    "instance-starves": {"seconds": 60},
    "instance-errors": {"seconds": 60},
    "database-cut": {"seconds": 20},
    "zone-lost-silent": {"seconds": 20},
    "zone-lost-refused": {"seconds": 20},
    "zone-lost-no-capacity": {"seconds": 20},
    "deployment-fails-its-hook": {},
}
"""Experiments with something to put back, and how long their faults last."""
WAYS = (
    "the command, by SIGKILL",
    "the command, by SIGINT",
    "the command, by SIGTERM",
    "the region",
    "the command and the region, by SIGKILL",
)
LATEST_S = 30.0
"""An experiment has begun its fault after about 15 s, and ends after 30 to 60."""
WHOLE_S = 150.0


@dataclass(frozen=True)
class Kill:
    """One kill: of what, in which experiment, when."""

    number: int
    experiment: str
    way: str
    after_s: float

    def __str__(self) -> str:
        return f"{self.number}: {self.way} after {self.after_s:.1f} s of {self.experiment}"


def kill_of(number: int) -> Kill:
    """Return the same kill for the same number."""
    chance = random.Random(number)  # noqa: S311 - no secret
    return Kill(
        number, chance.choice(list(FAULTS)), chance.choice(WAYS), chance.uniform(0.0, LATEST_S)
    )


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "kill" in metafunc.fixturenames:
        first = metafunc.config.getoption("--first-kill")
        numbers = range(first, first + metafunc.config.getoption("--kills"))
        metafunc.parametrize("kill", [kill_of(number) for number in numbers], ids=str)


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with released(tmp_path_factory.mktemp("killed")) as made:
        yield made


@pytest.fixture(scope="module")
def sound(stack: Stack) -> Any:
    """What the stack is like before anything is killed."""
    return settings_of(stack)


def settings_of(stack: Stack) -> dict[str, Any]:
    """Return what experiments change and must have put back."""
    ec2, scaling, elb = (stack.client(name) for name in ("ec2", "autoscaling", "elbv2"))
    (group,) = scaling.describe_auto_scaling_groups(
        AutoScalingGroupNames=[stack.output("autoScalingGroupName")]
    )["AutoScalingGroups"]
    arn = stack.output("targetGroupArn")
    (targets,) = elb.describe_target_groups(TargetGroupArns=[arn])["TargetGroups"]
    marked = [{"Name": "tag-key", "Values": [TAG]}]
    acls = ec2.describe_network_acls()["NetworkAcls"]
    fis = stack.client("fis").list_experiments()["experiments"]
    return {
        "subnets": {
            one["SubnetId"]: one["NetworkAclId"] for acl in acls for one in acl["Associations"]
        },
        "marked": ec2.describe_network_acls(Filters=marked)["NetworkAcls"],
        "suspended": group["SuspendedProcesses"],
        "desired": group["DesiredCapacity"],
        "health check": {key: targets[key] for key in sorted(targets) if "Health" in key},
        "FIS": [one["id"] for one in fis if one["state"]["status"] == "running"],
        "revision": revision_of(stack),
    }


def revision_of(stack: Stack) -> str:
    codedeploy = stack.client("codedeploy")
    info = codedeploy.get_deployment_group(
        applicationName=stack.output("codedeployApplication"),
        deploymentGroupName=stack.output("codedeployDeploymentGroup"),
    )["deploymentGroupInfo"]
    last = codedeploy.get_deployment(deploymentId=info["lastSuccessfulDeployment"]["deploymentId"])
    return str(last["deploymentInfo"]["revision"]["s3Location"]["key"])


def broken(stack: Stack) -> list[str]:
    """Return what does not serve: instances that are not healthy, or stopped, or not enough."""
    arn = stack.output("targetGroupArn")
    found = stack.client("elbv2").describe_target_health(TargetGroupArn=arn)
    states = {
        one["Target"]["Id"]: one["TargetHealth"]["State"]
        for one in found["TargetHealthDescriptions"]
        if one["TargetHealth"]["State"] != "draining"
    }
    (group,) = stack.client("autoscaling").describe_auto_scaling_groups(
        AutoScalingGroupNames=[stack.output("autoScalingGroupName")]
    )["AutoScalingGroups"]
    healthy = sum(state == "healthy" for state in states.values())
    missing = [f"{name} is {state}" for name, state in states.items() if state != "healthy"]
    if healthy < group["DesiredCapacity"]:
        missing.append(f"{healthy} of {group['DesiredCapacity']} targets are healthy")
    reservations = stack.client("ec2").describe_instances()["Reservations"]
    instances = [one for reservation in reservations for one in reservation["Instances"]]
    stopped = [one for one in instances if one["State"]["Name"] in {"stopping", "stopped"}]
    missing += [f"{one['InstanceId']} is {one['State']['Name']}" for one in stopped]
    return missing


def of_experiments(stack: Stack) -> list[str]:
    """Return the processes that work for an experiment: the command, its load, its guard."""
    found = list[str]()
    for process in psutil.process_iter(["cmdline", "cwd", "pid"]):
        words, where = " ".join(process.info["cmdline"] or []), str(process.info["cwd"] or "")
        if str(stack.results) in words + where or str(stack.outputs) in words:
            found.append(f"{process.info['pid']} {words[:200]}")
    return found


def until(empty: Callable[[], Any], seconds: float, what: str) -> None:
    deadline = time.monotonic() + seconds
    while found := empty():
        assert time.monotonic() < deadline, f"{what}: {found}"
        time.sleep(0.5)


def end(kill: Kill, stack: Stack, process: subprocess.Popen[str]) -> None:
    """Kill what is to be killed; a killed region is started again."""
    if "the region" in kill.way:
        if "the command" in kill.way:
            process.kill()
        pid = session.require(stack.rehearsal.root).pid
        os.kill(pid, signal.SIGKILL)
        again = stack.rehearsal("start", "--speed", SPEED)
        assert again.returncode == 0, again.stdout
        stack.project = Project(session.require(stack.rehearsal.root), stack.rehearsal.root)
        return
    name = kill.way.rpartition(" ")[2]
    if process.poll() is None:
        process.send_signal(signal.Signals[name])


def test_nothing_stays_broken(stack: Stack, sound: Any, kill: Kill, tmp_path: Path) -> None:
    until(lambda: broken(stack), WHOLE_S, "before")
    path = stack.changed(kill.experiment, recovery_s=25, **FAULTS[kill.experiment])
    log = tmp_path / "printed.txt"
    process = stack.start(path, rate=5)
    try:
        time.sleep(kill.after_s)
        end(kill, stack, process)
        log.write_text(process.communicate(timeout=300)[0])
    finally:
        process.kill()
    # By the command itself, or by its guard.
    until(lambda: unfinished_journals(stack.results), WHOLE_S, "in the journal")
    until(lambda: of_experiments(stack), 30, "still running")
    assert json.dumps(settings_of(stack), default=str) == json.dumps(sound, default=str), (
        log.read_text()
    )
    until(lambda: broken(stack), WHOLE_S, "afterwards")
    assert stack.recover() == "no experiment has left anything"
