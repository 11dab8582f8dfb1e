"""Clients that nobody of this project wrote, as their users call them.

The Chaos Toolkit and Ansible are installed into a directory of the test's own, from the Python package
index.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.conformance.cloud import Cloud, Network
from tests.conformance.scaling_group import SITE, Balancer, Fleet
from toolchain import paths

pytestmark = [pytest.mark.slow, pytest.mark.row("X-CLIENTS")]

LONGEST = 600.0
"""Seconds for one command: clients ask every 15 to 60 seconds, whatever the region's clock says."""


def run(cloud: Cloud, *command: str, cwd: Path | None = None) -> str:
    """Run a client against the cloud; its words are the message of a failure."""
    done = subprocess.run(
        command,
        env={**os.environ, **cloud.environment(), "ANSIBLE_LOCALHOST_WARNING": "0"},
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=LONGEST,
        check=False,
    )
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Install packages, and return the directory of their programs."""

    def install(*packages: str) -> Path:
        uv = shutil.which("uv") or str(paths.ROOT / ".tools" / "uv" / "bin" / "uv")
        if not Path(uv).exists():
            pytest.skip("uv, which installs clients, is not there")
        place = tmp_path_factory.mktemp("client")
        subprocess.run([uv, "venv", "-q", "--python", sys.executable, str(place)], check=True)
        environment = {**os.environ, "VIRTUAL_ENV": str(place)}
        command = [uv, "pip", "install", "-q", *packages]
        if subprocess.run(command, env=environment, check=False).returncode:
            pytest.skip(f"{', '.join(packages)} cannot be installed here")
        return place / "bin"

    return install


# --- the AWS CLI's waiters ------------------------------------------------------------------------


def test_the_waiters_of_the_aws_cli(cloud: Cloud, network: Network) -> None:
    aws = str(Path(sys.executable).with_name("aws"))

    def wait(service: str, state: str, *arguments: str) -> None:
        run(cloud, aws, service, "wait", state, *arguments)

    balancer = Balancer(cloud, network)
    wait("elbv2", "load-balancer-available", "--load-balancer-arns", balancer.arn)
    launched = json.loads(
        run(cloud, aws, "ec2", "run-instances", "--image-id", network.image, "--instance-type",
            "t4g.nano", "--count", "1", "--subnet-id", network.subnets[0], "--security-group-ids",
            network.group, "--user-data", SITE.decode())
    )  # fmt: skip
    name = launched["Instances"][0]["InstanceId"]
    cloud.afterwards(cloud.ec2.terminate_instances, InstanceIds=[name])
    wait("ec2", "instance-running", "--instance-ids", name)
    cloud.elbv2.register_targets(TargetGroupArn=balancer.target_group, Targets=[{"Id": name}])
    wait("elbv2", "target-in-service", "--target-group-arn", balancer.target_group)
    wait("ec2", "instance-status-ok", "--instance-ids", name)
    cloud.elbv2.deregister_targets(TargetGroupArn=balancer.target_group, Targets=[{"Id": name}])
    arguments = ("--target-group-arn", balancer.target_group, "--targets", f"Id={name}")
    wait("elbv2", "target-deregistered", *arguments)
    for call, state in (
        ("stop-instances", "instance-stopped"),
        ("start-instances", "instance-running"),
        ("terminate-instances", "instance-terminated"),
    ):
        run(cloud, aws, "ec2", call, "--instance-ids", name)
        wait("ec2", state, "--instance-ids", name)


# --- the Chaos Toolkit ----------------------------------------------------------------------------


def action(module: str, function: str, **arguments: Any) -> dict[str, Any]:
    return {
        "type": "action",
        "name": function,
        "provider": {
            "type": "python",
            "module": f"chaosaws.{module}.actions",
            "func": function,
            "arguments": arguments,
        },
    }


def experiment(title: str, *method: Mapping[str, Any]) -> dict[str, Any]:
    return {"title": title, "description": title, "method": list(method), "rollbacks": []}


def test_actions_of_the_chaos_toolkit(
    cloud: Cloud, network: Network, installed: Callable[..., Path], tmp_path: Path
) -> None:
    chaos = str(installed("chaostoolkit", "chaostoolkit-aws") / "chaos")
    balancer = Balancer(cloud, network)
    fleet = Fleet(cloud, network, 2, user_data=SITE, TargetGroupARNs=[balancer.target_group])
    balancer.wait_in_service(fleet)

    def drill(*method: Mapping[str, Any]) -> None:
        file = tmp_path / "experiment.json"
        file.write_text(json.dumps(experiment("drill", *method)))
        run(cloud, chaos, "--no-version-check", "run", str(file), cwd=tmp_path)
        journal = json.loads((tmp_path / "journal.json").read_text())
        assert journal["status"] == "completed", journal
        assert [one["status"] for one in journal["run"]] == ["succeeded"] * len(method), journal

    first = min(fleet.names())
    drill(action("ec2", "stop_instances", instance_ids=[first]))
    fleet.wait_for(2, without=[first])
    before = fleet.names()
    drill(action("asg", "terminate_random_instances", asg_names=[fleet.name], instance_count=1))
    cloud.until(lambda: len(before & fleet.names()) == 1, 120, "one is terminated")
    fleet.wait_for(2)
    names = [fleet.name]
    drill(action("asg", "suspend_processes", asg_names=names, process_names=["Launch"]))
    assert [one["ProcessName"] for one in fleet.describe()["SuspendedProcesses"]] == ["Launch"]
    drill(action("asg", "resume_processes", asg_names=names, process_names=["Launch"]))
    assert fleet.describe()["SuspendedProcesses"] == []


# --- Ansible --------------------------------------------------------------------------------------

PLAYBOOK = """
- hosts: localhost
  connection: local
  gather_facts: false
  vars: { name: NAME, image: IMAGE }
  tasks:
    - name: look the default VPC up
      amazon.aws.ec2_vpc_net_info: { filters: { isDefault: "true" } }
      register: found
    - name: its subnets
      amazon.aws.ec2_vpc_subnet_info:
        filters: { vpc-id: "{{ found.vpcs[0].vpc_id }}" }
      register: subnets
    - name: a group
      amazon.aws.ec2_security_group: &group
        name: "{{ name }}"
        description: web
        vpc_id: "{{ found.vpcs[0].vpc_id }}"
        rules: [{ proto: tcp, ports: [80], cidr_ip: 0.0.0.0/0 }]
      register: group
    - name: the same group
      amazon.aws.ec2_security_group: *group
      register: again
      failed_when: again.changed
    - name: a server
      amazon.aws.ec2_instance: &server
        name: "{{ name }}"
        image_id: "{{ image }}"
        instance_type: t4g.nano
        security_group: "{{ group.group_id }}"
        vpc_subnet_id: "{{ subnets.subnets[0].subnet_id }}"
        state: running
      register: server
    - name: the same server
      amazon.aws.ec2_instance: *server
      register: again
      failed_when: again.changed
    - name: a load balancer
      amazon.aws.elb_application_lb: &balancer
        name: "{{ name }}"
        subnets: "{{ subnets.subnets | map(attribute='subnet_id') | list }}"
        security_groups: ["{{ group.group_id }}"]
        idle_timeout: 30
        listeners: []
      register: balancer
    - name: the same load balancer
      amazon.aws.elb_application_lb: *balancer
      register: again
      failed_when: again.changed
    - name: an alarm
      amazon.aws.cloudwatch_metric_alarm:
        name: "{{ name }}"
        metric_name: CPUUtilization
        namespace: AWS/EC2
        statistic: Average
        comparison: GreaterThanThreshold
        threshold: 80
        period: 300
        evaluation_periods: 1
        dimensions: { InstanceId: "{{ server.instance_ids[0] }}" }
        alarm_actions: []
    - name: the server goes
      amazon.aws.ec2_instance: { instance_ids: "{{ server.instance_ids }}", state: absent }
    - name: the alarm goes
      amazon.aws.cloudwatch_metric_alarm: { name: "{{ name }}", state: absent }
    - name: the load balancer goes
      amazon.aws.elb_application_lb: { name: "{{ name }}", state: absent }
    - name: the group goes
      amazon.aws.ec2_security_group: { name: "{{ name }}", state: absent }
      register: gone
      until: gone is succeeded
      retries: 10
"""


def test_a_playbook_of_ansible(
    cloud: Cloud, network: Network, installed: Callable[..., Path], tmp_path: Path
) -> None:
    programs = installed("ansible", "boto3")
    text = PLAYBOOK.replace("NAME", cloud.name("play")).replace("IMAGE", network.image)
    (tmp_path / "play.yml").write_text(text)
    told = run(
        cloud, str(programs / "ansible-playbook"), "-i", "localhost,", "-e",
        f"ansible_python_interpreter={programs / 'python'}", "play.yml", cwd=tmp_path,
    )  # fmt: skip
    assert "failed=0" in told
