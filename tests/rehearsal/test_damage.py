"""Breaking a policy on a running stack: what is changed is put back, and what it did is said."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from guardrails.evaluator import PolicyEvaluator

from commandline.errors import UserError
from loadtest.experiments import files
from loadtest.experiments.models import Impact
from loadtest.stack.outputs import StackOutputs
from rehearsal import damage_figures
from rehearsal.breaks import BREAKS, Break
from rehearsal.damage import chosen
from rehearsal.damage_figures import Damage, Side, load, save, sentence, side
from rehearsal.experiments import Applicable, not_begun

OUTPUTS = StackOutputs(
    url="http://127.0.0.1", health_path="/health", topology="ha", region="ap-northeast-2",
    instance_type="t4g.nano", instance_count=6, availability_zones=["a"], database_class="db",
    codedeploy_application="app", codedeploy_deployment_group="group", revision_bucket="b",
    revision_key="k", revision_digest="ab" * 32, seed_users=1, load_profile="none",
    auto_scaling_group_name="fleet", target_group_arn="arn",
)  # fmt: skip


class Cloud:
    """One resource of each kind; changes are applied to it."""

    def __init__(self) -> None:
        self.group: dict[str, Any] = {"HealthCheckType": "ELB", "HealthCheckGracePeriod": 600}
        self.suspended: set[str] = set()
        self.targets: dict[str, Any] = {
            "HealthCheckIntervalSeconds": 5, "UnhealthyThresholdCount": 2,
            "Matcher": {"HttpCode": "200"},
        }  # fmt: skip
        self.attributes = {"deregistration_delay.timeout_seconds": "10"}
        self.deployments: dict[str, Any] = {
            "deploymentStyle": {"deploymentOption": "WITH_TRAFFIC_CONTROL"},
            "autoRollbackConfiguration": {"enabled": True},
            "deploymentConfigName": "half", "outdatedInstancesStrategy": "UPDATE",
            "alarmConfiguration": {"enabled": True, "alarms": [{"name": "hosts"}]},
        }  # fmt: skip
        self.standby = {"ours": True, "other": True}

    def __getitem__(self, _service: str) -> Cloud:
        return self

    def state(self) -> str:
        return repr(vars(self))

    def describe_auto_scaling_groups(self, **_: Any) -> Any:
        return {"AutoScalingGroups": [dict(self.group)]}

    def update_auto_scaling_group(self, AutoScalingGroupName: str, **settings: Any) -> None:  # noqa: N803
        assert AutoScalingGroupName == "fleet"
        self.group |= settings

    def suspend_processes(self, ScalingProcesses: list[str], **_: Any) -> None:  # noqa: N803
        self.suspended |= set(ScalingProcesses)

    def resume_processes(self, ScalingProcesses: list[str], **_: Any) -> None:  # noqa: N803
        self.suspended -= set(ScalingProcesses)

    def describe_target_groups(self, **_: Any) -> Any:
        return {"TargetGroups": [dict(self.targets)]}

    def modify_target_group(self, TargetGroupArn: str, **settings: Any) -> None:  # noqa: N803
        assert TargetGroupArn == "arn"
        self.targets |= settings

    def describe_target_group_attributes(self, **_: Any) -> Any:
        return {"Attributes": [{"Key": k, "Value": v} for k, v in self.attributes.items()]}

    def modify_target_group_attributes(self, Attributes: list[dict[str, str]], **_: Any) -> None:  # noqa: N803
        self.attributes |= {one["Key"]: one["Value"] for one in Attributes}

    def get_deployment_group(self, **_: Any) -> Any:
        return {"deploymentGroupInfo": dict(self.deployments)}

    def update_deployment_group(
        self,
        applicationName: str,  # noqa: N803
        currentDeploymentGroupName: str,  # noqa: N803
        **settings: Any,
    ) -> None:
        assert (applicationName, currentDeploymentGroupName) == ("app", "group")
        self.deployments |= settings

    def describe_db_instances(self, **_: Any) -> Any:
        return {
            "DBInstances": [
                {"DBInstanceIdentifier": name, "MultiAZ": standby,
                 "TagList": [{"Key": "Stack", "Value": "ha" if name == "ours" else "x"}]}
                for name, standby in self.standby.items()
            ]
        }  # fmt: skip

    def modify_db_instance(self, DBInstanceIdentifier: str, MultiAZ: bool, **_: Any) -> None:  # noqa: N803
        self.standby[DBInstanceIdentifier] = MultiAZ


@pytest.mark.parametrize("one", BREAKS, ids=lambda one: one.rule)
def test_a_break_changes_something_and_is_mended(one: Break):
    cloud = Cloud()
    intact = cloud.state()
    mend = one.apply(cloud, OUTPUTS)
    assert cloud.state() != intact
    mend()
    assert cloud.state() == intact
    assert cloud.standby["other"]


def test_every_break_is_of_a_rule_of_the_pack_that_can_be_mandatory():
    rules = {rule.id for rule in PolicyEvaluator().rules}
    assert {one.rule for one in BREAKS} <= rules
    assert len({one.rule for one in BREAKS}) == len(BREAKS)


def test_rules_are_chosen_by_id():
    assert [one.rule for one in chosen(["asg-elb-health-check"])] == ["asg-elb-health-check"]
    assert all(one.experiment in files.names() for one in chosen([]))
    with pytest.raises(UserError, match="rule 'nothing' cannot be broken here; choose of asg-"):
        chosen(["nothing"])


INTACT = Side(outcome="survived", failed=3, failed_share=0.01, recovery_s=31.0)


def damage_of(broken: Side) -> Damage:
    return Damage(
        experiment="instance-hangs", what="it asks EC2 only", date="2026-11-26", intact=INTACT,
        broken=broken,
    )  # fmt: skip


def test_what_breaking_a_rule_does_is_said_beside_the_intact_stack():
    broken = Side(outcome="not survived", failed=1500, failed_share=0.167, recovery_s=None)
    assert sentence("asg-elb-health-check", damage_of(broken)) == (
        "Without `asg-elb-health-check` (it asks EC2 only), `instance-hangs`: not survived, 1,500 "
        "requests failed (16.7 % in its window), not recovered; intact: survived, 3 requests failed "
        "(1.0 % in its window), recovered after 31 s"
    )


@pytest.mark.parametrize(
    ("broken", "shown"),
    [
        (INTACT, False),
        (INTACT.model_copy(update={"failed": 15}), False),
        (INTACT.model_copy(update={"failed": 17}), True),
        (INTACT.model_copy(update={"outcome": "not survived"}), True),
        (INTACT.model_copy(update={"outcome": "not shown"}), False),
    ],
)
def test_where_breaking_a_rule_does_nothing_that_is_said(broken: Side, *, shown: bool):
    found = damage_of(broken)
    assert found.shown == shown
    assert ("no damage in" in sentence("rule", found)) != shown


def test_the_figures_of_an_experiment():
    record = not_begun(Applicable(files.find("instance-hangs"), "ha"), "run", 0.0, "why")
    assert side(record) == Side(outcome="not shown", failed=0, failed_share=0, recovery_s=None)
    impact = Impact(
        requests=1000, failed=40, failed_users=40, requests_in_window=300, failed_in_window=30,
        failed_outside=10, window_ended_ms=1.0,
    )  # fmt: skip
    found = side(record.model_copy(update={"impact": impact}))
    assert (found.failed, found.failed_share) == (40, 0.1)


def test_figures_are_kept_by_rule(tmp_path: Path):
    file = tmp_path / "damage.json"
    assert load(file) == {}
    save({"b": damage_of(INTACT), "a": damage_of(INTACT)}, file)
    assert list(load(file)) == ["a", "b"]
    file.write_text("[1]")
    with pytest.raises(UserError, match="remove it and measure again"):
        load(file)


def test_the_published_figures_can_be_read_and_are_of_known_breaks():
    assert set(damage_figures.load()) <= {one.rule for one in BREAKS}
