"""Machines with real processes, control groups and name spaces."""

from __future__ import annotations

import base64
import dataclasses
import gzip
import os
import re
import shutil
import signal
import subprocess
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from pathlib import Path

import psutil
import pytest

from region.identity import region_id
from region.machines.cgroups import GroupUsage, files
from region.machines.cgroups.base import CPU_PERIOD_US
from region.machines.errors import BootError, MachineError, UnknownMachine
from region.machines.first_boot import FAILURE
from region.machines.machine import Machine
from region.machines.machine_pool import MachinePool
from region.network import API, CONTROL_PORT

PERIOD_S = CPU_PERIOD_US / 1e6
pytestmark = pytest.mark.region

SPINNER = "[Service]\nExecStart=python3 -c 'while True: pass'\n"


def _usage(machine: Machine, group: str) -> GroupUsage:
    return machine._context.limits.usage(machine._processes.group(group))


def _pids(machine: Machine, group: str = "") -> set[int]:
    return machine._processes.pids(group)


def _groups(pool: MachinePool) -> list[Path]:
    assert pool._limits is not None
    return [path for path in pool._limits.everywhere(region_id(pool._root)) if path.exists()]


def test_every_machine_may_listen_on_all_of_its_own_addresses(
    pool, placeholder_spec, read, who, eventually
):
    machines = [pool.launch(placeholder_spec(host)) for host in (11, 12)]
    for machine in machines:
        machine.boot()
    for machine in machines:
        assert (machine.state, machine.alive()) == ("running", True)
        eventually(lambda m=machine: who(m) == m.spec.instance_id, machine.console_output())
    console = machines[0].console_output()
    assert "swap has no effect" in console
    assert "systemctl is-active --quiet codedeploy-agent: 0" in console
    assert "AVAILABILITY_ZONE=ap-northeast-2a" in read(machines[0], "/opt/haproof/environment")


def test_stop_and_boot_again_without_user_data(pool, placeholder_spec, who, eventually):
    machine = pool.launch(placeholder_spec(3))
    machine.boot()
    pool.stop(machine.spec.instance_id)
    assert (machine.state, machine.alive(), _pids(machine)) == ("stopped", False, set())
    machine.boot()
    eventually(lambda: who(machine) == machine.spec.instance_id, "answers again")
    assert machine.console_output().count("cloud-init: wrote /opt/haproof/boot.sh") == 1


def test_disk_and_enabled_services_survive_the_region(new_pool, placeholder_spec, who, eventually):
    spec = placeholder_spec(4)
    for round_ in (1, 2):
        pool = new_pool()
        pool.start()
        try:
            machine = pool.launch(spec)
            machine.boot()
            eventually(lambda m=machine: who(m), f"answers in round {round_}")
        finally:
            pool.close()
    assert machine.console_output().count("runcmd ended") == 1


def test_terminate_leaves_nothing(pool, placeholder_spec, runs):
    machine = pool.launch(placeholder_spec(5))
    machine.boot()
    pids = _pids(machine)
    assert len(pids) >= 2
    pool.terminate(machine.spec.instance_id)
    assert not any(runs(pid) for pid in pids)
    assert not machine.directory.exists()
    assert not any((group / machine.spec.instance_id).exists() for group in _groups(pool))
    with pytest.raises(UnknownMachine):
        pool.get(machine.spec.instance_id)
    pool.terminate(machine.spec.instance_id)
    with pytest.raises(BootError, match="terminated"):
        machine.boot()


def test_close_ends_every_process_and_group_even_daemons(
    new_pool, spec_of, user_data_of, runs, eventually
):
    pool = new_pool()
    pool.start()
    try:
        # Two sessions of its own: what a daemon does to be left alone by its parent.
        data = user_data_of({}, "setsid setsid sleep 300 >/dev/null 2>&1 &")
        machine = pool.launch(spec_of(data, 6))
        machine.boot()
        # The daemon forks until it has its own session; the boot does not wait for that.
        eventually(lambda: len(_pids(machine)) == 2, "init and the daemon run")
        pids = _pids(machine)
        groups = _groups(pool)
        assert groups
    finally:
        pool.close()
        pool.close()
    assert not any(runs(pid) for pid in pids)
    assert not any(group.exists() for group in groups)


def test_cpu_quota_holds_for_services(pool, spec_of, user_data_of, eventually):
    data = user_data_of(
        {"spin.service": SPINNER, "spin2.service": SPINNER},
        "systemctl enable --now /opt/haproof/spin.service /opt/haproof/spin2.service",
    )
    machine = pool.launch(spec_of(data, 7))
    machine.boot()
    machine.limit_services()
    before = _usage(machine, "services")
    eventually(lambda: _usage(machine, "services").nr_periods >= before.nr_periods + 40, "2 s")
    after = _usage(machine, "services")
    # Periods are the kernel's own clock: the test is right however busy the host is.
    periods = after.nr_periods - before.nr_periods
    cpu = (after.cpu_seconds - before.cpu_seconds) / (periods * PERIOD_S)
    assert cpu == pytest.approx(0.10, rel=0.25)
    usage = machine.usage()
    assert usage.nr_throttled > 0
    assert usage.throttled_seconds > 0
    assert usage.cpu_seconds >= usage.service_cpu_seconds > 0


@pytest.mark.parametrize("factor", [0.65, 2.0])
def test_quota_follows_the_speed_of_this_computers_cores(
    new_pool, spec_of, user_data_of, eventually, *, factor: float
):
    pool = new_pool(cpu_factor=factor)
    pool.start()
    data = user_data_of(
        {"spin.service": SPINNER}, "systemctl enable --now /opt/haproof/spin.service"
    )
    machine = pool.launch(spec_of(data, 9))
    machine.boot()
    machine.limit_services()
    before = _usage(machine, "services")
    eventually(lambda: _usage(machine, "services").nr_periods >= before.nr_periods + 40, "2 s")
    after = _usage(machine, "services")
    cpu = (after.cpu_seconds - before.cpu_seconds) / (
        (after.nr_periods - before.nr_periods) * PERIOD_S
    )
    assert cpu == pytest.approx(0.10 * factor, rel=0.25)
    assert machine.cpu_quota == pytest.approx(0.10 * factor)


def test_quota_holds_after_a_reboot_too(pool, spec_of, user_data_of, eventually):
    data = user_data_of(
        {"spin.service": SPINNER + "[Install]\nWantedBy=multi-user.target\n"},
        "systemctl enable /opt/haproof/spin.service",
    )
    machine = pool.launch(spec_of(data, 8))
    machine.boot()
    machine.limit_services()
    pool.stop(machine.spec.instance_id)
    machine.boot()
    eventually(lambda: machine.usage().nr_throttled > 0, "throttled")


def test_memory_limit_kills_inside_the_machine(pool, spec_of, user_data_of, eventually):
    hog = "[Service]\nExecStart=python3 -c 'x = b\"x\" * (700 * 1024 ** 2); input()'\n"
    data = user_data_of({"hog.service": hog}, "systemctl enable --now /opt/haproof/hog.service")
    machine = pool.launch(spec_of(data, 9))
    machine.boot()
    eventually(lambda: machine.usage().oom_kills == 1, "OOM kill")
    assert machine.usage().memory_peak_bytes <= 512 * 1024**2
    eventually(lambda: "killed by SIGKILL" in machine.console_output(), "the console shows it")
    assert machine.alive()


def test_restart_always_brings_a_service_back(pool, placeholder_spec, who, eventually):
    machine = pool.launch(placeholder_spec(10))
    machine.boot()
    eventually(lambda: who(machine), "answers")
    (first,) = _pids(machine, "services")
    os.kill(first, signal.SIGKILL)
    eventually(lambda: _pids(machine, "services") - {first} and who(machine), "back")


def test_machine_killed_from_outside_is_not_alive_and_restarts_nothing(
    pool, placeholder_spec, eventually
):
    machine = pool.launch(placeholder_spec(11))
    machine.boot()
    machine._context.limits.kill(machine._processes.group(""))
    eventually(lambda: not machine.alive(), "not alive")
    eventually(lambda: "killed by SIGKILL" in machine.console_output(), "service given up")
    assert _pids(machine) == set()


def test_environment_and_files_of_the_region_stay_outside(boot_with, monkeypatch, read, eventually):
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "a real one")
    monkeypatch.setenv("AWS_PROFILE", "production")
    readable, writable = os.pipe()
    os.set_inheritable(writable, True)
    unit = "[Service]\nExecStart=/bin/sh -c 'env > /opt/haproof/env; exec sleep 60'\n"
    machine = boot_with({"env.service": unit}, "systemctl enable --now /opt/haproof/env.service")
    eventually(lambda: "AWS_ENDPOINT_URL" in read(machine, "/opt/haproof/env"), "env")
    seen = read(machine, "/opt/haproof/env")
    assert "a real one" not in seen
    assert "AWS_PROFILE" not in seen
    (pid,) = _pids(machine, "services")
    opened = {fd.name: str(fd.readlink()) for fd in Path(f"/proc/{pid}/fd").iterdir()}
    log = str(machine.directory / "log/env.log")
    assert opened == {"0": "/dev/null", "1": log, "2": log}
    assert os.getsid(pid) == pid
    os.close(readable)
    os.close(writable)


def test_the_hosts_files_can_be_read_but_not_changed(pool, spec_of, user_data_of, read):
    host = Path(f"/opt/haproof-test-{os.getpid()}")
    host.mkdir(exist_ok=True)
    (host / "precious").write_text("data")
    try:
        commands = (
            f"cat {host}/precious > /srv/seen; rm -rf {host} /usr/share/doc /etc/hostname /opt/*",
            "touch /opt/haproof-only-here; ls -A /opt /root /home > /srv/listing",
        )
        machine = pool.launch(spec_of(user_data_of({}, *commands), 13))
        machine.boot()
        assert (read(machine, "/srv/seen"), (host / "precious").read_text()) == ("data", "data")
    finally:
        shutil.rmtree(host)
    assert Path("/usr/share/doc").is_dir()
    assert Path("/etc/hostname").exists()
    assert not Path("/opt/haproof-only-here").exists()
    listing = read(machine, "/srv/listing").split()
    assert host.name not in listing
    assert [name for name in listing if not name.startswith("haproof-test-")] == [
        "/home:", "ec2-user", "/opt:", "haproof-only-here", "/root:"
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("commands", "message"),
    [(["echo broken >&2; exit 3"], "status 3: broken"), (["systemctl start nothing"], "status 5")],
)
def test_the_instance_runs_whatever_its_user_data_does(
    pool, spec_of, user_data_of, commands, message
):
    machine = pool.launch(spec_of(user_data_of({}, *commands), 14))
    machine.boot()
    assert (machine.state, machine.alive()) == ("running", True)
    assert message in (machine.directory / FAILURE).read_text()
    console = machine.console_output()
    assert "cloud-init: user data failed: " in console
    assert message in console
    pool.stop(machine.spec.instance_id)
    machine.boot()
    assert machine.console_output().count("user data failed") == 1


def test_boot_timeout(new_pool, spec_of, user_data_of):
    pool = new_pool(boot_timeout=0.5)
    pool.start()
    try:
        machine = pool.launch(spec_of(user_data_of({}, "sleep 60"), 15))
        machine.boot()
        assert machine.state == "running"
        assert "more than 0.5 s" in (machine.directory / FAILURE).read_text()
        assert _pids(machine, "agent") == set()
    finally:
        pool.close()


PACKED = base64.b64encode(gzip.compress(b"two")).decode()
CLOUD_CONFIG = f"""#cloud-config
users: [default]
packages: [bash]
bootcmd:
  - [mkdir, -p, /srv/hook]
  - chown 1000 /srv/hook
write_files:
  - {{path: /srv/a, content: one}}
  - {{path: /srv/a, content: {PACKED}, encoding: gz+b64, append: true}}
  - {{path: /srv/hook/file, owner: "ec2-user:ec2-user", permissions: "0640", defer: true}}
runcmd:
  - stat -c '%u %a' /srv/hook/file > /srv/hook/owned
  - [echo, true, 1.5]
"""


@pytest.mark.parametrize(
    ("user_data", "said"),
    [
        (bytes(range(256)), "Unhandled non-multipart"),
        (b"## template: jinja\n#cloud-config\nruncmd: [id]\n", "text/jinja2"),
        (b"#cloud-config\n a: [\n", "Failed loading yaml"),
        (b"#cloud-config\nbootcmd: ['exit 5']\n", "bootcmd ended with status 5"),
        (b"#!/no/such/shell\n", "part-001 ended with status"),
    ],
)
def test_user_data_that_is_not_understood_is_reported(pool, spec_of, user_data, said):
    machine = pool.launch(spec_of(user_data, 16))
    machine.boot()
    assert machine.state == "running"
    assert said in (machine.directory / FAILURE).read_text()
    assert said in machine.files.read_text("/run/cloud-init/result.json")
    assert "cloud-init: failed" in machine.files.read_text("/var/log/cloud-init-output.log")


def test_every_part_of_user_data_runs_in_its_stage(pool, spec_of):
    whole = MIMEMultipart()
    for kind, text in (
        (
            "x-shellscript",
            "#!/usr/bin/env python3\nprint(open('/srv/a').read(), file=open('/srv/b', 'w'))",
        ),
        ("cloud-config", CLOUD_CONFIG),
        ("cloud-boothook", "#cloud-boothook\n#!/bin/sh\nmkdir -p /srv/hook\n"),
    ):
        whole.attach(MIMEText(text, kind))
    machine = pool.launch(spec_of(gzip.compress(whole.as_bytes()), 26))
    machine.boot()
    assert not (machine.directory / FAILURE).exists(), machine.console_output()
    assert machine.files.read_text("/srv/b") == "onetwo\n"
    assert machine.files.read_text("/srv/hook/owned") == "1000 640\n"
    assert "users has no effect" in machine.files.read_text("/var/log/cloud-init-output.log")


def test_what_user_data_repeats_at_each_boot(pool, spec_of):
    whole = MIMEMultipart()
    for kind, text in (
        ("cloud-config", "#cloud-config\ncloud_final_modules: [[scripts-user, always]]\n"),
        ("cloud-config", "#cloud-config\nbootcmd: [echo bootcmd >> /srv/log]\n"),
        ("cloud-boothook", "#cloud-boothook\n#!/bin/sh\necho hook >> /srv/log\n"),
        ("x-shellscript-per-boot", "#!/bin/sh\necho per boot >> /srv/log\n"),
        ("x-shellscript", "#!/bin/sh\necho script >> /srv/log\n"),
    ):
        whole.attach(MIMEText(text, kind))
    machine = pool.launch(spec_of(whole.as_bytes(), 28))
    for _ in range(2):
        machine.boot()
        assert not (machine.directory / FAILURE).exists(), machine.console_output()
        log = machine.files.read_text("/srv/log").splitlines()
        pool.stop(machine.spec.instance_id)
    assert log == ["hook", "bootcmd", "per boot", "script"] * 2


def test_what_runs_once_and_what_a_script_leaves_to_each_boot(pool, spec_of):
    directory = "/var/lib/cloud/scripts/per-boot"
    script = f"""#!/bin/sh
echo script >> /srv/log
mkdir -p {directory}
printf '#!/bin/sh\\necho own >> /srv/log\\n' > {directory}/own
chmod 755 {directory}/own
echo nonsense > {directory}/README
"""
    machine = pool.launch(spec_of(script.encode(), 29))
    for _ in range(3):
        machine.boot()
        assert not (machine.directory / FAILURE).exists(), machine.console_output()
        log = machine.files.read_text("/srv/log").splitlines()
        pool.stop(machine.spec.instance_id)
    assert log == ["script", "own", "own"]


def test_output_of_user_data_is_bounded_on_the_host(pool, spec_of):
    script = "#!/bin/sh\nyes 'a long line of output' | head -c 100000000; echo the end\n"
    machine = pool.launch(spec_of(script.encode(), 27))
    before = psutil.Process().memory_info().rss
    machine.boot()
    assert psutil.Process().memory_info().rss - before < 50 * 2**20
    assert machine.console_output().rstrip().endswith("is running on 10.77.9.27")
    assert "the end" in machine.console_output()
    logs = [machine.directory / "console.log", machine.directory / "log" / "cloud-init.log"]
    assert all(log.stat().st_size < 5 * 2**20 for log in logs)


def test_terminate_in_the_middle_of_a_boot(pool, spec_of, user_data_of, eventually):
    import threading

    machine = pool.launch(spec_of(user_data_of({}, "sleep 60"), 17))
    errors: list[BootError] = []

    def boot() -> None:
        try:
            machine.boot()
        except BootError as error:
            errors.append(error)

    thread = threading.Thread(target=boot)
    thread.start()
    eventually(lambda: len(_pids(machine, "agent")) > 0, "runcmd runs")
    pool.terminate(machine.spec.instance_id)
    thread.join(10)
    assert not thread.is_alive()
    assert len(errors) == 1
    assert not machine.directory.exists()


def test_running_machine_cannot_be_launched_twice(pool, spec_of):
    machine = pool.launch(spec_of(b"", 18))
    machine.boot()
    with pytest.raises(MachineError, match="already running"):
        pool.launch(machine.spec)
    pool.stop(machine.spec.instance_id)
    bigger = pool.launch(dataclasses.replace(machine.spec, instance_type="t4g.micro"))
    assert pool.get(machine.spec.instance_id) is bigger


def test_metadata_gives_botocore_its_credentials(pool, spec_of, user_data_of):
    program = (
        "import botocore.session as s; c = s.get_session().get_credentials(); "
        "print(c.access_key, c.method)"
    )
    data = user_data_of({"who.py": program}, "python3 /opt/haproof/who.py")
    machine = pool.launch(spec_of(data, 19))
    machine.boot()
    key = machine._context.credential.access_key_id
    assert f"{key} iam-role" in machine.console_output()


def test_only_the_root_of_a_machine_commands_its_service_manager(pool, spec_of, user_data_of):
    command = "setpriv --reuid 1000 --regid 1000 --clear-groups systemctl stop x; echo status $?"
    machine = pool.launch(spec_of(user_data_of({}, command), 20))
    machine.boot()
    assert "Access denied" in machine.console_output()
    assert "status 4" in machine.console_output()


def test_a_guessed_token_is_refused(pool, spec_of, user_data_of):
    call = "curl -s -o /dev/null -w '%{http_code}' -H 'X-Haproof-Token: guess' -d a=start"
    machine = pool.launch(
        spec_of(user_data_of({}, f"{call} http://{API}:{CONTROL_PORT}/systemctl"), 21)
    )
    machine.boot()
    assert "403" in machine.console_output()


def test_what_a_script_leaves_running_is_limited_as_services_are(
    pool, spec_of, user_data_of, eventually
):
    spin = "nohup sh -c 'while :; do :; done' > /dev/null 2>&1 &"
    machine = pool.launch(spec_of(user_data_of({}, spin), 22))
    machine.boot()
    machine.limit_services()
    eventually(lambda: len(_pids(machine, "services")) == 1, "moved")
    assert _pids(machine, "agent") == set()
    before = _usage(machine, "services")
    eventually(lambda: _usage(machine, "services").nr_throttled > before.nr_throttled, "throttled")


def test_an_orphan_that_ends_leaves_no_zombie(pool, spec_of, user_data_of, eventually):
    machine = pool.launch(spec_of(user_data_of({}, "(setsid sleep 0.2 &)"), 23))
    machine.boot()
    eventually(lambda: len(_pids(machine)) == 1, "only init is left")


def test_programs_see_the_memory_of_their_instance_type(pool, spec_of, user_data_of):
    machine = pool.launch(spec_of(user_data_of({}, "grep MemTotal /proc/meminfo"), 24))
    machine.boot()
    assert re.search(r"MemTotal: +524288 kB", machine.console_output())


def test_unified_hierarchy_kills_and_removes_on_the_real_kernel(tmp_path, eventually):
    """The version 2 mechanics where a cgroup2 mount exists beside version 1."""
    from region.machines.cgroups import CgroupProbe, CgroupV2, remove_namespace

    mounts = CgroupProbe().v2_mounts()
    if not mounts or os.geteuid() != 0:
        pytest.skip("no unified hierarchy to write to")
    limits = CgroupV2(mounts[0])
    group = f"test-{os.getpid()}"
    limits.create(f"{group}/leaf")
    process = subprocess.Popen(["sleep", "60"])
    try:
        limits.add(f"{group}/leaf", process.pid)
        assert limits.pids(group) == {process.pid}
    finally:
        limits.remove(group)
        remove_namespace(limits.directories(group))
    assert process.wait(5) == -signal.SIGKILL
    assert list(files.tree(limits.directories(group)[0])) == []


def test_an_instance_runs_even_if_one_of_its_enabled_services_does_not(pool, boot_with):
    unit = "[Service]\nType=oneshot\nExecStart=/bin/false\n[Install]\nWantedBy=multi-user.target\n"
    machine = boot_with({"broken.service": unit}, "systemctl enable /opt/haproof/broken.service")
    pool.stop(machine.spec.instance_id)
    machine.boot()
    assert machine.state == "running"
    assert "broken.service" in machine.console_output()


def test_machines_have_ids_of_their_own(pool, spec_of, read):
    machines = [pool.launch(spec_of(b"", host)) for host in (51, 52)]
    for machine in machines:
        machine.boot()
    ids = {read(machine, "/etc/machine-id").strip() for machine in machines}
    assert all(re.fullmatch(r"[0-9a-f]{32}", text) for text in ids)
    assert len(ids) == 2
