"""Every way back may be repeated, and is content with what no longer exists."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from loadtest.errors import ExperimentError
from loadtest.experiments import deployments_back, ways_back
from loadtest.experiments.undo import FaultJournal, Header, WayBack
from tests.loadtest.experiments.conftest import FakeCloud, refused


def put_back(cloud: FakeCloud, handler: str, **arguments: Any) -> bool:
    return ways_back.put_back(cloud, WayBack(handler, arguments, "it is as it was"))  # type: ignore[arg-type]


class Network:
    """Subnets and their network ACLs, as the API changes them."""

    def __init__(self, cloud: FakeCloud) -> None:
        self.of = {"subnet-d": "acl-closed", "subnet-e": "acl-of-somebody"}
        self.marked = ["acl-closed"]
        self.others = ["acl-default", "acl-open", "acl-of-somebody"]
        cloud.answers = {
            "ec2.describe_network_acls": self.describe,
            "ec2.replace_network_acl_association": self.replace,
            "ec2.delete_network_acl": self.delete,
        }

    def describe(self, Filters: Any) -> Any:  # noqa: N803
        of_fault = Filters[0]["Name"].startswith("tag:")
        names = self.marked if of_fault else [*self.marked, *self.others]
        return {
            "NetworkAcls": [
                {
                    "NetworkAclId": name,
                    "VpcId": "vpc-1",
                    "IsDefault": name == "acl-default",
                    "Associations": [
                        {
                            "SubnetId": subnet,
                            "NetworkAclId": name,
                            "NetworkAclAssociationId": f"assoc-{subnet}",
                        }
                        for subnet, acl in self.of.items()
                        if acl == name
                    ],
                }
                for name in names
            ]
        }

    def delete(self, NetworkAclId: str) -> None:  # noqa: N803
        assert NetworkAclId not in self.of.values()
        self.marked.remove(NetworkAclId)

    def replace(self, AssociationId: str, NetworkAclId: str) -> None:  # noqa: N803
        self.of[AssociationId.removeprefix("assoc-")] = NetworkAclId


def test_subnets_get_their_acl_back_and_the_closed_one_is_deleted(cloud: FakeCloud) -> None:
    network = Network(cloud)
    # One has got another one from somebody else meanwhile, which stays.
    arguments = {"mark": "m", "subnets": {"subnet-d": "acl-open", "subnet-e": "acl-open"}}
    assert put_back(cloud, "network-acl", **arguments)
    assert network.of == {"subnet-d": "acl-open", "subnet-e": "acl-of-somebody"}
    assert network.marked == []
    assert not put_back(cloud, "network-acl", **arguments)


def test_a_subnet_whose_acl_is_gone_by_now_does_not_stay_closed(cloud: FakeCloud) -> None:
    network = Network(cloud)
    network.others.remove("acl-open")
    assert put_back(cloud, "network-acl", mark="m", subnets={"subnet-d": "acl-open"})
    assert (network.of["subnet-d"], network.marked) == ("acl-default", [])


@pytest.mark.parametrize(
    ("sizes", "wanted"), [((1, 4), 2), ((3, 4), 3), ((1, 1), 1)], ids=["as-before", "min", "max"]
)
def test_a_capacity_goes_back_as_far_as_the_sizes_allow_that_the_group_has_by_now(
    cloud: FakeCloud, sizes: tuple[int, int], wanted: int
) -> None:
    group = cloud.answers["autoscaling.describe_auto_scaling_groups"]["AutoScalingGroups"][0]
    group["MinSize"], group["MaxSize"] = sizes
    assert put_back(cloud, "desired-capacity", group="haproof-ha", before=2, set=3)
    (call,) = cloud.called("autoscaling.set_desired_capacity")
    assert call["DesiredCapacity"] == wanted


def test_a_largest_size_is_not_put_below_the_smallest(cloud: FakeCloud) -> None:
    group = cloud.answers["autoscaling.describe_auto_scaling_groups"]["AutoScalingGroups"][0]
    group["MinSize"] = 4
    assert put_back(cloud, "largest-size", group="haproof-ha", before=3, set=4)
    (call,) = cloud.called("autoscaling.update_auto_scaling_group")
    assert call["MaxSize"] == 4


def invalid(message: str) -> ClientError:
    return refused("ValidationError", message)


@pytest.mark.parametrize(
    ("service", "operation", "error", "gone"),
    [
        # Noted, and killed before it was made; or put back, and killed before that was noted.
        ("autoscaling", "delete_lifecycle_hook", invalid("No Lifecycle Hook found with name: b"), True),
        ("autoscaling", "resume_processes", invalid("AutoScalingGroup name not found - x"), True),
        ("autoscaling", "resume_processes", invalid("1 validation error detected"), False),
        ("iam", "delete_role_policy", refused("NoSuchEntity"), True),
        ("elbv2", "modify_listener", refused("ListenerNotFound"), True),
        ("ec2", "create_route", refused("RouteAlreadyExists"), True),
        ("rds", "modify_db_instance", refused("InvalidDBInstanceState"), False),
    ],
)  # fmt: skip
def test_a_call_that_takes_back_what_is_not_there_has_nothing_to_do(
    cloud: FakeCloud, service: str, operation: str, error: ClientError, *, gone: bool
) -> None:
    cloud.answers[f"{service}.{operation}"] = error
    noted = {"service": service, "operation": operation, "parameters": {}}
    if gone:
        assert not put_back(cloud, "api-call", **noted)
        return
    with pytest.raises(ExperimentError, match="not put back"):
        put_back(cloud, "api-call", **noted)


def test_capacity_that_somebody_else_has_set_since_is_left(cloud: FakeCloud) -> None:
    assert not put_back(cloud, "desired-capacity", group="haproof-ha", before=2, set=4)
    assert put_back(cloud, "desired-capacity", group="haproof-ha", before=2, set=3)
    assert len(cloud.called("autoscaling.set_desired_capacity")) == 1


def test_processes_are_resumed_only_if_suspended(cloud: FakeCloud) -> None:
    group = cloud.answers["autoscaling.describe_auto_scaling_groups"]["AutoScalingGroups"][0]
    assert not put_back(cloud, "resume-processes", group="g", processes=["Launch"])
    group["SuspendedProcesses"] = [{"ProcessName": "Launch"}]
    assert put_back(cloud, "resume-processes", group="g", processes=["Launch"])


def test_instances_that_were_replaced_need_nothing(cloud: FakeCloud) -> None:
    cloud.answers["ec2.describe_instances"] = {"Reservations": []}
    assert not put_back(cloud, "instance-command", instances=["i-1"], command="true", mark="m")
    assert not put_back(cloud, "start-instances", instances=["i-1"])
    assert cloud.called("ssm.send_command") == []


def commands(cloud: FakeCloud, *ends: str) -> None:
    """Let the commands of Systems Manager end so, one after the other."""
    statuses = iter(ends)
    cloud.answers |= {
        "ssm.send_command": {"Command": {"CommandId": "c-1"}},
        "ssm.list_command_invocations": lambda **_: {
            "CommandInvocations": [{"Status": next(statuses)}]
        },
    }


def test_a_command_is_repeated_until_the_instance_can_run_it(
    cloud: FakeCloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ways_back, "POLL_S", 0)
    members = cloud.answers["ec2.describe_instances"]["Reservations"][0]["Instances"]
    del members[1:]
    noted = {"instances": ["i-1"], "command": "true", "mark": "m", "within_s": 60}
    # No room for the command yet; the next one takes a while.
    commands(cloud, "Failed", "InProgress", "Success")
    assert put_back(cloud, "awaited-command", **noted)
    assert len(cloud.called("ssm.send_command")) == 2
    commands(cloud, "Failed", "Failed")
    with pytest.raises(ExperimentError, match="i-1: no command has succeeded"):
        put_back(cloud, "awaited-command", **noted | {"within_s": -1})
    members.clear()
    assert not put_back(cloud, "awaited-command", **noted)


def test_what_is_gone_needs_nothing(cloud: FakeCloud) -> None:
    cloud.answers["ec2.describe_network_acls"] = refused("InvalidSubnetID.NotFound")
    assert not put_back(cloud, "network-acl", mark="m", subnets={"subnet-d": "acl-open"})


def test_only_fis_experiments_with_the_mark_are_stopped(
    cloud: FakeCloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    running = {"status": "running"}
    cloud.answers |= {
        "fis.list_experiments": {
            "experiments": [
                {"id": "EXP-1", "tags": {ways_back.TAG: "m"}, "state": running},
                {"id": "EXP-2", "tags": {ways_back.TAG: "n"}, "state": running},
            ]
        },
        "fis.get_experiment": {"experiment": {"state": {"status": "stopped"}}},
        "fis.list_experiment_templates": {
            "experimentTemplates": [{"id": "EXT-1", "tags": {ways_back.TAG: "m"}}]
        },
    }
    assert put_back(cloud, "fis-experiment", mark="m")
    assert cloud.called("fis.stop_experiment") == [{"id": "EXP-1"}]
    assert cloud.called("fis.delete_experiment_template") == [{"id": "EXT-1"}]


def test_the_end_of_one_fis_experiment_leaves_another_of_the_same_fault_journal(
    cloud: FakeCloud,
) -> None:
    tags = [{ways_back.TAG: "m", ways_back.STEP: step} for step in ("one", "two")]
    running = {"status": "running"}
    cloud.answers |= {
        "fis.list_experiments": {
            "experiments": [
                {"id": f"EXP-{one[ways_back.STEP]}", "tags": one, "state": running} for one in tags
            ]
        },
        "fis.get_experiment": {"experiment": {"state": {"status": "stopped"}}},
        "fis.list_experiment_templates": {
            "experimentTemplates": [
                {"id": f"EXT-{one[ways_back.STEP]}", "tags": one} for one in tags
            ]
        },
    }
    assert put_back(cloud, "fis-experiment", mark="m", step="two")
    assert cloud.called("fis.stop_experiment") == [{"id": "EXP-two"}]
    assert cloud.called("fis.delete_experiment_template") == [{"id": "EXT-two"}]


class Releases:
    """A deployment group whose last revision is the experiment's, or that did not get its own back."""

    def __init__(self, cloud: FakeCloud, last: str, status: str) -> None:
        self.last = last
        cloud.answers |= {
            "codedeploy.list_deployments": {"deployments": []},
            "codedeploy.get_deployment_group": lambda **_: {
                "deploymentGroupInfo": {"lastAttemptedDeployment": {"deploymentId": "d-1"}}
            },
            "codedeploy.get_deployment": lambda **asked: {
                "deploymentInfo": {
                    "status": status if asked["deploymentId"] == "d-1" else "Succeeded",
                    "revision": {"s3Location": {"key": self.last}},
                }
            },
            "codedeploy.create_deployment": self.deploy,
            "s3.list_object_versions": {"Versions": [{"Key": "bad.zip", "VersionId": "1"}]},
        }

    def deploy(self, **call: Any) -> Any:
        self.last = call["revision"]["s3Location"]["key"]
        return {"deploymentId": "d-2"}


@pytest.mark.parametrize(("second", "deployed"), [("Skipped", 1), ("Succeeded", 0)])
def test_a_rollback_that_was_stopped_is_enough_where_nobody_has_another_revision(
    cloud: FakeCloud, monkeypatch: pytest.MonkeyPatch, second: str, deployed: int
) -> None:
    monkeypatch.setattr(deployments_back, "POLL_S", 0.0)
    Releases(cloud, "own.zip", "Stopped")
    own = {"s3Location": {"bucket": "b", "key": "own.zip", "eTag": "own"}}
    bad = {"s3Location": {"bucket": "b", "key": "bad.zip", "eTag": "bad"}}
    # Both had the bad revision; the rollback reached the first one, and perhaps the second.
    ended = {
        "d-0": {"i-1": "Succeeded", "i-2": "Succeeded"},
        "d-1": {"i-1": "Succeeded", "i-2": second},
    }
    cloud.answers |= {
        "codedeploy.list_deployments": lambda **asked: {
            "deployments": [] if "Created" in asked["includeOnlyStatuses"] else ["d-0", "d-1"]
        },
        "codedeploy.batch_get_deployments": {
            "deploymentsInfo": [
                {"deploymentId": "d-0", "createTime": 0, "revision": bad},
                {"deploymentId": "d-1", "createTime": 1, "revision": own},
            ]
        },
        "codedeploy.list_deployment_targets": {"targetIds": ["i-1", "i-2"]},
        "codedeploy.batch_get_deployment_targets": lambda **asked: {
            "deploymentTargets": [
                {"instanceTarget": {"targetId": name, "status": status}}
                for name, status in ended[asked["deploymentId"]].items()
            ]
        },
    }
    arguments = {"application": "a", "group": "g", "bucket": "b", "key": "bad.zip", "mark": "m"}
    put_back(cloud, "revision", **arguments, revision=own)
    assert len(cloud.called("codedeploy.create_deployment")) == deployed


@pytest.mark.parametrize(
    ("last", "status", "deployed"),
    [
        ("bad.zip", "Succeeded", 1),
        ("bad.zip", "Failed", 1),
        ("own.zip", "Failed", 1),
        ("own.zip", "Succeeded", 0),
    ],
    ids=["got-through", "not-rolled-back", "rollback-failed", "rolled-back"],
)
def test_the_stack_s_own_revision_is_deployed_again_unless_it_is_back(
    cloud: FakeCloud, monkeypatch: pytest.MonkeyPatch, last: str, status: str, deployed: int
) -> None:
    monkeypatch.setattr(deployments_back, "POLL_S", 0.0)
    Releases(cloud, last, status)
    own = {"s3Location": {"key": "own.zip"}}
    put_back(
        cloud,
        "revision",
        application="a",
        group="g",
        bucket="b",
        key="bad.zip",
        mark="m",
        revision=own,
    )
    assert len(cloud.called("codedeploy.create_deployment")) == deployed
    assert len(cloud.called("s3.delete_object")) == 1


@pytest.mark.parametrize("status", ["Failed", "Stopped"])
def test_a_revision_that_could_not_be_put_back_stays_in_the_journal(
    cloud: FakeCloud, monkeypatch: pytest.MonkeyPatch, status: str
) -> None:
    monkeypatch.setattr(deployments_back, "POLL_S", 0.0)
    Releases(cloud, "bad.zip", "Failed")
    cloud.answers["codedeploy.get_deployment"] = {
        "deploymentInfo": {"status": status, "revision": {"s3Location": {"key": "bad.zip"}}}
    }
    own = {"s3Location": {"key": "own.zip"}}
    arguments = {"application": "a", "group": "g", "bucket": "b", "key": "bad.zip", "mark": "m"}
    with pytest.raises(ExperimentError, match=f"d-2 of the stack's own revision to g is {status}"):
        put_back(cloud, "revision", **arguments, revision=own)
    # Somebody may want to know what it was.
    assert cloud.called("s3.delete_object") == []


def test_what_fails_stays_in_the_journal_and_the_rest_is_put_back(
    cloud: FakeCloud, tmp_path: Path
) -> None:
    journal = FaultJournal.create(tmp_path, Header("m", 1, "r", None, "x"))
    group = cloud.answers["autoscaling.describe_auto_scaling_groups"]["AutoScalingGroups"][0]
    group["SuspendedProcesses"] = [{"ProcessName": "Launch"}]
    launch = {"group": "g", "processes": ["Launch"]}
    journal.note(WayBack("resume-processes", launch, "g launches"))
    journal.note(WayBack("start-instances", {"instances": ["i-1"]}, "i-1 runs"))
    cloud.answers["ec2.describe_instances"] = refused("RequestLimitExceeded")

    done, left = ways_back.put_all_back(cloud, journal)  # type: ignore[arg-type]

    assert done == ["g launches"]
    assert len(left) == 1
    assert [one.what for _, one in journal.to_put_back] == ["i-1 runs"]
    journal.close()
    assert journal.path.exists()


def test_a_way_back_of_a_newer_version_is_said_to_be_one(cloud: FakeCloud) -> None:
    with pytest.raises(ExperimentError, match="use the version that wrote it"):
        put_back(cloud, "teleport")


@pytest.mark.parametrize(("description", "stopped"), [("m", 1), ("haproof abc", 0)])
def test_only_the_experiment_s_own_deployment_is_stopped(
    cloud: FakeCloud, monkeypatch: pytest.MonkeyPatch, description: str, stopped: int
) -> None:
    monkeypatch.setattr(deployments_back, "POLL_S", 0.0)
    cloud.answers |= {
        "codedeploy.list_deployments": {"deployments": ["d-1"]},
        "codedeploy.get_deployment": {
            "deploymentInfo": {"status": "Stopped", "description": description}
        },
    }
    assert put_back(cloud, "stop-deployment", application="a", group="g", mark="m") == stopped
    assert len(cloud.called("codedeploy.stop_deployment")) == stopped


@pytest.mark.parametrize("handler", sorted(ways_back.HANDLERS))
@pytest.mark.parametrize("arguments", [{}, {"instances": 5, "subnets": 5, "mark": None}])
def test_arguments_that_are_damaged_end_with_one_message(
    handler: str, arguments: dict[str, Any]
) -> None:
    way_back = WayBack(handler, arguments, "all is well")
    with pytest.raises(ExperimentError, match=r"not put back: all is well .*journal") as told:
        ways_back.put_back({}, way_back)  # pyright: ignore[reportArgumentType]
    assert "this version" not in str(told.value)
