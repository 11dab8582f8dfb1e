"""A region's network and machines in a process that is killed at a given moment.

`python dying_region.py ROOT PHASE ENDPOINT` says on a line that it is in the phase, and goes on.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from pathlib import Path

from region.machines.codedeploy_agent.messages import AgentDeployment
from region.machines.images import prepare
from region.machines.machine import Machine
from region.machines.machine_pool import MachinePool
from region.machines.spec import MachineSpec
from region.network import RegionNetwork

INSTANCE = "i-0000000000000dead"
STUBBORN = """[Service]
ExecStart=/bin/bash -c "trap '' TERM; while :; do sleep 1; done"
Restart=always
[Install]
WantedBy=multi-user.target
"""
HELPER = """
import time
def main(request):
    open("/srv/helps", "w").close()
    time.sleep(600)
"""
SERVICES = ["systemctl enable --now /opt/x.service", "setsid sleep 600 >/dev/null 2>&1 &"]


def user_data(*commands: str) -> bytes:
    files = [{"path": "/opt/x.service", "content": STUBBORN}]
    return b"#cloud-config\n" + json.dumps({"write_files": files, "runcmd": commands}).encode()


def spec(data: bytes) -> MachineSpec:
    return MachineSpec(INSTANCE, "t4g.nano", "10.77.9.9", "10.77.9.0/24", "r", "ra", data)


def await_processes(machine: Machine, group: str) -> None:
    while not machine._processes.pids(group):
        time.sleep(0.01)


def main(root: Path, phase: str, endpoint: str) -> None:
    def say(now: str) -> None:
        if now == phase:
            print(now, flush=True)

    image = prepare("host", {}).default
    network = RegionNetwork(root)
    say("starting")
    network.start()
    pool = MachinePool(root, network, "r", aws_endpoint=endpoint, image=lambda _: image)
    pool.start()
    commands = ["sleep 600"] if phase == "booting" else SERVICES
    machine = pool.launch(spec(user_data(*commands)))
    say("creating")
    if phase == "booting":
        threading.Thread(target=machine.boot, daemon=True).start()
        await_processes(machine, "agent")
        say("booting")
        time.sleep(600)
    machine.boot()
    say("running")
    if phase == "hook":
        deployment = AgentDeployment("d-1", "app", "group", "g-1", "revisions", "hook.zip")
        assert machine.agent.run_event("DownloadBundle", deployment).status == "Succeeded"
        arguments = ("AfterInstall", deployment)
        threading.Thread(target=machine.agent.run_event, args=arguments).start()
        await_processes(machine, "agent")
        say("hook")
    if phase == "helper":
        program = root / "helper.py"
        program.write_text(HELPER)
        threading.Thread(target=machine.files.call, args=(program, {})).start()
        while not machine.files.exists("/srv/helps"):
            time.sleep(0.01)
        say("helper")
    if phase == "command":
        options = {"working_directory": "", "timeout": 600.0, "environment": {}}
        options["cancelled"] = threading.Event()
        threading.Thread(target=machine.run_command, args=("sleep 600",), kwargs=options).start()
        await_processes(machine, "services/sessions")
        say("command")
    if phase == "stopping":
        say("stopping")
        pool.stop(INSTANCE)
        pool.terminate(INSTANCE)
    time.sleep(600)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], sys.argv[3])
