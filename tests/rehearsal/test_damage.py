"""Breaking a policy on a running stack: what is changed is put back, and what it did is said."""

from __future__ import annotations

import json
from itertools import groupby
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from guardrails.evaluator import PolicyEvaluator

from commandline.errors import UserError
from loadtest.errors import ExperimentError
from loadtest.experiments import engine, files, ways_back
from loadtest.experiments.measurement import Measurement
from loadtest.experiments.proof.models import Entry
from loadtest.experiments.session import Session, under_way
from loadtest.experiments.undo import FaultJournal, Header
from loadtest.stack.outputs import StackOutputs
from rehearsal import breaking, damage_figures, damage_files
from rehearsal.breaks import BREAKS, FLEET_PAUSES, LOAD_ALONE, Break
from rehearsal.damage import chosen, plan_of
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
    """One resource of each kind, with the settings that breaks change; changes are applied to it."""

    def __init__(self) -> None:
        self.group: dict[str, Any] = {
            "HealthCheckType": "ELB", "HealthCheckGracePeriod": 600, "MaxSize": 8,
            "Instances": [{"InstanceId": "i-1"}],
        }  # fmt: skip
        self.suspended: set[str] = set()
        self.hooks: set[str] = set()
        self.attached = {"arn"}
        self.targets: dict[str, Any] = {
            "HealthCheckIntervalSeconds": 5, "UnhealthyThresholdCount": 2,
            "HealthCheckPort": "traffic-port",
            "Matcher": {"HttpCode": "200"}, "LoadBalancerArns": ["balancer"],
        }  # fmt: skip
        self.attributes = {"deregistration_delay.timeout_seconds": "10"}
        self.of_balancer = {"idle_timeout.timeout_seconds": "60"}
        self.actions: list[Any] = [{"Type": "forward", "TargetGroupArn": "arn"}]
        self.rules: dict[str, Any] = {
            "visitors": {"GroupId": "sg-lb", "CidrIpv4": "0.0.0.0/0", "FromPort": 80, "ToPort": 80},
            "fleet": {"GroupId": "sg-app", "ReferencedGroupId": "sg-lb", "FromPort": 8080, "ToPort": 8080},
            "data": {"GroupId": "sg-db", "ReferencedGroupId": "sg-app", "FromPort": 5432, "ToPort": 5432},
            "other": {"GroupId": "sg-app", "CidrIpv4": "10.0.0.0/8", "FromPort": 22, "ToPort": 22},
        }  # fmt: skip
        self.acl: dict[tuple[int, bool], str] = {(100, False): "allow", (100, True): "allow"}
        self.routes = {"0.0.0.0/0": "igw-1", "10.20.0.0/16": "local"}
        self.deployments: dict[str, Any] = {
            "deploymentStyle": {"deploymentOption": "WITH_TRAFFIC_CONTROL"},
            "autoRollbackConfiguration": {"enabled": True},
            "deploymentConfigName": "half", "outdatedInstancesStrategy": "UPDATE",
            "alarmConfiguration": {"enabled": True, "alarms": [{"name": "hosts"}]},
            "serviceRoleArn": "arn:aws:iam::1:role/deploys",
        }  # fmt: skip
        self.configurations: dict[str, Any] = {}
        self.policies = {"arn:policy"}
        self.inline: set[str] = set()
        self.trust = json.dumps({"Principal": {"Service": "codedeploy.amazonaws.com"}})
        self.standby = {"other": True, "ours": True}

    def __getitem__(self, service: str) -> Cloud:
        del service
        return self

    def state(self) -> str:
        return repr(vars(self))

    def describe_auto_scaling_groups(self, **_: Any) -> Any:
        return {"AutoScalingGroups": [dict(self.group)]}

    def describe_instances(self, **_: Any) -> Any:
        one = {
            "SubnetId": "subnet-1", "SecurityGroups": [{"GroupId": "sg-app"}],
            "IamInstanceProfile": {"Arn": "arn:aws:iam::1:instance-profile/web"},
        }  # fmt: skip
        return {"Reservations": [{"Instances": [one]}]}

    def update_auto_scaling_group(self, AutoScalingGroupName: str, **settings: Any) -> None:  # noqa: N803
        assert AutoScalingGroupName == "fleet"
        self.group |= settings

    def suspend_processes(self, ScalingProcesses: list[str], **_: Any) -> None:  # noqa: N803
        self.suspended |= set(ScalingProcesses)

    def resume_processes(self, ScalingProcesses: list[str], **_: Any) -> None:  # noqa: N803
        self.suspended -= set(ScalingProcesses)

    def put_lifecycle_hook(self, LifecycleHookName: str, **_: Any) -> None:  # noqa: N803
        self.hooks.add(LifecycleHookName)

    def delete_lifecycle_hook(self, LifecycleHookName: str, **_: Any) -> None:  # noqa: N803
        self.hooks.discard(LifecycleHookName)

    def detach_load_balancer_target_groups(self, TargetGroupARNs: list[str], **_: Any) -> None:  # noqa: N803
        self.attached -= set(TargetGroupARNs)

    def attach_load_balancer_target_groups(self, TargetGroupARNs: list[str], **_: Any) -> None:  # noqa: N803
        self.attached |= set(TargetGroupARNs)

    def describe_target_groups(self, **_: Any) -> Any:
        return {"TargetGroups": [dict(self.targets)]}

    def modify_target_group(self, TargetGroupArn: str, **settings: Any) -> None:  # noqa: N803
        assert TargetGroupArn == "arn"
        self.targets |= settings

    def describe_target_group_attributes(self, **_: Any) -> Any:
        return {"Attributes": [{"Key": k, "Value": v} for k, v in self.attributes.items()]}

    def modify_target_group_attributes(self, Attributes: list[dict[str, str]], **_: Any) -> None:  # noqa: N803
        self.attributes |= {one["Key"]: one["Value"] for one in Attributes}

    def describe_load_balancers(self, **_: Any) -> Any:
        zones = [{"SubnetId": "subnet-1"}]
        one = {
            "LoadBalancerArn": "balancer",
            "SecurityGroups": ["sg-lb"],
            "AvailabilityZones": zones,
        }
        return {"LoadBalancers": [one]}

    def describe_load_balancer_attributes(self, **_: Any) -> Any:
        return {"Attributes": [{"Key": k, "Value": v} for k, v in self.of_balancer.items()]}

    def modify_load_balancer_attributes(self, Attributes: list[dict[str, str]], **_: Any) -> None:  # noqa: N803
        self.of_balancer |= {one["Key"]: one["Value"] for one in Attributes}

    def describe_listeners(self, **_: Any) -> Any:
        redirect = {"ListenerArn": "plain", "DefaultActions": [{"Type": "redirect"}]}
        return {"Listeners": [redirect, {"ListenerArn": "ours", "DefaultActions": self.actions}]}

    def modify_listener(self, ListenerArn: str, DefaultActions: list[Any]) -> None:  # noqa: N803
        assert ListenerArn == "ours"
        self.actions = DefaultActions

    def describe_security_group_rules(self, Filters: list[Any]) -> Any:  # noqa: N803
        groups = Filters[0]["Values"]
        found: list[dict[str, Any]] = []
        for name, rule in self.rules.items():
            if rule["GroupId"] in groups:
                one = {"SecurityGroupRuleId": name, "IsEgress": False, "IpProtocol": "tcp", **rule}
                if referenced := one.pop("ReferencedGroupId", None):
                    one["ReferencedGroupInfo"] = {"GroupId": referenced}
                found.append(one)
        return {"SecurityGroupRules": found}

    def modify_security_group_rules(self, GroupId: str, SecurityGroupRules: list[Any]) -> None:  # noqa: N803
        for one in SecurityGroupRules:
            rule = {
                key: value for key, value in one["SecurityGroupRule"].items() if key != "IpProtocol"
            }
            name = one["SecurityGroupRuleId"]
            self.rules[name] = {key: {"GroupId": GroupId, **rule}[key] for key in self.rules[name]}

    def describe_network_acls(self, **_: Any) -> Any:
        return {"NetworkAcls": [{"NetworkAclId": "acl"}]}

    def create_network_acl_entry(
        self,
        RuleNumber: int,  # noqa: N803
        Egress: bool,  # noqa: N803
        RuleAction: str,  # noqa: N803
        **_: Any,
    ) -> None:
        self.acl[RuleNumber, Egress] = RuleAction

    def delete_network_acl_entry(self, RuleNumber: int, Egress: bool, **_: Any) -> None:  # noqa: N803
        del self.acl[RuleNumber, Egress]

    def describe_route_tables(self, **_: Any) -> Any:
        routes = [
            {"DestinationCidrBlock": k, "GatewayId": v} for k, v in sorted(self.routes.items())
        ]
        return {"RouteTables": [{"RouteTableId": "table", "Routes": routes}]}

    def delete_route(self, DestinationCidrBlock: str, **_: Any) -> None:  # noqa: N803
        del self.routes[DestinationCidrBlock]

    def create_route(self, DestinationCidrBlock: str, GatewayId: str, **_: Any) -> None:  # noqa: N803
        self.routes = {DestinationCidrBlock: GatewayId, **self.routes}

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

    def create_deployment_config(self, deploymentConfigName: str, **settings: Any) -> None:  # noqa: N803
        self.configurations[deploymentConfigName] = settings["minimumHealthyHosts"]

    def delete_deployment_config(self, deploymentConfigName: str) -> None:  # noqa: N803
        assert self.deployments["deploymentConfigName"] != deploymentConfigName
        self.configurations.pop(deploymentConfigName, None)

    def list_attached_role_policies(self, RoleName: str) -> Any:  # noqa: N803
        assert RoleName == "deploys"
        return {"AttachedPolicies": [{"PolicyArn": one} for one in sorted(self.policies)]}

    def detach_role_policy(self, PolicyArn: str, **_: Any) -> None:  # noqa: N803
        self.policies.discard(PolicyArn)

    def attach_role_policy(self, PolicyArn: str, **_: Any) -> None:  # noqa: N803
        self.policies.add(PolicyArn)

    def get_role(self, **_: Any) -> Any:
        return {"Role": {"AssumeRolePolicyDocument": json.loads(self.trust)}}

    def update_assume_role_policy(self, PolicyDocument: str, **_: Any) -> None:  # noqa: N803
        self.trust = PolicyDocument

    def get_instance_profile(self, InstanceProfileName: str) -> Any:  # noqa: N803
        assert InstanceProfileName == "web"
        return {"InstanceProfile": {"Roles": [{"RoleName": "web"}]}}

    def put_role_policy(self, PolicyName: str, **_: Any) -> None:  # noqa: N803
        self.inline.add(PolicyName)

    def delete_role_policy(self, PolicyName: str, **_: Any) -> None:  # noqa: N803
        self.inline.discard(PolicyName)

    def describe_db_instances(self, **_: Any) -> Any:
        return {
            "DBInstances": [
                {"DBInstanceIdentifier": name, "MultiAZ": standby,
                 "VpcSecurityGroups": [{"VpcSecurityGroupId": "sg-db"}],
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
    made = one.changes(cloud, OUTPUTS)
    assert made
    assert cloud.state() == intact
    for change in made:
        assert json.loads(json.dumps(change.undo.parameters)) == change.undo.parameters
        change.do.make(cloud)
    assert cloud.state() != intact
    for change in reversed(made):
        change.undo.make(cloud)
    assert cloud.state() == intact
    assert cloud.standby["other"]


@pytest.mark.parametrize("one", BREAKS, ids=lambda one: one.rule)
def test_the_calls_of_a_break_are_boto3_s(one: Break):
    for change in one.changes(Cloud(), OUTPUTS):
        for call in (change.do, change.undo):
            client = boto3.client(call.service, region_name="ap-northeast-2")
            operation = client.meta.method_to_api_mapping[call.operation]
            members = client.meta.service_model.operation_model(operation).input_shape.members
            assert set(call.parameters) <= set(members)


@pytest.mark.parametrize("one", BREAKS, ids=lambda one: one.rule)
def test_an_experiment_names_each_rule_whose_damage_it_shows(one: Break):
    if one.experiment != LOAD_ALONE:
        assert one.rule in damage_files.find(one.experiment).because


def test_a_broken_rule_is_in_the_journal_before_it_is_broken(tmp_path: Path):
    cloud, header = Cloud(), Header("mark", 1, "r", None, "instance-hangs")
    journal = FaultJournal.create(tmp_path, header)
    stack: Any = SimpleNamespace(outputs=OUTPUTS, clients=cloud)
    with under_way(Session(files.find("instance-hangs"), stack, "mark", journal)):
        assert breaking.break_rule("asg-elb-health-check") == [
            "autoscaling.update_auto_scaling_group"
        ]
    assert cloud.group["HealthCheckType"] == "EC2"
    assert [way_back.what for _, way_back in journal.to_put_back] == ["asg-elb-health-check holds"]
    given: Any = cloud
    done, left = ways_back.put_all_back(given, journal)
    assert (done, left) == (["asg-elb-health-check holds"], [])
    assert cloud.group["HealthCheckType"] == "ELB"
    journal.close()


def test_a_rule_that_the_stack_does_not_keep_cannot_be_broken(tmp_path: Path):
    # It would show no damage, and that would be taken for a finding about the rule.
    cloud, header = Cloud(), Header("mark", 1, "r", None, "instance-hangs")
    cloud.group["HealthCheckType"] = "EC2"
    cloud.policies.clear()
    journal = FaultJournal.create(tmp_path, header)
    stack: Any = SimpleNamespace(outputs=OUTPUTS, clients=cloud)
    with under_way(Session(files.find("instance-hangs"), stack, "mark", journal)):
        for rule in ("asg-elb-health-check", "codedeploy-role-permissions"):
            with pytest.raises(ExperimentError, match=f"{rule} cannot be broken: .* already that"):
                breaking.break_rule(rule)
    assert journal.to_put_back == []
    journal.close()


def test_the_impossible_minimum_is_more_than_a_deployment_may_take_out_of_a_grown_fleet():
    cloud = Cloud()
    for change in of_rule("codedeploy-healthy-hosts-possible").changes(cloud, OUTPUTS):
        change.do.make(cloud)
    assert cloud.configurations == {"group-all": {"type": "HOST_COUNT", "value": 8}}
    assert cloud.deployments["deploymentConfigName"] == "group-all"


def of_rule(rule: str) -> Break:
    return next(one for one in BREAKS if one.rule == rule)


def test_a_rule_is_broken_before_the_fault_and_the_look_ends_in_time():
    original = damage_files.find("instance-hangs")
    raw = damage_files.shortened(original, of_rule("asg-elb-health-check"))
    assert [one["provider"]["func"] for one in raw["method"]] == [
        "break_rule", "hang", "steady_again",
    ]  # fmt: skip
    look = raw["method"][2]["provider"]["arguments"]
    assert raw["extensions"][0]["recovery_s"] == look["at_most_s"]
    assert raw["method"][1]["provider"]["arguments"]["seconds"] > look["at_most_s"]
    intact = damage_files.shortened(original, None)
    assert intact["method"] == raw["method"][1:]


def test_a_pause_that_is_too_short_for_a_health_check_stays_so_short():
    raw = damage_files.shortened(damage_files.find(FLEET_PAUSES), of_rule("alb-idle-timeout"))
    (hang,) = [one["provider"] for one in raw["method"] if one["provider"]["func"] == "hang"]
    # Longer than the broken timeout, shorter than that of a check and the interval before the next one.
    assert 1 < hang["arguments"]["seconds"] < 3
    assert hang["arguments"]["count"] == 0


def test_without_a_fault_the_rule_is_broken_once_its_time_was_taken():
    original = damage_files.find(LOAD_ALONE)
    raw = damage_files.shortened(original, of_rule("asg-behind-listener"))
    assert [one["provider"]["func"] for one in raw["method"]] == [
        "leave_alone", "break_rule", "steady_again",
    ]  # fmt: skip


@pytest.mark.parametrize("experiment", sorted({one.experiment for one in chosen([])}))
def test_the_engine_can_run_what_is_written(tmp_path: Path, experiment: str):
    original = damage_files.find(experiment)
    cases = [None, *(one for one in BREAKS if one.experiment == experiment)]
    for case in cases:
        engine.check(files.read(damage_files.write(original, case, tmp_path)))


def test_breaks_of_one_experiment_follow_each_other():
    order = [one.experiment for one in BREAKS]
    assert [name for name, _ in groupby(order)] == list(dict.fromkeys(order))


def test_every_break_is_of_a_rule_of_the_pack_that_can_be_mandatory():
    rules = {rule.id for rule in PolicyEvaluator().rules}
    assert {one.rule for one in BREAKS} <= rules
    assert len({one.rule for one in BREAKS}) == len(BREAKS)


def test_rules_are_chosen_by_id():
    assert [one.rule for one in chosen(["asg-elb-health-check"])] == ["asg-elb-health-check"]
    assert all(damage_files.exists(one.experiment) for one in chosen([]))
    given = ["asg-elb-health-check", "asg-behind-listener"]
    assert [one.rule for one in chosen(given)] == given[::-1]
    with pytest.raises(UserError, match="rule 'nothing' cannot be broken here; choose of elb-"):
        chosen(["nothing"])


UNMEASURED = {
    "codedeploy-min-healthy-hosts": "deployment-good",
    "asg-processes-run": "instance-dies",
    "asg-launch-hook-completed": "instance-dies",
    "ec2-reads-revisions": "instance-dies",
    "database-reachable": "instance-dies",
    "tg-failing-target-leaves": "instance-errors",
    "codedeploy-auto-rollback": "deployment-fails-its-hook",
}


def test_what_would_be_measured_is_told_by_experiment():
    found = plan_of(chosen(list(UNMEASURED)), {"asg-processes-run": damage_of(INTACT)})
    experiments = [line.partition(" ")[0] for line in found if not line.startswith(" ")]
    assert experiments == list(dict.fromkeys(experiments))
    assert sorted(experiments) == sorted(set(UNMEASURED.values()))
    told, experiment = {}, ""
    for line in found:
        if line.startswith(" "):
            told[line.strip().partition(":")[0]] = experiment
        else:
            experiment = line.partition(" ")[0]
    assert told == UNMEASURED
    text = "\n".join(found)
    assert "instance-dies (An instance dies), on the intact stack" in text
    assert "ReplaceUnhealthy are suspended (survived on 2026-11-26, with instance-hangs)" in text
    assert "all instances are deployed to at once (not measured yet)" in text


def test_a_deployment_is_looked_at_until_it_has_ended():
    # 129 s is the longest of a proof, and a computer may be slower than that one.
    assert damage_files.USUAL_LOOK_S[1] > 1.25 * 129


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
        "requests failed (16.7 %), not recovered; intact: survived, 3 requests failed (1.0 %), recovered "
        "after 31 s"
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
    said = "inconclusive in" if broken.outcome == "not shown" else "no damage in"
    assert (said in sentence("rule", found)) != shown


def test_why_there_is_no_damage_is_said_where_it_is_known():
    steady = INTACT.model_copy(update={"recovery_s": 0.0})
    found = damage_of(steady).model_copy(update={"finding": "the region is wrong"})
    assert sentence("rule", found).endswith(
        "no damage in `instance-hangs` (survived, 3 requests failed (1.0 %), steady all the time; intact: "
        "survived, 3 requests failed (1.0 %), recovered after 31 s); the region is wrong"
    )
    broken = Side(outcome="not survived", failed=1500, failed_share=0.167, recovery_s=None)
    assert "region" not in sentence("rule", found.model_copy(update={"broken": broken}))


def test_the_figures_of_an_experiment():
    record = not_begun(Applicable(files.find("instance-hangs"), "ha"), "run", (0.0, 1.0), "why")
    nothing = Side(outcome="not shown", failed=0, failed_share=0, recovery_s=None)
    assert side(Entry(record=record)) == nothing
    found = side(Entry(record=record, measured=Measurement(requests=300, failed=30)))
    assert (found.failed, found.failed_share) == (30, 0.1)


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
