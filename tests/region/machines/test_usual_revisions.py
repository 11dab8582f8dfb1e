"""What revisions in the wild do, each in a few lines, with the result that AWS gives.

The habits are those of public CodeDeploy samples and of the services that people deploy with them.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from components.errors import ConfigurationError
from components.revision.appspec import check_appspec
from region.machines.codedeploy_agent.lifecycle_events import (
    ALLOW_TRAFFIC,
    BLOCK_TRAFFIC,
    events_of,
)
from region.machines.machine import Machine
from region.machines.machine_pool import MachinePool
from tests.region.machines.revisions import IN_ORDER, Files, Store, entries_of_host, run, run_hook

pytestmark = pytest.mark.region

HEAD = "version: 0.0\nos: linux\n"
# A service as frameworks have them: on all addresses, saying whose it is.
SERVER = """
import http.server, os
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("X-Instance-Id", os.uname().nodename)
        self.end_headers()
        self.wfile.write(b"healthy")
    def log_message(self, *_):
        pass
http.server.ThreadingHTTPServer(("0.0.0.0", 8080), Handler).serve_forever()
"""
START = "cd /home/ec2-user/app\nnohup python3 app.py > /var/log/app.log 2>&1 &\necho $! > /tmp/app.pid\n"
VALIDATE = "for i in $(seq 100); do curl -fs localhost:8080 && exit; sleep 0.1; done; exit 1\n"


@pytest.fixture
def usual_pool(new_pool: Callable[..., MachinePool], store: Store) -> MachinePool:
    pool = new_pool(aws_endpoint=store.endpoint)
    pool.start()
    return pool


@pytest.fixture
def machine(usual_pool: MachinePool, spec_of) -> Machine:
    made = usual_pool.launch(spec_of(b"", 31))
    made.boot()
    return made


@pytest.fixture
def two(usual_pool: MachinePool, spec_of) -> list[Machine]:
    made = [usual_pool.launch(spec_of(b"", host)) for host in (32, 33)]
    for each in made:
        each.boot()
    return made


@pytest.fixture
def deploy(store: Store) -> Callable[..., dict[str, str]]:
    """Deploys a revision and returns the status of each event; none may fail unless `failing`."""

    def make(machine: Machine, files: Files, *, failing: str = "", **options: object):
        results = run(machine, store.upload(files, **options))
        failed = {event: r for event, r in results.items() if r.status == "Failed"}
        assert set(failed) == ({failing} if failing else set()), failed
        return {event: result.message for event, result in results.items()}

    return make


def revision(files: str = "", **scripts: str) -> dict[str, str]:
    """A revision with one bash script for each event."""
    hooks = "".join(
        f"  {event}: [{{location: scripts/{event}.sh, timeout: 20}}]\n" for event in scripts
    )
    made = {"appspec.yml": HEAD + files + ("hooks:\n" + hooks if hooks else "")}
    for event, script in scripts.items():
        made[f"scripts/{event}.sh"] = f"#!/bin/bash\n{script}\n"
    return made


def copies(source: str, destination: str, more: str = "") -> str:
    return f"files:\n  - source: {source}\n    destination: {destination}\n{more}"


SERVICE = {"app/app.py": SERVER}
HOME = copies("app", "/home/ec2-user/app")


# --- Clearing up and installing ---


def test_old_files_are_removed_in_the_machine_only(machine: Machine, deploy):
    before = entries_of_host("/home", "/var", "/opt", "/srv")
    clean = (
        "set -e\nrm -rf /var/www/* /var/www/html/* /app /home/ec2-user/* /home/ubuntu/build /srv/*"
    )
    deploy(machine, {**revision(HOME, BeforeInstall=clean), **SERVICE})
    again = {**revision(HOME, BeforeInstall=f"{clean}\nls -A /home/ec2-user > /left"), **SERVICE}
    deploy(machine, again)
    assert "app" not in machine.files.read_text("/left").split()
    assert machine.files.read_text("/home/ec2-user/app/app.py") == SERVER
    assert before <= entries_of_host("/home", "/var", "/opt", "/srv")


@pytest.mark.parametrize(
    "destination",
    ["/home/ec2-user/app", "/home/ubuntu/app", "/var/www/html", "/srv/app", "/app", "/opt/app",
     "/usr/share/nginx/html", "/usr/local/app", "/var/lib/app", "/etc/app", "/tmp/app", "/root/app",
     "relative/app"],
)  # fmt: skip
def test_every_destination_is_installed(machine: Machine, deploy, destination: str):
    deploy(machine, {**revision(copies("app", destination)), **SERVICE})
    path = destination if destination.startswith("/") else f"/opt/codedeploy-agent/{destination}"
    assert machine.files.read_text(f"{path}/app.py") == SERVER
    assert not Path(destination, "app.py").exists()


@pytest.mark.parametrize("source", [".", "./", "/"])
def test_the_whole_revision_may_be_the_source(machine: Machine, deploy, source: str):
    deploy(machine, {**revision(copies(source, "/srv/all")), **SERVICE})
    assert machine.files.read_text("/srv/all/app/app.py") == SERVER
    assert machine.files.exists("/srv/all/appspec.yml")


def test_what_the_image_has_counts_as_installed_by_yum(machine: Machine, deploy):
    script = (
        "set -e\nyum update -y\nsudo yum install -y curl\napt-get update\ndnf -q -y install bash"
    )
    deploy(machine, revision(BeforeInstall=script))


def test_what_it_has_not_is_named_with_the_remedy(machine: Machine, store: Store):
    result = run_hook(machine, store, "yum install -y curl no-such-package")
    assert (result.status, result.exit_code) == ("Failed", 1)
    assert "no-such-package" in result.log_tail
    assert "--image" in result.log_tail


def test_overwrite_and_sudo_as_agents_take_them(machine: Machine, deploy):
    spec = f"""{HEAD}
files:
  - source: app
    destination: /home/ec2-user/app
    overwrite: yes
file_exists_behavior: OVERWRITE
hooks:
  AfterInstall:
    - location: x.sh
      timeout: 20
      sudo: true
"""
    files = {"appspec.yml": spec, "x.sh": "#!/bin/bash\nid -un > /ran\n", **SERVICE}
    run_before = {
        **revision(BeforeInstall="mkdir -p /home/ec2-user/app; touch /home/ec2-user/app/app.py")
    }
    deploy(machine, run_before)
    deploy(machine, files)
    assert machine.files.read_text("/ran") == "root\n"
    assert machine.files.read_text("/home/ec2-user/app/app.py") == SERVER


def test_overwrite_below_files_alone_does_not_overwrite(machine: Machine, deploy):
    """The agent ignores a key that it does not know: what exists stops the installation."""
    overwrite = copies("app", "/home/ec2-user/app", "    overwrite: yes\n")
    make = "mkdir -p /home/ec2-user/app; touch /home/ec2-user/app/app.py"
    files = {**revision(overwrite, BeforeInstall=make), **SERVICE}
    messages = deploy(machine, files, failing="Install")
    assert "already exists at this location: /home/ec2-user/app/app.py" in messages["Install"]
    deploy(machine, files, file_exists_behavior="OVERWRITE")


def test_permissions_of_the_root_apply_to_what_is_installed(machine: Machine, deploy):
    more = "permissions:\n  - {object: /, owner: ec2-user, group: ec2-user, mode: 755}\n"
    check = "stat -c '%U %G %a' /home/ec2-user/app/app.py > /seen; stat -c '%U %a' / >> /seen"
    files = {**revision(copies("app", "/home/ec2-user/app", more), AfterInstall=check), **SERVICE}
    deploy(machine, files)
    first, second = machine.files.read_text("/seen").splitlines()
    assert first == "ec2-user ec2-user 755"
    assert second.startswith("root ")


# --- Scripts ---


def test_a_script_without_an_interpreter_is_run_by_bash(machine: Machine, deploy):
    files = revision(AfterInstall="")
    files["scripts/AfterInstall.sh"] = "names=(a b)\n[[ ${#names[@]} == 2 ]] && echo ok > /ran\n"
    deploy(machine, files)
    assert machine.files.read_text("/ran") == "ok\n"


def test_a_script_with_windows_line_ends_fails_and_says_why(machine: Machine, deploy):
    files = revision(AfterInstall="")
    files["scripts/AfterInstall.sh"] = "#!/bin/bash\r\necho ran > /ran\r\n"
    messages = deploy(machine, files, failing="AfterInstall")
    assert "CR" in messages["AfterInstall"]
    assert not machine.files.exists("/ran")


def test_a_script_with_a_byte_order_mark_runs_as_one_without_an_interpreter(
    machine: Machine, deploy
):
    files = {**revision(AfterInstall="")}
    files["scripts/AfterInstall.sh"] = "\ufeff#!/bin/bash\necho ran > /ran\n"
    deploy(machine, files)
    assert machine.files.read_text("/ran") == "ran\n"


def test_an_appspec_with_windows_line_ends(machine: Machine, deploy):
    files = revision(AfterInstall="touch /ran")
    deploy(machine, {**files, "appspec.yml": files["appspec.yml"].replace("\n", "\r\n")})
    assert machine.files.exists("/ran")


def test_a_revision_for_windows_is_refused_in_the_preview(tmp_path: Path, machine, deploy):
    files = {"appspec.yml": "version: 0.0\nos: windows\n", "x.bat": "echo hello"}
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    with pytest.raises(ConfigurationError, match="windows"):
        check_appspec(tmp_path, [Path(name) for name in files])
    messages = deploy(machine, files, failing="BeforeInstall")
    assert "windows" in messages["BeforeInstall"]


def test_scripts_run_as_the_user_that_they_name(machine: Machine, deploy):
    spec = (
        f"{HEAD}hooks:\n  AfterInstall:\n    - {{location: x.sh, timeout: 20, runas: ec2-user}}\n"
    )
    script = "#!/bin/bash\ntouch ~/made && sudo chown root ~/made && sudo id -un > ~/root\n"
    deploy(machine, {"appspec.yml": spec, "x.sh": script})
    assert machine.files.read_text("/home/ec2-user/root") == "root\n"


# --- Running services ---

_TOOLS = ("pkill", "fuser", "lsof", "pgrep", "killall")


def _nohup(**more: str) -> dict[str, str]:
    scripts = {"ApplicationStart": START, "ValidateService": VALIDATE, **more}
    return {**revision(HOME, **scripts), **SERVICE}


def test_all_machines_listen_on_one_port_and_answer_for_themselves(two: list[Machine], deploy, who):
    for each in two:
        deploy(each, _nohup())
    assert [who(each) for each in two] == [each.spec.hostname for each in two]


@pytest.mark.parametrize(
    "stop",
    ["pkill -f app.py", "fuser -k 8080/tcp", "kill -9 $(lsof -ti tcp:8080)", "kill $(pgrep -f app.py)",
     "killall python3",
     "kill $(cat /tmp/app.pid); rm /tmp/app.pid"],
)  # fmt: skip
def test_stopping_by_name_port_or_file_stops_the_machines_own(
    two: list[Machine], deploy, who, eventually, stop: str
):
    missing = [tool for tool in _TOOLS if tool in stop and shutil.which(tool) is None]
    if missing:
        pytest.skip(f"this computer has no {missing[0]}, so the image has none")
    for each in two:
        deploy(each, _nohup(ApplicationStop=stop))
    pids = [each.files.read_text("/tmp/app.pid") for each in two]
    assert all(pid.strip().isdigit() for pid in pids)
    # The stop script is the installed revision's; this one starts nothing.
    deploy(two[0], revision(AfterInstall="true"))
    eventually(lambda: who(two[0]) is None, "the first has stopped")
    assert who(two[1]) == two[1].spec.hostname


def test_files_of_processes_and_logs_are_each_machines_own(two: list[Machine], deploy, read):
    script = "hostname > /run/app.pid; hostname >> /tmp/shared; hostname > /var/log/app.log"
    for each in two:
        deploy(each, revision(ApplicationStart=script))
    for each in two:
        for path in ("/run/app.pid", "/tmp/shared", "/var/log/app.log"):
            assert read(each, path) == f"{each.spec.hostname}\n"


def test_what_a_start_script_leaves_running_is_limited(machine: Machine, deploy, eventually):
    deploy(machine, _nohup())
    assert machine._processes.pids("agent") == set()
    machine.limit_services()
    before = machine.usage()
    spin = "nohup sh -c 'while :; do :; done' > /dev/null 2>&1 &"
    deploy(machine, revision(ApplicationStart=spin))
    eventually(lambda: machine.usage().nr_throttled > before.nr_throttled, "throttled")


def test_a_start_script_whose_service_keeps_its_output_fails_as_on_aws(machine: Machine, deploy):
    files = revision(ApplicationStart="cd /tmp\nnohup sleep 300 &")
    files["appspec.yml"] = files["appspec.yml"].replace("timeout: 20", "timeout: 2")
    messages = deploy(machine, files, failing="ApplicationStart")
    assert "failed to close STDOUT" in messages["ApplicationStart"]
    assert "redirect their output" in messages["ApplicationStart"]


UNIT = """
[Unit]
Description=app
After=network.target
[Service]
User=ec2-user
WorkingDirectory=/home/ec2-user/app
ExecStart=/usr/bin/env python3 app.py
Restart=always
[Install]
WantedBy=multi-user.target
"""


def test_a_unit_copied_into_systemds_directory(two: list[Machine], deploy, who):
    scripts = {
        "AfterInstall": "sudo cp /home/ec2-user/app/app.service /etc/systemd/system/",
        "ApplicationStart": "set -e\nsudo systemctl daemon-reload\nsudo systemctl enable app\n"
        "sudo systemctl restart app\nsystemctl is-active app.service",
        "ValidateService": VALIDATE,
        "ApplicationStop": "sudo systemctl stop app || true",
    }
    files = {**revision(HOME, **scripts), **SERVICE, "app/app.service": UNIT}
    for each in two:
        deploy(each, files)
    assert [who(each) for each in two] == [each.spec.hostname for each in two]
    two[0].shut_down(2)
    two[0].boot()
    deploy(two[0], files)
    assert who(two[0]) == two[0].spec.hostname


def test_metadata_by_version_two_only(machine: Machine, deploy):
    script = """set -e
imds=http://169.254.169.254/latest
[ "$(curl -s -o /dev/null -w '%{http_code}' $imds/meta-data/instance-id)" = 401 ]
token=$(curl -fsX PUT $imds/api/token -H 'X-aws-ec2-metadata-token-ttl-seconds: 21600')
get() { curl -fs -H "X-aws-ec2-metadata-token: $token" $imds/meta-data/$1; echo; }
get instance-id > /seen; get local-ipv4 >> /seen; get placement/region >> /seen"""
    deploy(machine, revision(ApplicationStart=script))
    spec = machine.spec
    assert machine.files.read_text("/seen").split() == [
        spec.instance_id, spec.private_ip, spec.region
    ]  # fmt: skip


@pytest.mark.parametrize("traffic", [False, True])
def test_every_event_runs_in_order(machine: Machine, store: Store, traffic: bool):
    events = [
        event
        for event in events_of(with_traffic_control=traffic)
        if event not in {BLOCK_TRAFFIC, ALLOW_TRAFFIC}
    ]
    hooks = [event for event in events if event not in {"DownloadBundle", "Install"}]
    files = revision(**dict.fromkeys(hooks, "echo $LIFECYCLE_EVENT >> /events"))
    for _ in range(2):
        results = run(machine, store.upload(files), events)
        assert "Failed" not in {result.status for result in results.values()}, results
    ran = machine.files.read_text("/events").split()
    # At first nothing is there that could be stopped, nor whose hooks run before the traffic stops.
    assert ran[-len(hooks) :] == hooks
    assert set(IN_ORDER) <= set(events)
    assert ran[: -len(hooks)] == [event for event in hooks if event in _OF_THE_NEW_REVISION]


_OF_THE_NEW_REVISION = (
    *("BeforeInstall", "AfterInstall", "ApplicationStart", "ValidateService"),
    *("BeforeAllowTraffic", "AfterAllowTraffic"),
)
