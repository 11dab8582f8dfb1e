"""Fleets, containers and databases that an engineer in a hurry leaves half done."""

from __future__ import annotations

from tests.policies.programs.bricks import containers
from tests.policies.programs.cases import (
    DEPLOY,
    SERVE,
    SURVIVE,
    VALID,
    Edit,
    Ref,
    broken,
)

WEB = "plain_web_service"
FARGATE = "containers_on_fargate"
HOSTS = "containers_on_own_instances"
BAKED = "baked_image_without_codedeploy"
AURORA = "aurora_with_two_members"
CHECKPOINTS = "instanceRefresh.preferences.checkpointPercentages"

# --- options of resources -------------------------------------------------------------------------


@broken(WEB, SURVIVE, "replacement-keeps-service", engine=True)
def fleet_deleted_before_the_next(edit: Edit) -> None:
    edit.option("fleet", deleted_first=True)


@broken(WEB, SURVIVE, "replacement-keeps-service")
def balancer_deleted_before_the_next(edit: Edit) -> None:
    """Somebody gave it a name, and then needed this to change it."""
    edit.set("front", "name", "shop")
    edit.option("front", deleted_first=True)


@broken(FARGATE, SURVIVE, "replacement-keeps-service")
def containers_deleted_before_the_next(edit: Edit) -> None:
    edit.option("service", deleted_first=True)


@broken(AURORA, SURVIVE, "replacement-keeps-service")
def cluster_deleted_before_the_next(edit: Edit) -> None:
    edit.option("cluster", deleted_first=True)


@broken(WEB, DEPLOY, "asg-launches-current-template", engine=True)
def fleet_that_ignores_its_template(edit: Edit) -> None:
    edit.option("fleet", ignored=("desiredCapacity", "launchTemplate"))


@broken("spot_above_a_base", DEPLOY, "asg-launches-current-template")
def mixed_fleet_that_ignores_everything(edit: Edit) -> None:
    edit.option("fleet", ignored=("*",))


@broken(WEB, DEPLOY, "settings-follow-program", advisory=True, engine=True)
def firewall_changed_by_hand(edit: Edit) -> None:
    edit.option("app", ignored=("ingress",))


@broken(WEB, DEPLOY, "settings-follow-program", advisory=True)
def database_that_ignores_its_backups(edit: Edit) -> None:
    edit.option("database", ignored=("backupRetentionPeriod", "multiAz"))


# --- fleets ---------------------------------------------------------------------------------------


@broken(WEB, VALID, engine=True)
def type_that_there_is_not(edit: Edit) -> None:
    edit.set("template", "instanceType", "m7g.larg")


@broken("spot_above_a_base", VALID)
def override_that_there_is_not(edit: Edit) -> None:
    kinds = [{"instanceType": "m7g.large"}, {"instanceType": "m6g.huge"}]
    edit.set("fleet", "mixedInstancesPolicy.launchTemplate.overrides", kinds)


@broken(WEB, VALID)
def image_of_another_architecture(edit: Edit) -> None:
    name = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"
    edit.set("template", "imageId", f"resolve:ssm:{name}")


@broken(WEB, VALID)
def root_on_a_slow_disk(edit: Edit) -> None:
    edit.set("template", "blockDeviceMappings.0.ebs.volumeType", "st1")
    edit.set("template", "blockDeviceMappings.0.ebs.volumeSize", 125)


@broken(WEB, SURVIVE, "asg-grace-period")
def two_hours_before_the_first_check(edit: Edit) -> None:
    edit.set("fleet", "healthCheckGracePeriod", 7200)


@broken("forecast", (SERVE, SURVIVE), "asg-scaling-policy", advisory=True)
def forecast_without_scaling(edit: Edit) -> None:
    edit.set("forecast", "predictiveScalingConfiguration.mode", "ForecastOnly")
    edit.drop("cpu")


@broken(BAKED, DEPLOY, "asg-refresh-completes", engine=True)
def refresh_that_stops_half_way(edit: Edit) -> None:
    edit.set("fleet", CHECKPOINTS, [50])


@broken(BAKED, DEPLOY, "asg-refresh-completes", advisory=True)
def refresh_that_watches_an_alarm_of_others(edit: Edit) -> None:
    edit.set("fleet", "instanceRefresh.preferences.alarmSpecification.alarms", ["shop-errors"])


@broken(WEB, SURVIVE, "vpc-name-servers", engine=True)
def name_server_of_the_cellar(edit: Edit) -> None:
    """One server at home answers every name that the instances ask for."""
    servers = {"domainNameServers": ["192.168.1.53"]}
    edit.add("options", "aws:ec2/vpcDhcpOptions:VpcDhcpOptions", servers)
    edit.add(
        "names",
        "aws:ec2/vpcDhcpOptionsAssociation:VpcDhcpOptionsAssociation",
        {"vpcId": Ref("vpc"), "dhcpOptionsId": Ref("options")},
    )


# --- containers -----------------------------------------------------------------------------------


@broken(HOSTS, VALID)
def hosts_ended_under_their_tasks(edit: Edit) -> None:
    """Managed termination protection needs the protection of new instances."""
    edit.set("fleet", "protectFromScaleIn", False)


@broken(HOSTS, SERVE, "service-role-permissions")
def hosts_that_may_not_join(edit: Edit) -> None:
    edit.drop("hosts-policy-1")


@broken(HOSTS, VALID)
def protection_without_managed_scaling(edit: Edit) -> None:
    edit.set("hosts-provider", "autoScalingGroupProvider.managedScaling.status", "DISABLED")


@broken(FARGATE, VALID)
def tasks_registered_as_instances(edit: Edit) -> None:
    edit.set("web", "targetType", "instance")


@broken(FARGATE, VALID)
def container_larger_than_its_task(edit: Edit) -> None:
    edit.set("task", "containerDefinitions", containers(memory=4096))


@broken(FARGATE, VALID)
def privileged_on_fargate(edit: Edit) -> None:
    edit.set("task", "containerDefinitions", containers(privileged=True))


@broken(FARGATE, VALID)
def shell_without_a_role(edit: Edit) -> None:
    edit.set("service", "enableExecuteCommand", True)


# --- data -----------------------------------------------------------------------------------------


def parameters(edit: Edit, name: str, value: str) -> None:
    given = [{"name": name, "value": value}, {"name": "rds.force_ssl", "value": "1"}]
    group = {"family": "postgres17", "parameters": given}
    edit.add("parameters", "aws:rds/parameterGroup:ParameterGroup", group)
    edit.set("database", "parameterGroupName", Ref("parameters", "name"))


@broken(WEB, SURVIVE, "rds-commits-durable", engine=True)
def commits_not_on_the_disk(edit: Edit) -> None:
    parameters(edit, "synchronous_commit", "off")


@broken("database_of_another_maker", SURVIVE, "rds-commits-durable")
def commits_written_once_a_second(edit: Edit) -> None:
    lazy = {"name": "innodb_flush_log_at_trx_commit", "value": "2"}
    tls = {"name": "require_secure_transport", "value": "1"}
    edit.set("parameters", "parameters", [lazy, tls])


@broken(WEB, SURVIVE, "rds-deletion-protection", advisory=True)
def nothing_left_of_the_database(edit: Edit) -> None:
    edit.set("database", "deletionProtection", False)
    edit.set("database", "skipFinalSnapshot", True)
    edit.set("database", "deleteAutomatedBackups", True)


@broken(WEB, VALID)
def parameters_of_another_family(edit: Edit) -> None:
    parameters(edit, "log_statement", "ddl")
    edit.set("parameters", "family", "postgres15")


@broken(WEB, VALID)
def user_by_a_reserved_name(edit: Edit) -> None:
    edit.set("database", "username", "admin")


@broken(WEB, VALID)
def class_of_database_that_there_is_not(edit: Edit) -> None:
    edit.set("database", "instanceClass", "db.t4g.tiny")


@broken(AURORA, VALID)
def serverless_of_the_first_version(edit: Edit) -> None:
    edit.set("cluster", "engineMode", "serverless")


@broken("cache_with_a_replica", VALID)
def node_of_a_cache_that_there_is_not(edit: Edit) -> None:
    edit.set("cache", "nodeType", "t4g.small")


@broken(AURORA, SERVE, "data-store-reachable")
def cluster_on_another_port(edit: Edit) -> None:
    edit.set("cluster", "port", 15432)


@broken(AURORA, SURVIVE, "fleet-starts-without-one-zone", advisory=True, engine=True)
def application_bound_to_one_member(edit: Edit) -> None:
    """After a failover this member only reads."""
    edit.set("template", "userData", Ref("member-0", "endpoint"))


@broken(WEB, SERVE, "database-reachable")
def way_out_for_https_only(edit: Edit) -> None:
    out = {"protocol": "tcp", "fromPort": 443, "toPort": 443, "cidrBlocks": ["0.0.0.0/0"]}
    edit.set("app", "egress", [out])
