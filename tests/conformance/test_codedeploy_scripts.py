"""What CodeDeploy's agent makes of a revision: its scripts, their environment and time, its files."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.conformance.cloud import Cloud, Network
from tests.conformance.codedeploy_fleet import Fleet, appspec, event_of, names_of, service_role

pytestmark = pytest.mark.slow
GOOD, BAD = "#!/bin/bash\nexit 0\n", "#!/bin/bash\nexit 3\n"
VARIABLES = {
    "APPLICATION_NAME",
    "DEPLOYMENT_ID",
    "DEPLOYMENT_GROUP_NAME",
    "DEPLOYMENT_GROUP_ID",
    "LIFECYCLE_EVENT",
    "BUNDLE_BUCKET",
    "BUNDLE_KEY",
}


@pytest.fixture(scope="module")
def one(everywhere: Cloud, network: Network) -> Iterator[Fleet]:
    """One instance, to which all of these tests deploy, each with a group and files of its own."""
    cloud = everywhere.beside()
    try:
        yield Fleet(cloud, network, service_role(cloud), 1)
    finally:
        cloud.clean_up()


@pytest.fixture
def fleet(one: Fleet) -> Fleet:
    one.group()
    return one


@pytest.fixture
def place(fleet: Fleet) -> str:
    """A path on the instance that no other test has."""
    return f"/srv/{fleet.cloud.name('place')}"


def succeeds(fleet: Fleet, key: str) -> str:
    deployment = fleet.deploy(key)
    assert fleet.ended(deployment)["status"] == "Succeeded"
    return deployment


@pytest.mark.row("CD-E03")
@pytest.mark.parametrize("event", ["DownloadBundle", "Install", "BlockTraffic", "AllowTraffic"])
def test_some_events_run_no_scripts(fleet: Fleet, place: str, event: str) -> None:
    fleet.upload("v1.zip", appspec(**{event: "mark.sh"}), mark=f"#!/bin/bash\ntouch {place}\n")
    fleet.ended(fleet.deploy("v1.zip"))
    assert fleet.shell(f"[ -e {place} ] && echo ran || echo did not run") == "did not run"


@pytest.mark.row("CD-E04", "CD-E05")
def test_the_previous_revision_stops_the_application(fleet: Fleet, place: str) -> None:
    spec = appspec(ApplicationStop="stop.sh", ApplicationStart="start.sh")
    for version, status in (("v1", 0), ("v2", 3), ("v3", 0)):
        stop = f"#!/bin/bash\necho {version} >> {place}\nexit {status}\n"
        fleet.upload(f"{version}.zip", spec, stop=stop, start=GOOD)
    succeeds(fleet, "v1.zip")
    assert fleet.shell(f"cat {place} 2> /dev/null || true") == "", "there was nothing to stop"
    succeeds(fleet, "v2.zip")
    assert fleet.shell(f"cat {place}").split() == ["v1"]
    failed = fleet.deploy("v3.zip")
    assert fleet.ended(failed)["status"] == "Failed"
    target = fleet.target(failed, fleet.instances[0])
    assert event_of(target, "ApplicationStop")["status"] == "Failed"
    assert event_of(target, "DownloadBundle")["status"] == "Skipped"
    ignoring = fleet.deploy("v3.zip", ignoreApplicationStopFailures=True)
    assert fleet.ended(ignoring)["status"] == "Succeeded"
    target = fleet.target(ignoring, fleet.instances[0])
    assert event_of(target, "ApplicationStop")["status"] == "Failed"
    assert event_of(target, "ValidateService")["status"] == "Succeeded"
    succeeds(fleet, "v3.zip")


@pytest.mark.row("CD-E06", "CD-E07")
def test_scripts_that_fail_in_other_ways(fleet: Fleet) -> None:
    hook = "hooks:\n  ApplicationStart:\n    - location: start.sh\n"
    fleet.upload("late.zip", appspec() + hook + "      timeout: 2\n", start="sleep 30\n")
    fleet.upload("absent.zip", appspec() + hook)
    fleet.upload("failing.zip", appspec() + hook, start="echo so much for that >&2\nexit 3\n")
    for key, code in (
        ("late.zip", "ScriptTimedOut"),
        ("absent.zip", "ScriptMissing"),
        ("failing.zip", "ScriptFailed"),
    ):
        deployment = fleet.deploy(key)
        assert fleet.ended(deployment)["status"] == "Failed"
        event = event_of(fleet.target(deployment, fleet.instances[0]), "ApplicationStart")
        assert event["diagnostics"]["errorCode"] == code
        assert event["diagnostics"]["scriptName"] == "start.sh"
    assert "so much for that" in event["diagnostics"]["logTail"]


@pytest.mark.row("CD-E08")
def test_an_agent_that_is_stopped_fails_the_deployment_in_time(fleet: Fleet) -> None:
    fleet.upload("v1.zip", appspec())
    fleet.shell("systemctl stop codedeploy-agent")
    deployment = fleet.deploy("v1.zip")
    try:
        info = fleet.ended(deployment)
    finally:
        fleet.shell("systemctl start codedeploy-agent")
    assert info["status"] == "Failed"
    took = (info["completeTime"] - info["createTime"]).total_seconds()
    assert took >= 0.9 * fleet.cloud.seconds(300)
    assert fleet.target(deployment, fleet.instances[0])["status"] == "Failed"
    succeeds(fleet, "v1.zip")


@pytest.mark.row("CD-E09")
def test_scripts_know_their_deployment(fleet: Fleet, place: str) -> None:
    script = f"#!/bin/bash\nenv > {place}\n"
    fleet.upload("v1.zip", appspec(BeforeInstall="tell.sh"), tell=script)
    deployment = succeeds(fleet, "v1.zip")
    lines = [line.partition("=") for line in fleet.shell(f"cat {place}").splitlines()]
    told = {name: value for name, _, value in lines}
    assert set(told) >= VARIABLES
    assert told["DEPLOYMENT_ID"] == deployment
    assert told["LIFECYCLE_EVENT"] == "BeforeInstall"
    assert told["APPLICATION_NAME"] == fleet.application
    assert (told["BUNDLE_BUCKET"], told["BUNDLE_KEY"]) == (fleet.bucket, "v1.zip")


@pytest.mark.row("CD-E10")
def test_the_appspec_is_at_the_root(fleet: Fleet) -> None:
    fleet.put(
        "v1.zip", {"release/appspec.yml": appspec(), "README": "It is one level further down."}
    )
    deployment = fleet.deploy("v1.zip")
    assert fleet.ended(deployment)["status"] == "Failed"
    events = fleet.target(deployment, fleet.instances[0])["lifecycleEvents"]
    (failed,) = [one for one in events if one["status"] == "Failed"]
    assert "appspec.yml" in failed["diagnostics"]["message"]


@pytest.mark.row("CD-E11")
def test_files_that_are_there_already(fleet: Fleet, place: str) -> None:
    fleet.put("v1.zip", {"appspec.yml": appspec({"page": place}), "page": "new"})
    fleet.shell(f"mkdir {place} && echo old > {place}/page")
    refused = fleet.deploy("v1.zip")
    assert fleet.ended(refused)["status"] == "Failed"
    event = event_of(fleet.target(refused, fleet.instances[0]), "Install")
    assert event["status"] == "Failed"
    assert f"{place}/page" in event["diagnostics"]["message"]
    for behavior, content in (("DISALLOW", "old"), ("RETAIN", "old"), ("OVERWRITE", "new")):
        deployment = fleet.deploy("v1.zip", fileExistsBehavior=behavior)
        status = fleet.ended(deployment)["status"]
        assert status == ("Failed" if behavior == "DISALLOW" else "Succeeded")
        assert fleet.info(deployment)["fileExistsBehavior"] == behavior
        assert fleet.shell(f"cat {place}/page") == content


@pytest.mark.row("CD-E12", "CD-R04")
def test_what_was_installed_goes_and_what_scripts_made_stays(fleet: Fleet, place: str) -> None:
    made = f"#!/bin/bash\ntouch {place}/made-by-$1$DEPLOYMENT_ID\n"
    first = appspec({"a.txt": place, "common.txt": place}, AfterInstall="make.sh")
    fleet.put("v1.zip", {"appspec.yml": first, "a.txt": "1", "common.txt": "one", "make.sh": made})
    second = appspec({"common.txt": place}, AfterInstall="make.sh", ValidateService="check.sh")
    files = {"appspec.yml": second, "common.txt": "two", "make.sh": made}
    fleet.put("v2.zip", files | {"check.sh": GOOD})
    fleet.put("v3.zip", files | {"check.sh": BAD, "common.txt": "three"})

    def found() -> set[str]:
        return set(fleet.shell(f"ls {place}").split())

    one = succeeds(fleet, "v1.zip")
    assert found() == {"a.txt", "common.txt", f"made-by-{one}"}
    two = succeeds(fleet, "v2.zip")
    assert found() == {"common.txt", f"made-by-{one}", f"made-by-{two}"}
    back = {"enabled": True, "events": ["DEPLOYMENT_FAILURE"]}
    three = fleet.deploy("v3.zip", autoRollbackConfiguration=back)
    info = fleet.ended(three)
    assert info["status"] == "Failed"
    rollback = info["rollbackInfo"]["rollbackDeploymentId"]
    assert fleet.ended(rollback)["status"] == "Succeeded"
    assert fleet.shell(f"cat {place}/common.txt") == "two"
    assert f"made-by-{three}" in found()
    assert names_of(fleet.target(rollback, fleet.instances[0]))[0] == "ApplicationStop"
