"""The CodeDeploy agent with a real machine and an S3 that answers on the loopback device."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto.server import ThreadedMotoServer

from region.api import state
from region.machines.codedeploy_agent.messages import AgentDeployment, EventResult
from region.machines.machine import Machine
from region.machines.machine_pool import MachinePool

pytestmark = pytest.mark.region

GROUP = "group-0001"
IN_ORDER = (
    *("ApplicationStop", "DownloadBundle", "BeforeInstall", "Install"),
    *("AfterInstall", "ApplicationStart", "ValidateService"),
)
APPSPEC = """
version: 0.0
os: linux
files:
  - {source: app, destination: /opt/app}
hooks:
  ApplicationStop: [{location: scripts/stop.sh, timeout: 20}]
  BeforeInstall: [{location: scripts/note.sh}]
  AfterInstall: [{location: scripts/note.sh}]
  ApplicationStart: [{location: scripts/start.sh, timeout: 20, runas: root}]
  ValidateService: [{location: scripts/validate.sh, timeout: 20}]
"""
NOTE = '#!/bin/sh\necho "$LIFECYCLE_EVENT $DEPLOYMENT_ID $APPLICATION_NAME" >> /opt/events\n'
FILES = {
    "appspec.yml": APPSPEC,
    "app/app.service": "[Service]\nExecStart=/bin/sleep 600\n[Install]\nWantedBy=multi-user.target\n",
    "scripts/note.sh": NOTE,
    "scripts/stop.sh": f"{NOTE}systemctl stop app\n",
    "scripts/start.sh": f"{NOTE}systemctl enable --now /opt/app/app.service\n",
    "scripts/validate.sh": f"{NOTE}systemctl is-active --quiet app\n",
}


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    state.reset()  # moto is one per process: other tests leave buckets behind
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def s3(endpoint: str) -> Any:
    client = boto3.client(
        "s3",
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id="rehearsal",
        aws_secret_access_key="rehearsal",
    )
    client.create_bucket(Bucket="revisions")
    return client


@pytest.fixture
def machine(new_pool: Callable[..., MachinePool], endpoint: str, spec_of) -> Machine:
    pool = new_pool(aws_endpoint=endpoint)
    pool.start()
    made = pool.launch(spec_of(b"", 30))
    made.boot()
    return made


Deploy = Callable[..., AgentDeployment]


@pytest.fixture
def upload(s3: Any, tmp_path: Path) -> Deploy:
    """Zips files (scripts not executable), uploads them and returns their deployment."""

    def make(name: str, files: dict[str, str], **options: Any) -> AgentDeployment:
        bundle = tmp_path / f"{name}.zip"
        with zipfile.ZipFile(bundle, "w") as opened:
            for path, text in files.items():
                opened.writestr(path, text)
        etag = s3.put_object(Bucket="revisions", Key=bundle.name, Body=bundle.read_bytes())["ETag"]
        return AgentDeployment(
            deployment_id=name,
            application_name="music-note",
            deployment_group_name="ha",
            deployment_group_id=GROUP,
            bucket="revisions",
            key=bundle.name,
            etag=etag,
            **options,
        )

    return make


def _run(machine: Machine, deployment: AgentDeployment) -> dict[str, EventResult]:
    results: dict[str, EventResult] = {}
    for event in IN_ORDER:
        results[event] = machine.agent.run_event(event, deployment)
        if results[event].status == "Failed":
            break
    return results


def _hook(script: str, timeout: int = 20) -> dict[str, str]:
    appspec = (
        "version: 0.0\nos: linux\n"
        f"hooks: {{AfterInstall: [{{location: x.sh, timeout: {timeout}}}]}}\n"
    )
    return {"appspec.yml": appspec, "x.sh": f"#!/bin/sh\n{script}\n"}


def _after_install(machine: Machine, deployment: AgentDeployment) -> EventResult:
    downloaded = machine.agent.run_event("DownloadBundle", deployment)
    assert downloaded.status == "Succeeded", downloaded
    return machine.agent.run_event("AfterInstall", deployment)


def _events(machine: Machine) -> list[str]:
    return machine.files.read_text("/opt/events").splitlines()


def test_two_revisions_from_download_to_validation(machine: Machine, upload: Deploy):
    first = upload("d-ONE", FILES)
    results = _run(machine, first)
    assert {event: result.status for event, result in results.items()} == {
        event: "Skipped" if event == "ApplicationStop" else "Succeeded" for event in IN_ORDER
    }
    assert machine.agent.run_event("BeforeBlockTraffic", first).status == "Skipped"
    assert machine.agent.last_successful(GROUP) == "d-ONE"

    second = upload("d-TWO", {**FILES, "scripts/stop.sh": "#!/bin/sh\nexit 1\n"})
    results = _run(machine, second)
    assert [result.status for result in results.values()] == ["Succeeded"] * len(IN_ORDER)
    # The first revision's stop script ran, in the name of the second deployment.
    assert "ApplicationStop d-TWO music-note" in _events(machine)
    assert _events(machine)[0] == "BeforeInstall d-ONE music-note"


def test_failing_script(machine: Machine, upload: Deploy):
    result = _after_install(machine, upload("d-F", _hook("echo out; echo err >&2; exit 7")))
    assert (result.status, result.exit_code, result.error_code, result.script) == (
        *("Failed", 7, "ScriptFailed", "x.sh"),
    )
    assert {"[stdout]out", "[stderr]err"} <= set(result.log_tail.splitlines())
    assert "exit code 7" in result.message


def test_log_tail_is_the_last_lines_of_two_kibibytes(machine: Machine, upload: Deploy):
    script = "i=0; while [ $i -lt 1000 ]; do echo line $i; i=$((i+1)); done"
    result = _after_install(machine, upload("d-L", _hook(script)))
    assert result.status == "Succeeded"
    assert 2000 < len(result.log_tail) < 2048
    assert result.log_tail.endswith("[stdout]line 999\n")


def test_script_that_hangs_is_killed_with_its_children(machine: Machine, upload: Deploy):
    script = "trap : TERM; sleep 60 & sleep 61"
    result = _after_install(machine, upload("d-T", _hook(script, timeout=1)))
    assert (result.status, result.error_code, result.exit_code) == (
        "Failed",
        "ScriptTimedOut",
        None,
    )
    assert "1 seconds" in result.message
    assert machine._processes.pids("agent") == set()


def test_background_process_that_keeps_the_output_open(machine: Machine, upload: Deploy):
    kept = _after_install(machine, upload("d-O", _hook("sleep 60 &", timeout=1)))
    assert (kept.status, kept.error_code) == ("Failed", "UnknownError")
    assert "failed to close STDOUT" in kept.message
    detached = _hook("setsid sleep 60 >/dev/null 2>&1 &", timeout=1)
    assert _after_install(machine, upload("d-P", detached)).status == "Succeeded"


def test_missing_script(machine: Machine, upload: Deploy):
    files = _hook("true")
    del files["x.sh"]
    result = _after_install(machine, upload("d-M", files))
    assert (result.status, result.error_code) == ("Failed", "ScriptMissing")


def test_event_without_scripts_is_skipped(machine: Machine, upload: Deploy):
    deployment = upload("d-S", _hook("true"))
    machine.agent.run_event("DownloadBundle", deployment)
    assert machine.agent.run_event("BeforeAllowTraffic", deployment).status == "Skipped"


def test_bundle_without_appspec_fails_at_its_first_hook(machine: Machine, upload: Deploy):
    deployment = upload("d-A", {"x": "", "dir/appspec.yml": APPSPEC})
    assert machine.agent.run_event("DownloadBundle", deployment).status == "Succeeded"
    result = machine.agent.run_event("BeforeInstall", deployment)
    assert (result.status, result.error_code) == ("Failed", "UnknownError")
    assert "did not find an AppSpec file" in result.message


def test_a_single_directory_in_the_bundle_is_the_revision(machine: Machine, upload: Deploy):
    files = {f"top/{name}": text for name, text in _hook("echo here").items()}
    assert "[stdout]here" in _after_install(machine, upload("d-D", files)).log_tail


def test_unknown_events_fail_the_installation(machine: Machine, upload: Deploy):
    appspec = "version: 0.0\nos: linux\nhooks: {BeforeStart: [{location: x.sh}]}\n"
    deployment = upload("d-U", {"appspec.yml": appspec})
    machine.agent.run_event("DownloadBundle", deployment)
    result = machine.agent.run_event("Install", deployment)
    assert result.status == "Failed"
    assert 'unknown lifecycle events: ["BeforeStart"]' in result.message


def test_the_script_that_stops_is_the_last_revisions(machine: Machine, upload: Deploy):
    hooks = "hooks: {ApplicationStop: [{location: stop.sh}]}\nfiles: []\n"
    appspec = f"version: 0.0\nos: linux\n{hooks}"
    bad = {"appspec.yml": appspec, "stop.sh": "#!/bin/sh\nexit 3\n"}
    assert _run(machine, upload("d-BAD", bad))["Install"].status == "Succeeded"
    good = upload("d-GOOD", {**bad, "stop.sh": "#!/bin/sh\n"})
    result = machine.agent.run_event("ApplicationStop", good)
    assert result.status == "Failed"
    assert "stop.sh of the last successful revision (deployment d-BAD)" in result.message
    assert "ignoreApplicationStopFailures" in result.message


def test_hints_are_in_the_agents_log(machine: Machine, upload: Deploy):
    deployment = upload("d-H", {"appspec.yml": "version: 0.0\nos: linux\nsudo: true\n"})
    machine.agent.run_event("DownloadBundle", deployment)
    assert machine.agent.run_event("Install", deployment).status == "Succeeded"
    log = (machine.directory / "log/codedeploy-agent.log").read_text()
    assert "hint: appspec.yml:3: `sudo` has no effect" in log


def test_object_that_does_not_exist(machine: Machine, upload: Deploy, s3: Any):
    deployment = upload("d-N", FILES)
    s3.delete_object(Bucket="revisions", Key=deployment.key)
    result = machine.agent.run_event("DownloadBundle", deployment)
    assert result.status == "Failed"
    assert "s3://revisions/d-N.zip" in result.message


@pytest.mark.parametrize("destination", ["/var/www/html", "/home/app", "/srv"])
def test_files_go_wherever_the_appspec_says(machine: Machine, upload: Deploy, destination: str):
    appspec = (
        f"version: 0.0\nos: linux\nfiles: [{{source: x, destination: {destination}}}]\n"
        "hooks: {AfterInstall: [{location: look.sh}]}\n"
    )
    look = f"#!/bin/sh\ntest -f {destination}/x && test ! -e /proc/1/root/{destination}/y\n"
    deployment = upload("d-X", {"appspec.yml": appspec, "x": "1", "look.sh": look})
    results = _run(machine, deployment)
    assert results["AfterInstall"].status == "Succeeded", results
    assert not Path(destination, "x").exists()


def test_old_archives_go_but_never_the_last_successful(machine: Machine, upload: Deploy):
    first = upload("d-0", _hook("true"))
    machine.agent.run_event("DownloadBundle", first)
    assert machine.agent.run_event("Install", first).status == "Succeeded"
    for number in range(1, 9):
        machine.agent.run_event("DownloadBundle", upload(f"d-{number}", _hook("true")))
    group = f"/opt/codedeploy-agent/deployment-root/{GROUP}"
    kept = [number for number in range(9) if machine.files.exists(f"{group}/d-{number}")]
    assert kept == [0, 5, 6, 7, 8]


def test_the_agents_state_survives_the_region(
    new_pool: Callable[..., MachinePool], endpoint: str, spec_of, upload: Deploy
):
    for name, status in (("d-1", "Skipped"), ("d-2", "Succeeded")):
        pool = new_pool(aws_endpoint=endpoint)
        pool.start()
        machine = pool.launch(spec_of(b"", 31))
        machine.boot()
        assert _run(machine, upload(name, FILES))["ApplicationStop"].status == status
        pool.close()


def test_bad_ids_and_events(machine: Machine, upload: Deploy):
    import dataclasses

    deployment = upload("d-B", FILES)
    evil = dataclasses.replace(deployment, deployment_id="../../evil")
    assert "../../evil" in machine.agent.run_event("DownloadBundle", evil).message
    assert "Reboot" in machine.agent.run_event("Reboot", deployment).message
    other = dataclasses.replace(deployment, bundle_type="YAML")
    assert "YAML" in machine.agent.run_event("DownloadBundle", other).message


def test_agent_of_a_stopped_machine_fails(machine: Machine, upload: Deploy):
    machine.shut_down(1)
    result = machine.agent.run_event("DownloadBundle", upload("d-Z", FILES))
    assert result.status == "Failed"
    assert "not running" in result.message


def test_scripts_run_outside_the_service_quota(machine: Machine, upload: Deploy):
    machine.limit_services()
    before = machine.usage().service_cpu_seconds
    burn = "i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done"
    assert _after_install(machine, upload("d-C", _hook(burn))).status == "Succeeded"
    after = machine.usage()
    assert after.service_cpu_seconds == before
    assert after.nr_throttled == 0
