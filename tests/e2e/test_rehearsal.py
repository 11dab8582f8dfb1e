"""The main job and its interruptions, from the command line, with everything real."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from commandline.exit_codes import ExitCode
from region import session
from rehearsal.pulumi_project import EngineError, Project
from toolchain import locate, paths

pytestmark = pytest.mark.e2e


@pytest.mark.alone
def test_both_stacks_are_loaded_and_compared(rehearsal: Any, tmp_path: Path) -> None:
    results = tmp_path / "results"

    done = rehearsal("run", "--profile", "smoke", "--results", str(results))

    # By the counts alone: eight seconds are too short to judge the p99.
    assert done.returncode == ExitCode.SUCCESS, done.stdout[-4000:]
    report = json.loads((results / "report-smoke" / "report.json").read_text())
    loads: list[dict[str, Any]] = []
    assert "<html" in (results / "report-smoke" / "report.html").read_text()
    for stack, instances in (("single", 1), ("ha", 6)):
        run = json.loads((next(results.glob(f"*-{stack}-smoke")) / "run.json").read_text())
        assert run["users"]["failed"] == 0 or stack == "single"
        assert run["users"]["created"] >= 200
        assert len(run["instances"]) == instances
        assert all(check["passed"] for check in run["validity"]["checks"]), run["validity"]
        # The revision that was released is what answered, not the placeholder.
        version = (paths.REVISION / "VERSION").read_text().strip()
        assert {v for one in run["instances"] for v in one["versions"]} == {version}
        loads.append(run)
    zones = {one["zone"] for one in run["instances"]}
    assert len(zones) == 3
    # Side by side until the load; then ha waited until single's was over, summary and all.
    first, second = loads
    assert moment(second["load_began_at"]) > moment(first["finished_at"])
    assert done.stdout.index("ha: pulumi up") < done.stdout.index("single: deployment d-")
    assert "Single instance and high availability" in done.stdout
    assert report["headline"]["sentence"]["text"].startswith("As far as “smoke” can show")
    assert rehearsal("status").returncode == ExitCode.FAILURE


@pytest.mark.alone
@pytest.mark.slow
def test_after_the_loads_parts_of_the_ha_stack_fail(rehearsal: Any, tmp_path: Path) -> None:
    results = tmp_path / "results"

    done = rehearsal(
        "run", "--profile", "smoke", "--experiments", "--speed", "4", "--results", str(results)
    )

    target = results / "report-smoke"
    report = json.loads((target / "report.json").read_text())
    proof = json.loads((target / "proof.json").read_text())
    names = [one["experiment"] for one in report["experiments"]]
    assert names == ["instance-dies", "zone-lost-refused"]
    assert [one["record"]["experiment"] for one in proof["entries"]] == names
    assert all(one["record"]["impact"]["requests"] > 0 for one in proof["entries"])
    # The verdict on the loads, then that on both.
    first, second = done.stdout.split("instance-dies, zone-lost-refused (")
    assert "As far as “smoke” can show" in first
    assert "As far as “smoke” can show" in second
    assert proof["sentence"]["text"] in " ".join(second.split())
    codes = {"survived": ExitCode.SUCCESS, "not shown": ExitCode.NO_VERDICT}
    assert done.returncode == codes[proof["outcome"]], done.stdout[-4000:]


def deploying(rehearsal: Any, tmp_path: Path, scratch: Path) -> subprocess.Popen[str] | None:
    """A rehearsal in whose first deployment we are; None if the computer is too busy for one."""
    process = subprocess.Popen(
        rehearsal.line("run", "--profile", "smoke", "--results", str(tmp_path / "results")),
        cwd=paths.ROOT,
        env={**rehearsal.environment, "TMPDIR": str(scratch)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None
    seen: list[str] = []
    for line in process.stdout:
        seen.append(line)
        if "deployment d-" in line:
            return process
    assert process.wait(timeout=150) == ExitCode.NO_VERDICT, "".join(seen)
    return None


def test_ctrl_c_in_the_middle_cleans_up(rehearsal: Any, tmp_path: Path) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    tries = (deploying(rehearsal, tmp_path, scratch) for _ in range(5))
    process = next((one for one in tries if one is not None), None)
    assert process is not None, "the computer was too busy five times"
    os.killpg(process.pid, signal.SIGINT)
    rest = process.communicate(timeout=150)[0]

    assert process.returncode == ExitCode.INTERRUPTED, rest
    assert rehearsal.left_over() == []
    # Nor the socket for turns at the load.
    assert list(scratch.glob("haproof-*")) == []


def test_a_killed_region_leaves_nothing_and_comes_back(rehearsal: Any) -> None:
    assert rehearsal("start").returncode == 0
    project = up(rehearsal.root)
    before = project.outputs("single")
    os.kill(project.session.pid, signal.SIGKILL)
    time.sleep(1)

    again = rehearsal("start")

    assert again.returncode == 0, again.stdout
    project = Project(session.require(rehearsal.root), rehearsal.root)
    # The same resources, known under the same names: nothing to do for the engine.
    project.preview("single")
    assert project.outputs("single") == before
    project.destroy("single")
    assert project.resources("single") == []
    assert owned_by_the_stack(rehearsal.root) == []


def test_the_environment_serves_boto3_and_the_aws_command_line(rehearsal: Any) -> None:
    assert rehearsal("start").returncode == 0
    lines = rehearsal("env").stdout
    script = f"{lines}\naws sts get-caller-identity --output json"
    printed = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True)
    assert json.loads(printed.stdout)["Account"] == "123456789012"


def test_a_port_in_use_is_named(rehearsal: Any) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = rehearsal("start", "--port", str(port))
    assert done.returncode == ExitCode.FAILURE
    assert str(port) in done.stdout
    assert "Traceback" not in done.stdout


def test_a_wrong_setting_stops_before_any_resource(rehearsal: Any, tmp_path: Path) -> None:
    assert rehearsal("start").returncode == 0
    project = Project(session.require(rehearsal.root), rehearsal.root)
    project.prepare("single", {"minSise": "2"})
    with pytest.raises(EngineError, match=r"minSise.*minSize"):
        project.up("single")
    # A directory without appspec.yml at its root is not a revision.
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "readme.txt").write_text("nothing to deploy")
    project.prepare("ha", {"appPath": str(tmp_path / "app")})
    with pytest.raises(EngineError, match=r"appspec\.yml"):
        project.up("ha")
    for stack in ("single", "ha"):
        assert [r["type"] for r in project.resources(stack)] in ([], ["pulumi:pulumi:Stack"])


def test_a_missing_tool_is_reported_before_anything_starts(rehearsal: Any) -> None:
    done = rehearsal.with_mounts(f"--bind /dev/null {locate.haproxy()}")(
        "run", "--profile", "smoke"
    )
    assert done.returncode == ExitCode.FAILURE
    assert "haproxy is not installed" in done.stdout
    assert "make setup" in done.stdout
    assert "Traceback" not in done.stdout


def test_without_control_groups_the_region_reports_what_it_needs(rehearsal: Any) -> None:
    done = rehearsal.with_mounts("-t tmpfs none /sys/fs/cgroup")("run", "--profile", "smoke")
    assert done.returncode == ExitCode.FAILURE
    assert "Machines cannot be limited" in done.stdout
    assert "run as root" in done.stdout
    assert "Traceback" not in done.stdout


def test_a_database_that_does_not_start_is_reported(rehearsal: Any, tmp_path: Path) -> None:
    broken = executable(tmp_path / "postgres", "echo 'could not map shared memory' >&2; exit 1")
    postgres = locate.postgres_bin() / "postgres"
    done = rehearsal.with_mounts(f"--bind {broken} {postgres}")("run", "--profile", "smoke")
    assert done.returncode == ExitCode.FAILURE
    assert "could not map shared memory" in done.stdout
    assert "Traceback" not in done.stdout


def test_a_generator_that_crashes_is_reported(rehearsal: Any, tmp_path: Path) -> None:
    _, artillery = locate.artillery_command()
    broken = tmp_path / "run.js"
    broken.write_text("console.error('out of luck'); process.exit(9);\n")
    command = rehearsal.with_mounts(f"--bind {broken} {artillery}")
    done = command("run", "--profile", "smoke", "--results", str(tmp_path / "results"))
    assert done.returncode == ExitCode.FAILURE
    assert "out of luck" in done.stdout
    assert "status 9" in done.stdout
    assert "Traceback" not in done.stdout


def test_a_listener_port_in_use_is_named(rehearsal: Any) -> None:
    assert rehearsal("start").returncode == 0
    with socket.socket() as taken:
        # Every address: the load balancer's is not known before it exists. Nothing is accepted.
        taken.bind(("0.0.0.0", 0))  # noqa: S104
        taken.listen()
        port = taken.getsockname()[1]
        project = Project(session.require(rehearsal.root), rehearsal.root)
        project.prepare(
            "ha",
            {
                "appPath": str(paths.REVISION),
                "listenerPort": str(port),
                "minSize": "2",
                "desiredCapacity": "2",
                "maxSize": "3",
            },
        )
        with pytest.raises(EngineError, match=str(port)):
            project.up("ha")
    project.destroy("ha")
    assert owned_by_the_stack(rehearsal.root) == []


def test_a_failing_hook_script_is_reported_and_the_state_is_kept(
    rehearsal: Any, tmp_path: Path
) -> None:
    assert rehearsal("start").returncode == 0
    app = tmp_path / "app"
    app.mkdir()
    (app / "appspec.yml").write_text(
        "version: 0.0\nos: linux\nhooks:\n  AfterInstall:\n    - location: fail.sh\n      timeout: 20\n"
    )
    (app / "fail.sh").write_text("#!/bin/sh\necho the reason of the failure >&2\nexit 7\n")
    (app / "fail.sh").chmod(0o755)
    project = Project(session.require(rehearsal.root), rehearsal.root)
    project.prepare("single", {"appPath": str(app)})

    with pytest.raises(EngineError, match="the reason of the failure"):
        project.up("single")

    kinds = {resource["type"] for resource in project.resources("single")}
    assert "aws:codedeploy/deploymentGroup:DeploymentGroup" in kinds
    project.destroy("single")
    assert owned_by_the_stack(rehearsal.root) == []


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def executable(path: Path, script: str) -> Path:
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


def up(root: Path) -> Project:
    project = Project(session.require(root), root)
    project.prepare("single", {"appPath": str(paths.REVISION)})
    project.up("single")
    return project


def owned_by_the_stack(root: Path) -> list[str]:
    """What the region still has of the stack, according to its API."""
    script = (
        "import boto3; "
        "v=[x['VpcId'] for x in boto3.client('ec2').describe_vpcs(Filters=[{'Name':'is-default',"
        "'Values':['false']}])['Vpcs']]; "
        "b=[x['Name'] for x in boto3.client('s3').list_buckets()['Buckets']]; "
        "r=[x['DBInstanceIdentifier'] for x in boto3.client('rds').describe_db_instances()"
        "['DBInstances']]; print(*v, *b, *r)"
    )
    from region.environment import process_environment

    environment = process_environment(session.require(root), root)
    printed = subprocess.run(
        [sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True
    )
    return printed.stdout.split()
