"""Other data stores beside the web service."""

from __future__ import annotations

from typing import Any

import pulumi
import pulumi_aws as aws

from tests.policies.programs import bricks
from tests.policies.programs.cases import innocent


def guard(
    site: bricks.Site, source: aws.ec2.SecurityGroup, name: str, port: int
) -> aws.ec2.SecurityGroup:
    return aws.ec2.SecurityGroup(
        name,
        vpc_id=site.vpc.id,
        ingress=[
            {
                "protocol": "tcp",
                "from_port": port,
                "to_port": port,
                "security_groups": [source.id],
            }
        ],
    )


def aurora(engine: str = "aurora-postgresql", kind: str = "db.r7g.large") -> None:
    site = bricks.network()
    service = bricks.web(site)
    subnets = aws.rds.SubnetGroup("cluster-subnets", subnet_ids=site.private_ids())
    cluster = aws.rds.Cluster(
        "cluster",
        engine=engine,
        engine_version="17.4",
        master_username="shop",
        manage_master_user_password=True,
        database_name="shop",
        db_subnet_group_name=subnets.name,
        vpc_security_group_ids=[guard(site, service.group, "cluster-guard", 5432).id],
        storage_encrypted=True,
        backup_retention_period=14,
        deletion_protection=True,
        copy_tags_to_snapshot=True,
        skip_final_snapshot=False,
        final_snapshot_identifier="cluster-last",
        serverlessv2_scaling_configuration=(
            {"min_capacity": 0.5, "max_capacity": 16} if kind == "db.serverless" else None
        ),
    )
    for number in range(2):
        aws.rds.ClusterInstance(
            f"member-{number}",
            cluster_identifier=cluster.id,
            engine=cluster.engine,
            engine_version=cluster.engine_version,
            instance_class=kind,
            promotion_tier=number,
        )


@innocent(engine=True)
def aurora_with_two_members() -> None:
    """A writer and a reader: Aurora puts them in different zones and fails over to the reader."""
    aurora()


@innocent()
def aurora_serverless() -> None:
    aurora(kind="db.serverless")


@innocent(may_ask="Aurora MySQL leaves it to its clients whether they use TLS.")
def aurora_in_named_zones() -> None:
    site = bricks.network()
    service = bricks.web(site)
    subnets = aws.rds.SubnetGroup("cluster-subnets", subnet_ids=site.private_ids())
    cluster = aws.rds.Cluster(
        "cluster",
        engine="aurora-mysql",
        master_username="shop",
        manage_master_user_password=True,
        db_subnet_group_name=subnets.name,
        vpc_security_group_ids=[guard(site, service.group, "cluster-guard", 3306).id],
        storage_encrypted=True,
        backup_retention_period=7,
        deletion_protection=True,
        final_snapshot_identifier="cluster-last",
    )
    for zone in site.zones:
        aws.rds.ClusterInstance(
            f"member-{zone[-1]}",
            cluster_identifier=cluster.cluster_identifier,
            engine="aurora-mysql",
            instance_class="db.r7g.large",
            availability_zone=zone,
        )


@innocent()
def cluster_over_three_zones() -> None:
    """A Multi-AZ DB cluster: RDS itself keeps a writer and two readers in three zones."""
    site = bricks.network(bricks.ZONES)
    service = bricks.web(site, min_size=3, desired_capacity=3)
    aws.rds.Cluster(
        "cluster",
        engine="postgres",
        engine_version="17.4",
        db_cluster_instance_class="db.m6gd.large",
        storage_type="io2",
        allocated_storage=100,
        iops=3000,
        master_username="shop",
        manage_master_user_password=True,
        db_subnet_group_name=aws.rds.SubnetGroup(
            "cluster-subnets", subnet_ids=site.private_ids()
        ).name,
        vpc_security_group_ids=[guard(site, service.group, "cluster-guard", 5432).id],
        storage_encrypted=True,
        backup_retention_period=7,
        deletion_protection=True,
        final_snapshot_identifier="cluster-last",
    )


@innocent()
def database_with_a_reader() -> None:
    """A replica takes encryption, credentials and backups from its source."""
    site = bricks.network()
    service = bricks.web(site)
    primary = bricks.database(site, service.group)
    aws.rds.Instance(
        "reader",
        replicate_source_db=primary.identifier,
        instance_class="db.t4g.medium",
        skip_final_snapshot=True,
        vpc_security_group_ids=primary.vpc_security_group_ids,
    )


@innocent(engine=True)
def database_with_rules_apart() -> None:
    """Own key, own parameters, security group rules as resources of their own."""
    site = bricks.network()
    service = bricks.web(site)
    key = aws.kms.Key("key", enable_key_rotation=True, deletion_window_in_days=30)
    parameters = aws.rds.ParameterGroup(
        "parameters",
        family="postgres17",
        parameters=[{"name": "rds.force_ssl", "value": "1"}],
    )
    locked = aws.ec2.SecurityGroup("locked", vpc_id=site.vpc.id)
    aws.vpc.SecurityGroupIngressRule(
        "from-app",
        security_group_id=locked.id,
        ip_protocol="tcp",
        from_port=5432,
        to_port=5432,
        referenced_security_group_id=service.group.id,
    )
    bricks.database(
        site,
        service.group,
        kms_key_id=key.arn,
        parameter_group_name=parameters.name,
        vpc_security_group_ids=[locked.id],
        iam_database_authentication_enabled=True,
        performance_insights_enabled=True,
        enabled_cloudwatch_logs_exports=["postgresql", "upgrade"],
    )


def replicated_cache(**more: Any) -> None:
    site = bricks.network()
    service = bricks.web(site)
    subnets = aws.elasticache.SubnetGroup("cache-subnets", subnet_ids=site.private_ids())
    aws.elasticache.ReplicationGroup(
        "cache",
        description="Sessions",
        engine="valkey",
        node_type="cache.t4g.small",
        num_cache_clusters=2,
        automatic_failover_enabled=True,
        multi_az_enabled=True,
        at_rest_encryption_enabled=True,
        transit_encryption_enabled=True,
        snapshot_retention_limit=7,
        subnet_group_name=subnets.name,
        security_group_ids=[guard(site, service.group, "cache-guard", 6379).id],
        **more,
    )


@innocent(engine=True)
def cache_with_a_replica() -> None:
    replicated_cache()


@innocent()
def cache_in_shards() -> None:
    site = bricks.network()
    service = bricks.web(site)
    subnets = aws.elasticache.SubnetGroup("cache-subnets", subnet_ids=site.private_ids())
    aws.elasticache.ReplicationGroup(
        "cache",
        description="Catalogue",
        engine="redis",
        node_type="cache.r7g.large",
        num_node_groups=2,
        replicas_per_node_group=1,
        automatic_failover_enabled=True,
        multi_az_enabled=True,
        at_rest_encryption_enabled=True,
        transit_encryption_enabled=True,
        subnet_group_name=subnets.name,
        security_group_ids=[guard(site, service.group, "cache-guard", 6379).id],
    )


@innocent(engine=True)
def shared_files() -> None:
    """A mount target in each zone of the fleet: an instance mounts the one of its zone."""
    site = bricks.network()
    service = bricks.web(site)
    files = aws.efs.FileSystem("files", encrypted=True)
    door = guard(site, service.group, "files-guard", 2049)
    for letter, subnet in zip("ab", site.private, strict=True):
        aws.efs.MountTarget(
            f"files-{letter}",
            file_system_id=files.id,
            subnet_id=subnet.id,
            security_groups=[door.id],
        )
    aws.efs.BackupPolicy(
        "files-backup", file_system_id=files.id, backup_policy={"status": "ENABLED"}
    )


@innocent()
def table_without_servers() -> None:
    site = bricks.network()
    bricks.web(site)
    aws.dynamodb.Table(
        "carts",
        billing_mode="PAY_PER_REQUEST",
        hash_key="id",
        attributes=[{"name": "id", "type": "S"}],
        point_in_time_recovery={"enabled": True},
        deletion_protection_enabled=True,
    )


@innocent()
def secret_for_a_partner() -> None:
    """A key from the configuration goes into Secrets Manager; the instances read it there."""
    site = bricks.network()
    bricks.web(site)
    secret = aws.secretsmanager.Secret("partner")
    aws.secretsmanager.SecretVersion(
        "partner-key",
        secret_id=secret.id,
        secret_string=pulumi.Config("programs").require_secret("partnerKey"),
    )
    aws.ssm.Parameter(
        "partner-url", type="String", value="https://partner.example.com/v1", name="/shop/partner"
    )
