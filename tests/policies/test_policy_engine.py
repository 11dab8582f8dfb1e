"""The pack in the real CLI: the good program passes, each mutation breaks exactly one rule."""

# A mutation is one string, however many lines it takes.
# ruff: noqa: ISC004

import json

import pytest
from guardrails.catalogue import RULES
from guardrails.model import Level

pytestmark = pytest.mark.engine

# Name of the mutation, the rule it breaks, the change to the plan `p` (`r`: what is built so far).
MUTATIONS = [
    ("no fleet at all", "asg-multi-az",
     'p.drop("fleet"); p["deployment"].set(autoscaling_groups=...)'),
    ("one subnet", "asg-multi-az",
     'p["fleet"].set(vpc_zone_identifiers=lambda r: [r["subnet-0"].id])'),
    ("two subnets in one zone", "asg-multi-az",
     'p.add("twin", aws.ec2.Subnet, lambda r: {"vpc_id": r["vpc"].id, "cidr_block": "10.0.9.0/24",'
     ' "availability_zone": "ap-northeast-2a"}); p["fleet"] = p.pop("fleet");'
     ' p["deployment"] = p.pop("deployment");'
     ' p["fleet"].set(vpc_zone_identifiers=lambda r: [r["subnet-0"].id, r["twin"].id])'),
    ("unknown list of one out of two subnets", "asg-multi-az",
     'p["fleet"].set(vpc_zone_identifiers=lambda r: [pulumi.Output.all(r["subnet-0"].id,'
     ' r["subnet-1"].id).apply(lambda ids: ids[0])])'),
    ("subnets of nobody knows where", "asg-multi-az",
     'p["fleet"].set(vpc_zone_identifiers=["subnet-0a", "subnet-0b"])'),
    ("EC2 health check", "asg-elb-health-check", 'p["fleet"].set(health_check_type="EC2")'),
    ("health check left to the default", "asg-elb-health-check",
     'p["fleet"].set(health_check_type=...)'),
    ("launch configuration", "asg-launch-template",
     'p["fleet"].set(launch_template=..., launch_configuration="old")'),
    ("fleet not attached", "asg-behind-listener", 'p["fleet"].set(target_group_arns=...)'),
    ("listener answers by itself", "asg-behind-listener",
     'p["listener"].set(default_actions=[{"type": "fixed-response", "fixed_response":'
     ' {"content_type": "text/plain", "status_code": "200"}}])'),
    ("no listener", "asg-behind-listener", 'p.drop("listener")'),
    ("no load balancer", "elbv2-multi-az", 'p.drop("balancer", "listener")'),
    ("balancer in one zone", "elbv2-multi-az",
     'p["balancer"].set(subnets=lambda r: [r["subnet-1"].id])'),
    ("balancer mapped to one zone", "elbv2-multi-az",
     'p["balancer"].set(subnets=..., subnet_mappings=lambda r: [{"subnet_id": r["subnet-0"].id}])'),
    ("no health check", "tg-health-check-defined", 'p["targets"].set(health_check=...)'),
    ("TCP health check", "tg-health-check-defined",
     'p["targets"].set(health_check={"protocol": "TCP"})'),
    ("health check without a path", "tg-health-check-defined",
     'p["targets"].set(health_check={"protocol": "HTTP"})'),
    ("disabled health check", "tg-health-check-defined",
     'p["targets"].set(health_check={"enabled": False, "protocol": "HTTP", "path": "/"})'),
    ("second target group without a check", "tg-health-check-defined",
     'p.add("spare", aws.alb.TargetGroup, lambda r: {"vpc_id": r["vpc"].id})'),
    ("no target group", "tg-health-check-defined",
     'p.drop("targets", "listener"); p["fleet"].set(target_group_arns=...);'
     ' p["deployment"].set(load_balancer_info=...)'),
    ("malformed headers pass", "alb-drop-invalid-headers",
     'p["balancer"].set(drop_invalid_header_fields=False)'),
    ("no deployment group at all", "codedeploy-deployment-group", 'p.drop("deployment")'),
    ("deployment by tags", "codedeploy-deployment-group",
     'p["deployment"].set(autoscaling_groups=..., ec2_tag_filters=[{"key": "Name",'
     ' "type": "KEY_AND_VALUE", "value": "web"}])'),
    ("deployment of another group", "codedeploy-deployment-group",
     'p["deployment"].set(autoscaling_groups=["somebody-elses"])'),
    ("no traffic control", "codedeploy-traffic-control",
     'p["deployment"].set(deployment_style={"deployment_type": "IN_PLACE",'
     ' "deployment_option": "WITHOUT_TRAFFIC_CONTROL"})'),
    ("deployment style left to the default", "codedeploy-traffic-control",
     'p["deployment"].set(deployment_style=...)'),
    ("no target group in the deployment", "codedeploy-traffic-control",
     'p["deployment"].set(load_balancer_info=...)'),
    ("another target group in the deployment", "codedeploy-traffic-control",
     'p.add("other", aws.lb.TargetGroup, lambda r: {"vpc_id": r["vpc"].id, "health_check":'
     ' {"protocol": "HTTP", "path": "/"}}); p["deployment"] = p.pop("deployment");'
     ' p["deployment"].set(load_balancer_info=lambda r:'
     ' {"target_group_infos": [{"name": r["other"].name}]})'),
    ("no rollback", "codedeploy-auto-rollback",
     'p["deployment"].set(auto_rollback_configuration=...)'),
    ("rollback on alarms only", "codedeploy-auto-rollback",
     'p["deployment"].set(auto_rollback_configuration={"enabled": True,'
     ' "events": ["DEPLOYMENT_STOP_ON_ALARM"]})'),
    ("copied group", "codedeploy-no-copy-asg-bluegreen",
     'p["deployment"].set(deployment_style={"deployment_type": "BLUE_GREEN",'
     ' "deployment_option": "WITH_TRAFFIC_CONTROL"}, blue_green_deployment_config='
     '{"green_fleet_provisioning_option": {"action": "COPY_AUTO_SCALING_GROUP"}})'),
    ("two deployment groups", "codedeploy-one-dg-per-asg",
     'p.add("second", aws.codedeploy.DeploymentGroup, p["deployment"].arguments)'),
    ("old revision stays", "codedeploy-outdated-instances-update",
     'p["deployment"].set(outdated_instances_strategy="IGNORE")'),
    ("all at once", "codedeploy-min-healthy-hosts",
     'p["deployment"].set(deployment_config_name="CodeDeployDefault.AllAtOnce")'),
    ("impossible minimum", "codedeploy-healthy-hosts-possible",
     'p["fleet"].set(min_size=2); p.add("config", aws.codedeploy.DeploymentConfig, lambda r:'
     ' {"minimum_healthy_hosts": {"type": "FLEET_PERCENT", "value": 66}});'
     ' p["deployment"] = p.pop("deployment"); p["deployment"].set('
     'deployment_config_name=lambda r: r["config"].deployment_config_name)'),
    ("one database", "rds-multi-az", 'p["database"].set(multi_az=False)'),
    ("database not protected", "rds-deletion-protection",
     'p["database"].set(deletion_protection=...)'),
    ("clear database", "rds-encrypted", 'p["database"].set(storage_encrypted=...)'),
    ("public database", "rds-not-public", 'p["database"].set(publicly_accessible=True)'),
    ("no backups", "rds-backups", 'p["database"].set(backup_retention_period=...)'),
    ("password in the program", "rds-managed-master-password",
     'p["database"].set(manage_master_user_password=..., password="hunter2-in-the-clear")'),
    ("IMDSv1", "ec2-imdsv2",
     'p["template"].set(metadata_options={"http_put_response_hop_limit": 1})'),
    ("two hops", "ec2-metadata-hop-limit",
     'p["template"].set(metadata_options={"http_tokens": "required",'
     ' "http_put_response_hop_limit": 2})'),
    ("clear disk", "ebs-encrypted", 'p["template"].set(block_device_mappings=...)'),
    ("SSH for the world", "sg-no-remote-admin", 'p["web"].set(from_port=22, to_port=22)'),
    ("instances open to the world", "sg-open-only-to-authorized-ports",
     'p["web"].set(from_port=8080, to_port=8080)'),
    ("no public access block", "s3-public-access-blocked", 'p.drop("access")'),
    ("no versions", "s3-revision-bucket-versioning", 'p.drop("versioning")'),
    ("no encryption", "s3-encryption", 'p.drop("encryption")'),
    ("no bucket policy", "s3-tls-only", 'p.drop("transport")'),
]  # fmt: skip

ADVISORY = {rule.id for rule in RULES if rule.level is Level.ADVISORY}
GOOD = '"""Nothing."""\n\n\ndef mutate(p):\n    """Nothing."""\n'


def mutated(fleet, change):
    """Previews the good program after this change."""
    source = f"import pulumi\nimport pulumi_aws as aws\n\n\ndef mutate(p):\n    {change}\n"
    (fleet.project / "mutation.py").write_text(source if change else GOOD)
    return fleet.preview()


def test_the_good_program_passes(fleet):
    result = mutated(fleet, "")
    assert result.code == 0, result.text
    assert "haproof@v0.1.0" in result.text
    assert not result.rules("mandatory")
    assert not result.rules("advisory")


@pytest.mark.parametrize(
    ("rule", "change"), [case[1:] for case in MUTATIONS], ids=[case[0] for case in MUTATIONS]
)
def test_a_mutation_is_blocked_by_the_rule_it_breaks(fleet, rule, change):
    result = mutated(fleet, change)
    level = "advisory" if rule in ADVISORY else "mandatory"
    other = "mandatory" if level == "advisory" else "advisory"
    assert result.rules(level) == {rule}, result.text
    assert not result.rules(other), result.text
    assert (result.code != 0) == (level == "mandatory"), result.text
    assert "Remedy: " in result.text
    assert "hunter2" not in result.text


def test_every_rule_has_a_mutation():
    assert {rule.id for rule in RULES} == {rule for _, rule, _ in MUTATIONS}


def test_the_configuration_sets_levels_and_thresholds(fleet):
    configuration = fleet.directory / "policy-config.json"
    configuration.write_text(
        json.dumps({"rds-multi-az": "mandatory", "asg-multi-az": {"minimumZones": 3}})
    )
    (fleet.project / "mutation.py").write_text(
        'def mutate(p):\n    p["database"].set(multi_az=False)\n'
    )
    result = fleet.preview("--policy-pack-config", str(configuration))
    assert result.rules() == {"rds-multi-az", "asg-multi-az"}, result.text
    assert result.code != 0


def test_a_wrong_configuration_is_refused(fleet):
    configuration = fleet.directory / "policy-config.json"
    configuration.write_text(json.dumps({"asg-multi-az": {"minimumZones": "many"}}))
    result = fleet.preview("--policy-pack-config", str(configuration))
    assert result.code != 0
    assert "minimumZones" in result.text


def test_the_created_stack_passes_when_every_value_is_known(fleet):
    (fleet.project / "mutation.py").write_text(GOOD)
    up = fleet.pulumi("up", "--yes", "-s", "test", "--policy-pack", str(fleet.pack), check=False)
    try:
        assert up.code == 0, up.text
        assert not up.rules()
        again = mutated(fleet, "")
        assert again.code == 0, again.text
        bad = mutated(fleet, 'p["fleet"].set(vpc_zone_identifiers=lambda r: [r["subnet-0"].id])')
        assert bad.rules() == {"asg-multi-az"}, bad.text
    finally:
        fleet.pulumi("destroy", "--yes", "-s", "test")
