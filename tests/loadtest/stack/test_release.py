"""The release step against AWS's own API models: what it sends, waits for and reports."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from loadtest.errors import ReleaseError
from loadtest.stack import pace as pace_module
from loadtest.stack import release as release_module
from loadtest.stack.outputs import StackOutputs
from loadtest.stack.release import Timeouts, release
from tests.loadtest.stack.stubbed_cloud import DEPLOYMENT, GROUP, LOCATION, Cloud

SETTING = ("setting", "10.0.0.7", 8080, "/health")
"""What the script of a look into an instance prints first."""
QUICK = Timeouts(capacity_s=0.3, deployment_s=5, health_s=0.3, poll_s=0.01)


@pytest.fixture
def cloud() -> Cloud:
    return Cloud()


@contextlib.contextmanager
def service(
    status: int = 200, version: str | None = "0123456789ab", product: str = "uvicorn"
) -> Iterator[str]:
    """A health path on a loopback address of its own."""

    class Handler(BaseHTTPRequestHandler):
        server_version = product

        def do_GET(self) -> None:
            self.send_response(status if self.path == "/health" else 404)
            if version:
                self.send_header("X-App-Version", version)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.79.0.11", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.79.0.11:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def run(outputs: StackOutputs, cloud: Cloud, lines: list[str] | None = None, **more: Any) -> Any:
    print_line = lines.append if lines is not None else lambda _line: None
    return release(outputs, print_line, clients=cloud.clients, timeouts=QUICK, **more)


def advance_the_clock_by_sleeping(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Return the pauses made, which are all the time that passes."""
    pauses = list[float]()
    monkeypatch.setattr(release_module.time, "monotonic", lambda: sum(pauses))
    monkeypatch.setattr(release_module.time, "sleep", pauses.append)
    return pauses


def test_a_release_deploys_waits_and_reports(
    cloud: Cloud, make_outputs: Callable[..., StackOutputs]
):
    running = [{"lifecycleEventName": "AfterInstall", "status": "InProgress"}]
    cloud.instances("i-0", "i-1", desired=3).instances("i-0", "i-1", "i-2").revision().history()
    cloud.created().progress("InProgress", deploymentOverview={"Pending": 2, "InProgress": 1})
    cloud.targets(DEPLOYMENT, {"i-0": running, "i-1": []}, "InProgress")
    cloud.progress("Succeeded", deploymentOverview={"Succeeded": 3, "Failed": 0, "Skipped": 0})
    cloud.health("healthy", "initial", "healthy")
    for _ in range(3):
        # A target on its way out does not count.
        cloud.health("healthy", "healthy", "healthy", "draining")
    lines: list[str] = []
    with service() as url:
        done = run(make_outputs(url=url, instanceCount=3), cloud, lines)
    cloud.used_up()
    assert (done.deployment_id, done.version) == (DEPLOYMENT, "0123456789ab")
    assert done.instances == ["i-0", "i-1", "i-2"]
    assert lines == [
        "waiting: 2 of 3 instances are in service",
        "deployment: 2 Pending, 1 InProgress (AfterInstall on 1)",
        f"deployment {DEPLOYMENT} Succeeded: 3 Succeeded",
        "waiting: 2 of 3 targets are healthy (i-1 initial)",
        f"healthy: {url} serves version 0123456789ab",
    ]


OLD = {**LOCATION, "s3Location": {**LOCATION["s3Location"], "version": "v6", "eTag": "old"}}  # type: ignore[dict-item]


@pytest.mark.parametrize(
    ("history", "deploys"),
    [
        ([("d-1", LOCATION, ["i-0", "i-1"])], False),
        # An instance that joined later got it by a deployment of its own.
        ([("d-2", LOCATION, ["i-1"]), ("d-1", LOCATION, ["i-0"])], False),
        ([("d-1", LOCATION, ["i-0"])], True),
        ([("d-2", OLD, ["i-0", "i-1"]), ("d-1", LOCATION, ["i-0", "i-1"])], True),
        ([("d-2", LOCATION, ["i-0", "i-1"]), ("d-1", OLD, ["i-0", "i-1"])], False),
        ([], True),
    ],
)
def test_what_is_already_there_is_not_deployed_again(
    cloud: Cloud,
    make_outputs: Callable[..., StackOutputs],
    history: list[tuple[str, dict[str, Any], list[str]]],
    deploys: bool,
):
    cloud.instances("i-0", "i-1").revision().history(*history)
    if deploys:
        cloud.created().progress("Succeeded", deploymentOverview={"Succeeded": 2})
    with service() as url:
        outputs = make_outputs(url=url, targetGroupArn=None)
        assert (run(outputs, cloud).deployment_id is not None) is deploys
    cloud.used_up()


def test_force_deploys_without_asking(cloud: Cloud, make_outputs: Callable[..., StackOutputs]):
    cloud.instances("i-0").revision().created()
    cloud.progress("Succeeded", deploymentOverview={"Succeeded": 1})
    with service() as url:
        run(make_outputs(url=url, targetGroupArn=None), cloud, force=True)
    cloud.used_up()


AT_ONCE = "CodeDeployDefault.AllAtOnce"


def placeholder_answers(cloud: Cloud, *succeeded: str) -> Cloud:
    """Then a release asks whether a deployment of the group ever succeeded."""
    return cloud.expect(
        "codedeploy",
        "list_deployments",
        {"deployments": list(succeeded)},
        includeOnlyStatuses=["Succeeded"],
        **GROUP,
    )


def test_a_fleet_that_never_served_gets_its_first_release_at_once(
    cloud: Cloud, make_outputs: Callable[..., StackOutputs]
):
    placeholder_answers(cloud.instances("i-0").revision()).created(config=AT_ONCE)
    cloud.progress("Succeeded", deploymentOverview={"Succeeded": 1})
    lines: list[str] = []
    with service(product="haproof-placeholder") as url, contextlib.suppress(ReleaseError):
        # The stubbed deployment leaves the placeholder where it is.
        run(make_outputs(url=url, targetGroupArn=None), cloud, lines, force=True)
    cloud.used_up()
    assert lines[0] == "first release: nothing serves yet, so all instances at once"


def test_a_fleet_with_an_instance_that_joined_a_moment_ago_keeps_its_configuration(
    cloud: Cloud, make_outputs: Callable[..., StackOutputs]
):
    placeholder_answers(cloud.instances("i-0").revision(), "d-1").created()
    cloud.progress("Succeeded", deploymentOverview={"Succeeded": 1})
    with service(product="haproof-placeholder") as url, contextlib.suppress(ReleaseError):
        run(make_outputs(url=url, targetGroupArn=None), cloud, force=True)
    cloud.used_up()


def test_a_failed_deployment_names_the_script_and_follows_the_rollback(
    cloud: Cloud, make_outputs: Callable[..., StackOutputs]
):
    cloud.instances("i-0").revision().created()
    cloud.progress(
        "Failed",
        deploymentOverview={"Failed": 1},
        errorInformation={"code": "HEALTH_CONSTRAINTS", "message": "too few healthy"},
        rollbackInfo={"rollbackDeploymentId": "d-ROLLBACK0"},
    )
    failed = {
        "lifecycleEventName": "ValidateService",
        "status": "Failed",
        "diagnostics": {
            "errorCode": "ScriptFailed",
            "scriptName": "scripts/validate.sh",
            "message": "exit code 7",
            "logTail": "curl: (7)\nrefused",
        },
    }
    cloud.targets(DEPLOYMENT, {"i-0": [failed]}, "Failed")
    cloud.looked_into("i-0", SETTING, ("listens", "127.0.0.1:8080", "java"))
    told = (
        "on i-0: 127.0.0.1:8080 (java) is reached from the instance alone, not by the load balancer: "
        "let it listen on 0.0.0.0 (every address), or on $APP_HOST"
    )
    cloud.progress("Succeeded", "d-ROLLBACK0", deploymentOverview={"Succeeded": 1})
    with pytest.raises(ReleaseError) as caught:
        run(make_outputs(), cloud, force=True)
    cloud.used_up()
    assert str(caught.value).splitlines() == [
        f"deployment {DEPLOYMENT} failed: HEALTH_CONSTRAINTS: too few healthy",
        "  i-0: ValidateService failed (ScriptFailed), script scripts/validate.sh: exit code 7",
        "    curl: (7)",
        "    refused",
        f"  {told}",
        "  its rollback d-ROLLBACK0 restored the last good revision",
    ]


STOPPED: dict[str, Any] = {
    "errorInformation": {"code": "ALARM_ACTIVE", "message": "Activated alarms: <slow>"},
    "autoRollbackConfiguration": {"enabled": True, "events": ["DEPLOYMENT_STOP_ON_ALARM"]},
}


def test_a_rollback_that_is_named_only_after_the_end_is_waited_for(
    cloud: Cloud, make_outputs: Callable[..., StackOutputs]
):
    cloud.instances("i-0").revision().created().progress("Stopped", **STOPPED)
    cloud.targets(DEPLOYMENT, {"i-0": []}, "Skipped")
    cloud.progress("Stopped", **STOPPED)
    cloud.progress("Stopped", rollbackInfo={"rollbackDeploymentId": "d-ROLLBACK0"}, **STOPPED)
    cloud.progress("Succeeded", "d-ROLLBACK0", deploymentOverview={"Succeeded": 1})
    with pytest.raises(ReleaseError) as caught:
        run(make_outputs(), cloud, force=True)
    cloud.used_up()
    assert str(caught.value).splitlines() == [
        f"deployment {DEPLOYMENT} stopped: ALARM_ACTIVE: Activated alarms: <slow>",
        "  its rollback d-ROLLBACK0 restored the last good revision",
    ]


@pytest.mark.parametrize(
    ("status", "info"),
    [
        # Nothing to go back to: CodeDeploy says so.
        ("Stopped", {**STOPPED, "rollbackInfo": {"rollbackMessage": "No earlier deployment."}}),
        # The event is not one that it rolls back on.
        ("Failed", {"autoRollbackConfiguration": STOPPED["autoRollbackConfiguration"]}),
        ("Stopped", {"autoRollbackConfiguration": STOPPED["autoRollbackConfiguration"]}),
        ("Failed", {}),
    ],
)
def test_no_rollback_is_waited_for_that_will_not_come(
    cloud: Cloud,
    make_outputs: Callable[..., StackOutputs],
    status: str,
    info: dict[str, Any],
):
    cloud.instances("i-0").revision().created().progress(status, **info)
    cloud.targets(DEPLOYMENT, {"i-0": []}, "Skipped")
    with pytest.raises(ReleaseError, match=status.lower()):
        run(make_outputs(), cloud, force=True)
    cloud.used_up()


@pytest.mark.parametrize("left", [{"Failed": 1}, {"Skipped": 1}, {"Pending": 1}])
def test_success_with_an_unserved_instance_is_a_failure(
    cloud: Cloud, make_outputs: Callable[..., StackOutputs], left: dict[str, int]
):
    cloud.instances("i-0", "i-1").revision().created()
    cloud.progress("Succeeded", deploymentOverview={"Succeeded": 1, **left})
    cloud.targets(DEPLOYMENT, {"i-0": [], "i-1": []}, "Succeeded")
    with pytest.raises(
        ReleaseError, match=rf"did not reach every instance: .*1 {next(iter(left))}"
    ):
        run(make_outputs(), cloud, force=True)


def test_another_deployment_of_the_group_is_waited_for(
    cloud: Cloud, make_outputs: Callable[..., StackOutputs]
):
    cloud.instances("i-0").revision()
    cloud.busy_with("d-B", "AfterInstall", "AfterInstall")
    cloud.busy_with("d-B", "AfterInstall", "AfterInstall")
    cloud.busy_with("d-B", "ApplicationStart")
    cloud.created().progress("Succeeded", deploymentOverview={"Succeeded": 1})
    lines: list[str] = []
    with service() as url:
        run(make_outputs(url=url, targetGroupArn=None), cloud, lines, force=True)
    # Again only when it changed.
    stop = "at most 5 s more; stop it: aws deploy stop-deployment --deployment-id d-B"
    assert lines[:2] == [
        f"waiting for deployment d-B of this group (AfterInstall on 2), {stop}",
        f"waiting for deployment d-B of this group (ApplicationStart on 1), {stop}",
    ]
    assert not lines[2].startswith("waiting for deployment")
    cloud.used_up()


def test_what_remains_of_the_time_is_told_again(
    cloud: Cloud, make_outputs: Callable[..., StackOutputs], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(release_module, "TELL_AGAIN_S", 0.0)
    cloud.instances("i-0").revision()
    for _ in range(2):
        cloud.busy_with("d-B", "AfterInstall")
    cloud.created().progress("Succeeded", deploymentOverview={"Succeeded": 1})
    lines: list[str] = []
    with service() as url:
        run(make_outputs(url=url, targetGroupArn=None), cloud, lines, force=True)
    assert [line.startswith("waiting for deployment d-B") for line in lines[:3]] == [
        True,
        True,
        False,
    ]


def test_a_deployment_that_does_not_end_is_named_with_the_way_to_stop_it(
    cloud: Cloud, make_outputs: Callable[..., StackOutputs], monkeypatch: pytest.MonkeyPatch
):
    cloud.instances("i-0").revision().busy_with("d-B", "AfterInstall")
    cloud.refuse("codedeploy", "create_deployment", "DeploymentLimitExceededException")
    monkeypatch.setattr(pace_module, "FIRST_POLL_S", 0.2)
    with pytest.raises(
        ReleaseError,
        match=r"d-B of this group \(AfterInstall on 1\) has not ended .* --deployment-id d-B",
    ):
        release(
            make_outputs(), print, clients=cloud.clients, force=True,
            timeouts=Timeouts(deployment_s=0.1, poll_s=0.2),
        )  # fmt: skip


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ({"status": 503}, "not healthy after 0 s: .*/health answers 503"),
        ({"product": "haproof-placeholder"}, "/health is answered by the placeholder"),
    ],
)
def test_a_stack_that_does_not_serve_the_release_is_reported(
    cloud: Cloud,
    make_outputs: Callable[..., StackOutputs],
    answer: dict[str, Any],
    message: str,
):
    cloud.instances("i-0").revision()
    if "product" in answer:
        placeholder_answers(cloud, "d-1")
    cloud.created()
    cloud.progress("Succeeded", deploymentOverview={"Succeeded": 1})
    with service(**answer) as url, pytest.raises(ReleaseError, match=message):
        run(make_outputs(url=url, targetGroupArn=None), cloud, force=True)


@dataclass(frozen=True)
class Seen:
    """What a release sees while it waits, and how the wait ends."""

    polls: int
    facts: Sequence[tuple[object, ...]]
    end: str
    beginning: str


@pytest.mark.parametrize(
    "seen",
    [
        Seen(10, [], " after 9 s", "no program listens on port 8080"),
        Seen(
            10,
            [("listens", "*:9000", "ledger")],
            ", and waiting longer will not help",
            "nothing listens on port 8080 (the setting appPort), only *:9000 (ledger)",
        ),
    ],
    ids=["may still start", "will last"],
)
def test_what_stays_unhealthy_is_looked_into_and_told_once(
    cloud: Cloud,
    make_outputs: Callable[..., StackOutputs],
    monkeypatch: pytest.MonkeyPatch,
    seen: Seen,
):
    polls, facts, end, beginning = seen.polls, seen.facts, seen.end, seen.beginning
    limit_s = 9 if "after" in end else 100
    advance_the_clock_by_sleeping(monkeypatch)
    cloud.instances("i-0", "i-1").revision().created()
    cloud.progress("Succeeded", deploymentOverview={"Succeeded": 2})
    # A poll per second, the fourth and the seventh of which find it unchanged for long, and the last.
    for second in range(1, polls + 1):
        cloud.health("healthy", "unhealthy")
        if second in {4, 7, polls}:
            cloud.health("healthy", "unhealthy")
            cloud.looked_into("i-1", SETTING, *facts)
    lines: list[str] = []
    waits = Timeouts(health_s=limit_s, look_s=2.5, poll_s=1)
    monkeypatch.setattr(pace_module, "FIRST_POLL_S", 1.0)
    with service() as url:
        outputs = make_outputs(url=url, instanceCount=2)
        with pytest.raises(ReleaseError) as caught:
            release(outputs, lines.append, clients=cloud.clients, timeouts=waits, force=True)
    head, told, *_ = str(caught.value).splitlines()
    assert head == f"the stack is not healthy{end}: 1 of 2 targets are healthy (i-1 unhealthy)"
    assert told.startswith(f"on i-1: {beginning}")
    assert lines.count(told) == 1
    cloud.used_up()


def test_the_version_header_is_optional(cloud: Cloud, make_outputs: Callable[..., StackOutputs]):
    cloud.instances("i-0").revision().created()
    cloud.progress("Succeeded", deploymentOverview={"Succeeded": 1})
    lines: list[str] = []
    with service(version=None) as url:
        done = run(make_outputs(url=url, targetGroupArn=None), cloud, lines, force=True)
    assert done.version == ""
    assert lines[-1] == f"healthy: {url} serves answers without a version (X-App-Version)"


def test_nothing_that_answers(cloud: Cloud, make_outputs: Callable[..., StackOutputs]):
    cloud.instances("i-0").revision().created()
    cloud.progress("Succeeded", deploymentOverview={"Succeeded": 1})
    outputs = make_outputs(url="http://127.79.0.12:9", targetGroupArn=None)
    with pytest.raises(ReleaseError, match="does not answer"):
        run(outputs, cloud, force=True)


def test_a_missing_revision_or_group_is_reported(
    cloud: Cloud, make_outputs: Callable[..., StackOutputs]
):
    cloud.instances("i-0").refuse("s3", "head_object", "404")
    with pytest.raises(ReleaseError, match=r"cannot find the revision s3://.*run `pulumi up`"):
        run(make_outputs(), cloud)
    other = Cloud().expect("autoscaling", "describe_auto_scaling_groups", {"AutoScalingGroups": []})
    for _ in range(100):
        other.expect("autoscaling", "describe_auto_scaling_groups", {"AutoScalingGroups": []})
    with pytest.raises(ReleaseError, match="haproof-ha does not exist"):
        run(make_outputs(), other)


def test_a_call_that_aws_rejects_is_reported(
    cloud: Cloud, make_outputs: Callable[..., StackOutputs]
):
    cloud.instances("i-0").revision().refuse("codedeploy", "create_deployment", "AccessDenied")
    with pytest.raises(ReleaseError, match=r"AWS API call .*AccessDenied.*check credentials"):
        run(make_outputs(), cloud, force=True)


def test_the_single_instance_needs_no_group(cloud: Cloud, single_outputs: StackOutputs):
    cloud.revision()
    cloud.expect(
        "codedeploy", "list_deployments", {"deployments": []},
        includeOnlyStatuses=["InProgress", "Succeeded", "Failed", "Stopped"], **GROUP,
    ).created(scaled=False)  # fmt: skip
    cloud.progress("Succeeded", deploymentOverview={"Succeeded": 1})
    with service() as url:
        outputs = single_outputs.model_copy(update={"url": url})
        assert run(outputs, cloud).instances == ["i-0single"]
    cloud.used_up()


def test_pauses_are_short_after_a_change_and_longer_the_longer_nothing_happens(
    monkeypatch: pytest.MonkeyPatch,
):
    pauses = advance_the_clock_by_sleeping(monkeypatch)
    pace = pace_module.Pace(2.0)
    while sum(pauses) < 30:
        pace.pause()
    assert pauses == sorted(pauses)
    assert (pauses[0], pauses[-1]) == (0.2, 2.0)
    assert len(pauses) < 35
    pace.changed()
    pace.pause()
    assert pauses[-1] == 0.2
