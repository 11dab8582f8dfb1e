"""The database: PostgreSQL on RDS."""

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
"""PostgreSQL's log, in RDS's name for it ("Publishing PostgreSQL logs to CloudWatch Logs")."""


@dataclass(frozen=True, kw_only=True)
class DatabaseArgs:
    """`subnet_ids` by zone; `protect` refuses deletion, takes a last snapshot and keeps backups."""

    subnet_ids: Mapping[str, pulumi.Input[str]]
    security_group_id: pulumi.Input[str]
    instance_class: str
    engine_version: str
    multi_az: bool
    log_retention_days: int
    protect: bool
    tags: Tags

    def __post_init__(self) -> None:
        """Refuses what RDS does."""
        if len(self.subnet_ids) < 2:
            raise ValueError(
                f"a DB subnet group over {len(self.subnet_ids)} zone(s) is refused by RDS; "
                "give it subnets in at least 2"
            )


class Database(Component):
    """PostgreSQL in isolated subnets: encrypted, backed up, TLS only.

    RDS makes the master password, keeps it in Secrets Manager and rotates it weekly: it is
    in neither the state nor any log, and the application has to read it again when it is refused.
    """

    identifier: pulumi.Output[str]
    host: pulumi.Output[str]
    port: pulumi.Output[int]
    secret_arn: pulumi.Output[str]

    def __init__(
        self, name: str, args: DatabaseArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        """Creates everything; `name` is the prefix of every child's name."""
        super().__init__(
            "database:Database",
            name,
            {"instanceClass": args.instance_class, "multiAz": args.multi_az},
            opts,
        )
        subnets = aws.rds.SubnetGroup(
            f"{name}-subnets",
            subnet_ids=list(args.subnet_ids.values()),
            tags=dict(args.tags),
            opts=self.child(),
        )
        parameters = aws.rds.ParameterGroup(
            f"{name}-parameters",
            family=f"postgres{args.engine_version.split('.')[0]}",
            parameters=[
                # The default since PostgreSQL 15, said here so that nobody can take it away unseen.
                aws.rds.ParameterGroupParameterArgs(name="rds.force_ssl", value="1")
            ],
            tags=dict(args.tags),
            opts=self.child(),
        )
        # The random end of the subnet group's name: the log group needs the database's name before
        # the database exists, and a last snapshot one that no earlier database left behind.
        suffix = subnets.name.apply(_suffix)
        identifier = pulumi.Output.concat(name, "-", suffix)
        # Made here, because RDS makes its own with logs that never expire.
        logs = aws.cloudwatch.LogGroup(
            f"{name}-log",
            name=pulumi.Output.concat("/aws/rds/instance/", identifier, "/", LOG_EXPORT),
            retention_in_days=args.log_retention_days,
            tags=dict(args.tags),
            opts=self.child(),
        )
        instance = aws.rds.Instance(
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
            # For people: their own names, no shared password (Security Hub RDS.10).
            iam_database_authentication_enabled=True,
            db_subnet_group_name=subnets.name,
            vpc_security_group_ids=[args.security_group_id],
            parameter_group_name=parameters.name,
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
            # Else the daily backups go with the instance.
            delete_automated_backups=not args.protect,
            tags=named(args.tags, name),
            opts=self.child(depends_on=[logs]),
        )
        self.identifier = instance.identifier
        self.host = instance.address
        self.port = instance.port
        self.secret_arn = instance.master_user_secrets.apply(_secret_arn)
        self.finish({"host": self.host, "port": self.port})


def _suffix(name: str) -> str:
    return name.rpartition("-")[2]


def _secret_arn(secrets: Sequence[InstanceMasterUserSecret] | None) -> str:
    """The ARN out of RDS's one-element list; raises when RDS manages no password."""
    if not secrets or not secrets[0].secret_arn:
        raise ValueError(
            "RDS reports no managed master password; check that the Region supports Secrets Manager"
        )
    return secrets[0].secret_arn
