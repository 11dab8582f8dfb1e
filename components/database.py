"""A PostgreSQL DB instance on RDS."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws
from pulumi_aws.rds.outputs import InstanceMasterUserSecret

from components.base import Component
from components.tags import Tags, named

DATABASE_NAME = "app"
MASTER_USER = "app_admin"
STORAGE_GIBIBYTES = 20
"""The smallest gp3 volume that RDS offers for PostgreSQL."""

BACKUP_DAYS = 7

LOG_EXPORT = "postgresql"
"""RDS's name for PostgreSQL's log ("Publishing PostgreSQL logs to CloudWatch Logs")."""


@dataclass(frozen=True, kw_only=True)
class DatabaseInstanceArgs:
    """Arguments of `DatabaseInstance`.

    Attributes:
        subnet_ids: The isolated subnets by zone, at least two.
        security_group_id: The database's security group.
        instance_class: RDS instance class.
        engine_version: PostgreSQL version.
        multi_az: Whether a standby runs in a second zone.
        log_retention_days: Retention of PostgreSQL's log.
        protect: Whether deletion protection is on, and deletion takes a final snapshot and keeps
            the automated backups.
        tags: Tags of every resource.
    """

    subnet_ids: Mapping[str, pulumi.Input[str]]
    security_group_id: pulumi.Input[str]
    instance_class: str
    engine_version: str
    multi_az: bool
    log_retention_days: int
    protect: bool
    tags: Tags

    def __post_init__(self) -> None:
        """Reject what RDS would reject."""
        if len(self.subnet_ids) < 2:
            raise ValueError(
                f"RDS rejects a DB subnet group with {len(self.subnet_ids)} zone(s); "
                "use subnets in at least 2"
            )


class DatabaseInstance(Component):
    """PostgreSQL in isolated subnets: encrypted, backed up, TLS only.

    RDS generates the master password, keeps it in Secrets Manager and rotates it weekly: it appears
    in neither the state nor any log, and the application has to read it again after a failed login.
    """

    identifier: pulumi.Output[str]
    host: pulumi.Output[str]
    port: pulumi.Output[int]
    secret_arn: pulumi.Output[str]

    def __init__(
        self, name: str, args: DatabaseInstanceArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__(
            "data:DatabaseInstance",
            name,
            {"instanceClass": args.instance_class, "multiAz": args.multi_az},
            opts,
        )
        self._name = name
        self._args = args
        subnets = aws.rds.SubnetGroup(
            f"{name}-subnets",
            subnet_ids=list(args.subnet_ids.values()),
            tags=dict(args.tags),
            opts=self.child(),
        )
        # The random suffix of the subnet group's name: the log group needs the DB instance's
        # identifier before that instance exists, and a final snapshot a name that no earlier
        # instance has used.
        suffix = subnets.name.apply(_suffix)
        instance = self._instance(subnets, suffix)
        self.identifier = instance.identifier
        self.host = instance.address
        self.port = instance.port
        self.secret_arn = instance.master_user_secrets.apply(_secret_arn)
        self.register({"host": self.host, "port": self.port})

    def _instance(
        self, subnets: aws.rds.SubnetGroup, suffix: pulumi.Output[str]
    ) -> aws.rds.Instance:
        name, args = self._name, self._args
        identifier = pulumi.Output.concat(name, "-", suffix)
        return aws.rds.Instance(
            f"{name}-postgres",
            identifier=identifier,
            engine="postgres",
            engine_version=args.engine_version,
            auto_minor_version_upgrade=True,
            instance_class=args.instance_class,
            allocated_storage=STORAGE_GIBIBYTES,
            storage_type="gp3",
            storage_encrypted=True,
            db_name=DATABASE_NAME,
            username=MASTER_USER,
            manage_master_user_password=True,
            # For people: individual logins, no shared password (Security Hub RDS.10).
            iam_database_authentication_enabled=True,
            db_subnet_group_name=subnets.name,
            vpc_security_group_ids=[args.security_group_id],
            parameter_group_name=self._parameter_group().name,
            publicly_accessible=False,
            multi_az=args.multi_az,
            backup_retention_period=BACKUP_DAYS,
            copy_tags_to_snapshot=True,
            # Security Hub RDS.9: errors and slow statements outlive the instance.
            enabled_cloudwatch_logs_exports=[LOG_EXPORT],
            deletion_protection=args.protect,
            skip_final_snapshot=not args.protect,
            final_snapshot_identifier=(
                pulumi.Output.concat(name, "-final-", suffix) if args.protect else None
            ),
            # Otherwise the automated backups are deleted with the instance.
            delete_automated_backups=not args.protect,
            tags=named(args.tags, name),
            opts=self.child(depends_on=[self._log_group(identifier)]),
        )

    def _parameter_group(self) -> aws.rds.ParameterGroup:
        major_version = self._args.engine_version.split(".")[0]
        return aws.rds.ParameterGroup(
            f"{self._name}-parameters",
            family=f"postgres{major_version}",
            parameters=[
                # The default since PostgreSQL 15, set explicitly so a change shows up in review.
                aws.rds.ParameterGroupParameterArgs(name="rds.force_ssl", value="1")
            ],
            tags=dict(self._args.tags),
            opts=self.child(),
        )

    def _log_group(self, identifier: pulumi.Output[str]) -> aws.cloudwatch.LogGroup:
        # Created here, because RDS would create its own, whose logs never expire.
        return aws.cloudwatch.LogGroup(
            f"{self._name}-log",
            name=pulumi.Output.concat("/aws/rds/instance/", identifier, "/", LOG_EXPORT),
            retention_in_days=self._args.log_retention_days,
            tags=dict(self._args.tags),
            opts=self.child(),
        )


def _suffix(name: str) -> str:
    return name.rpartition("-")[2]


def _secret_arn(secrets: Sequence[InstanceMasterUserSecret] | None) -> str:
    """Return the ARN from RDS's one-element list.

    Raises:
        ValueError: RDS does not manage the password.
    """
    if not secrets or not secrets[0].secret_arn:
        raise ValueError(
            "RDS reports no managed master password; check that the Region supports Secrets Manager"
        )
    return secrets[0].secret_arn
