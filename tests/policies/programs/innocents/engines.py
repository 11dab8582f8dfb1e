"""Other data stores, and other ways to one."""

from __future__ import annotations

import pulumi
import pulumi_aws as aws

from tests.policies.programs import bricks
from tests.policies.programs.cases import innocent
from tests.policies.programs.innocents.stores import guard

GROUP_OF_OTHERS = "The subnet group is not of this stack."


@innocent()
def proxy_before_the_database() -> None:
    """The application speaks to RDS Proxy, which alone speaks to the database."""
    site = bricks.network()
    service = bricks.web(site)
    proxy_group = guard(site, service.group, "proxy-guard", 5432)
    aws.vpc.SecurityGroupEgressRule(
        "proxy-out",
        security_group_id=proxy_group.id,
        ip_protocol="tcp",
        from_port=5432,
        to_port=5432,
        cidr_ipv4="10.0.0.0/16",
    )
    database = bricks.database(site, proxy_group)
    role = aws.iam.Role("proxy-role", assume_role_policy=bricks.trust("rds.amazonaws.com"))
    reads = {
        "Effect": "Allow",
        "Action": "secretsmanager:GetSecretValue",
        "Resource": "arn:aws:secretsmanager:eu-west-1:123456789012:secret:rds!*",
    }
    aws.iam.RolePolicy("proxy-reads", role=role.id, policy=bricks.document(reads))
    proxy = aws.rds.Proxy(
        "proxy",
        engine_family="POSTGRESQL",
        role_arn=role.arn,
        require_tls=True,
        vpc_subnet_ids=site.private_ids(),
        vpc_security_group_ids=[proxy_group.id],
        auths=[
            {
                "auth_scheme": "SECRETS",
                "iam_auth": "DISABLED",
                "secret_arn": database.master_user_secrets[0].secret_arn,
            }
        ],
    )
    default = aws.rds.ProxyDefaultTargetGroup("proxy-targets", db_proxy_name=proxy.name)
    aws.rds.ProxyTarget(
        "proxy-target",
        db_proxy_name=proxy.name,
        target_group_name=default.name,
        db_instance_identifier=database.identifier,
    )


@innocent()
def mysql_that_requires_tls() -> None:
    site = bricks.network()
    service = bricks.web(site)
    parameters = aws.rds.ParameterGroup(
        "mysql",
        family="mysql8.4",
        parameters=[{"name": "require_secure_transport", "value": "ON"}],
    )
    bricks.database(
        site,
        service.group,
        engine="mysql",
        engine_version="8.4",
        port=5432,
        parameter_group_name=parameters.name,
    )


@innocent()
def restored_from_a_snapshot() -> None:
    """User and password come with the snapshot."""
    site = bricks.network()
    service = bricks.web(site)
    bricks.database(
        site,
        service.group,
        snapshot_identifier="rds:shop-2026-11-01-04-10",
        db_name=None,
        username=None,
        manage_master_user_password=None,
    )


@innocent(may_ask=GROUP_OF_OTHERS)
def subnet_group_of_the_platform_team() -> None:
    site = bricks.network()
    service = bricks.web(site)
    aws.rds.Instance(
        "database",
        engine="postgres",
        engine_version="17",
        instance_class="db.t4g.medium",
        allocated_storage=50,
        username="shop",
        manage_master_user_password=True,
        db_subnet_group_name="platform-private",
        vpc_security_group_ids=[guard(site, service.group, "database-guard", 5432).id],
        multi_az=True,
        storage_encrypted=True,
        backup_retention_period=14,
        backup_window="02:00-03:00",
        maintenance_window="sun:04:00-sun:05:00",
        deletion_protection=True,
        final_snapshot_identifier="database-last",
    )


@innocent(engine=True)
def readers_that_scale() -> None:
    """One writer in the program; Application Auto Scaling keeps at least one reader."""
    site = bricks.network()
    service = bricks.web(site)
    subnets = aws.rds.SubnetGroup("cluster-subnets", subnet_ids=site.private_ids())
    cluster = aws.rds.Cluster(
        "cluster",
        engine="aurora-postgresql",
        engine_version="17.4",
        master_username="shop",
        manage_master_user_password=True,
        db_subnet_group_name=subnets.name,
        vpc_security_group_ids=[guard(site, service.group, "cluster-guard", 5432).id],
        storage_encrypted=True,
        backup_retention_period=14,
        deletion_protection=True,
        final_snapshot_identifier="cluster-last",
    )
    aws.rds.ClusterInstance(
        "writer",
        cluster_identifier=cluster.id,
        engine="aurora-postgresql",
        instance_class="db.r7g.large",
    )
    aws.appautoscaling.Target(
        "readers",
        service_namespace="rds",
        scalable_dimension="rds:cluster:ReadReplicaCount",
        resource_id=pulumi.Output.concat("cluster:", cluster.id),
        min_capacity=1,
        max_capacity=8,
    )


@innocent()
def documents_in_two_zones() -> None:
    site = bricks.network()
    service = bricks.web(site)
    cluster = aws.docdb.Cluster(
        "documents",
        engine="docdb",
        master_username="shop",
        manage_master_user_password=True,
        db_subnet_group_name=aws.docdb.SubnetGroup(
            "documents-subnets", subnet_ids=site.private_ids()
        ).name,
        vpc_security_group_ids=[guard(site, service.group, "documents-guard", 27017).id],
        storage_encrypted=True,
        backup_retention_period=14,
        deletion_protection=True,
        final_snapshot_identifier="documents-last",
    )
    for number in range(2):
        aws.docdb.ClusterInstance(
            f"documents-{number}", cluster_identifier=cluster.id, instance_class="db.r6g.large"
        )


@innocent()
def cache_without_servers() -> None:
    """ElastiCache Serverless is in several zones, encrypted both ways, by itself."""
    site = bricks.network()
    service = bricks.web(site)
    aws.elasticache.ServerlessCache(
        "cache",
        engine="valkey",
        name="sessions",
        subnet_ids=site.private_ids(),
        security_group_ids=[guard(site, service.group, "cache-guard", 6379).id],
    )


@innocent()
def memcached_over_the_zones() -> None:
    """Two nodes in two zones: what one loses the application computes again."""
    site = bricks.network()
    service = bricks.web(site)
    subnets = aws.elasticache.SubnetGroup("cache-subnets", subnet_ids=site.private_ids())
    aws.elasticache.Cluster(
        "cache",
        engine="memcached",
        node_type="cache.t4g.small",
        num_cache_nodes=2,
        az_mode="cross-az",
        preferred_availability_zones=list(site.zones),
        transit_encryption_enabled=True,
        subnet_group_name=subnets.name,
        security_group_ids=[guard(site, service.group, "cache-guard", 11211).id],
    )


@innocent()
def files_through_access_points() -> None:
    """Mount targets over every private subnet, access points, and a backup plan by tag."""
    site = bricks.network()
    service = bricks.web(site)
    files = aws.efs.FileSystem("files", encrypted=True, tags={"backup": "daily"})
    door = guard(site, service.group, "files-guard", 2049)
    for number, subnet in enumerate(site.private_ids()):
        aws.efs.MountTarget(
            f"files-{number}",
            file_system_id=files.id,
            subnet_id=subnet,
            security_groups=[door.id],
        )
    aws.efs.AccessPoint("uploads", file_system_id=files.id)
    plan, role = bricks.daily_backup(days=35)
    aws.backup.Selection(
        "tagged",
        plan_id=plan.id,
        iam_role_arn=role.arn,
        selection_tags=[{"type": "STRINGEQUALS", "key": "backup", "value": "daily"}],
    )


@innocent()
def events_of_the_database() -> None:
    """Somebody is told of a failover; logs are kept for a month."""
    site = bricks.network()
    service = bricks.web(site)
    database = bricks.database(
        site, service.group, enabled_cloudwatch_logs_exports=["postgresql"], identifier="shop"
    )
    aws.cloudwatch.LogGroup(
        "database-log", name="/aws/rds/instance/shop/postgresql", retention_in_days=30
    )
    aws.rds.EventSubscription(
        "database-events",
        sns_topic=service.topic.arn,
        source_type="db-instance",
        source_ids=[database.identifier],
        event_categories=["failover", "failure", "low storage"],
    )


@innocent()
def standby_in_another_region() -> None:
    """A replica in another region, through a provider of its own."""
    site = bricks.network()
    service = bricks.web(site)
    primary = bricks.database(site, service.group)
    there = aws.Provider("frankfurt", region="eu-central-1")
    far = pulumi.ResourceOptions(provider=there)
    key = aws.kms.Key("far-key", enable_key_rotation=True, opts=far)
    aws.rds.Instance(
        "far",
        replicate_source_db=primary.arn,
        instance_class="db.t4g.medium",
        kms_key_id=key.arn,
        storage_encrypted=True,
        skip_final_snapshot=True,
        opts=far,
    )
