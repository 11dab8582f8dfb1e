"""What both topologies share: VPC, security groups, revisions, database, IAM roles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pulumi

from components.base import Component
from components.config.combinations import check_region
from components.config.settings import Settings
from components.database import DATABASE_NAME, DatabaseInstance, DatabaseInstanceArgs
from components.iam import IamRoles, IamRolesArgs
from components.instance_spec import InstanceSpec
from components.revision.bundle import Bundle
from components.revision.store import RevisionStore, RevisionStoreArgs
from components.security_groups import SecurityGroups, SecurityGroupsArgs
from components.tags import Tags
from components.user_data import InstanceEnvironment, render_user_data
from components.vpc import Vpc, VpcArgs


@dataclass(frozen=True, kw_only=True)
class FoundationArgs:
    """Arguments of `Foundation` and of both services.

    Attributes:
        settings: The stack's configuration.
        region: The stack's Region.
        account: The id of the stack's account.
        zones: Names of the availability zones in use.
        image_id: The AMI to launch.
        bundle: The revision to release.
        tags: Tags of every resource.
    """

    settings: Settings
    region: str
    account: str
    zones: tuple[str, ...]
    image_id: str
    bundle: Bundle
    tags: Tags

    def __post_init__(self) -> None:
        """Reject settings that do not fit the Region, before any resource is created."""
        check_region(self.settings, self.region)


class Foundation(Component):
    """Everything but the instances and what routes visitors to them."""

    vpc: Vpc
    security_groups: SecurityGroups
    revisions: RevisionStore
    database: DatabaseInstance
    iam_roles: IamRoles
    instance_spec: InstanceSpec
    """How each instance is built, whether there is one or many."""

    def __init__(
        self, name: str, args: FoundationArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("service:Foundation", name, {"zones": list(args.zones)}, opts)
        settings = args.settings
        self.vpc = self._vpc(name, args)
        self.security_groups = SecurityGroups(
            f"{name}-security",
            SecurityGroupsArgs(
                vpc_id=self.vpc.vpc_id,
                app_port=settings.app_port,
                listener_ports=settings.listener_ports,
                tags=args.tags,
            ),
            self.child(),
        )
        self.revisions = RevisionStore(
            f"{name}-revision",
            RevisionStoreArgs(bundle=args.bundle, keep=settings.protect, tags=args.tags),
            self.child(),
        )
        self.database = self._database(name, args)
        self.iam_roles = IamRoles(
            f"{name}-identity",
            IamRolesArgs(
                bucket_arn=self.revisions.bucket_arn,
                secret_arn=self.database.secret_arn,
                region=args.region,
                tags=args.tags,
            ),
            self.child(),
        )
        self.instance_spec = self._instance_spec(args)
        self.register({"vpcId": self.vpc.vpc_id, "bucketName": self.revisions.bucket_name})

    def _vpc(self, name: str, args: FoundationArgs) -> Vpc:
        settings = args.settings
        return Vpc(
            f"{name}-network",
            VpcArgs(
                cidr=settings.vpc_cidr,
                zones=args.zones,
                region=args.region,
                private=settings.network == "nat",
                flow_log_days=settings.log_retention if settings.flow_logs else None,
                tags=args.tags,
            ),
            self.child(),
        )

    def _database(self, name: str, args: FoundationArgs) -> DatabaseInstance:
        settings = args.settings
        return DatabaseInstance(
            f"{name}-database",
            DatabaseInstanceArgs(
                subnet_ids=self.vpc.isolated_subnet_ids,
                security_group_id=self.security_groups.database_id,
                instance_class=settings.database_class,
                engine_version=settings.database_engine_version,
                multi_az=settings.database_multi_az,
                log_retention_days=settings.log_retention,
                protect=settings.protect,
                tags=args.tags,
            ),
            self.child(),
        )

    def _instance_spec(self, args: FoundationArgs) -> InstanceSpec:
        settings = args.settings

        def render(resolved: Sequence[Any]) -> str:
            host, port, secret_arn = resolved
            return render_user_data(
                InstanceEnvironment(
                    region=args.region,
                    app_port=settings.app_port,
                    health_path=settings.health_path,
                    database_host=host,
                    database_port=port,
                    database_name=DATABASE_NAME,
                    database_secret_arn=secret_arn,
                    seed_users=settings.seed_users,
                    search_index=settings.search_index,
                )
            )

        database = self.database
        return InstanceSpec(
            instance_type=settings.instance_type,
            image_id=args.image_id,
            pinned_image=settings.pinned_image,
            instance_profile_name=self.iam_roles.instance_profile_name,
            security_group_id=self.security_groups.instances_id,
            user_data=pulumi.Output.all(database.host, database.port, database.secret_arn).apply(
                render
            ),
            cpu_credits=settings.cpu_credits,
            tags=args.tags,
            prerequisites=(*self.vpc.routes, *self.iam_roles.instance_policies),
        )
