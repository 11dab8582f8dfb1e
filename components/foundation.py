"""What both topologies stand on: network, groups, revisions, database, roles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pulumi

from components.base import Component
from components.config.settings import Settings
from components.database import DATABASE_NAME, Database, DatabaseArgs
from components.iam import Identity, IdentityArgs
from components.instance_spec import MachineArgs
from components.revision.bundle import Bundle
from components.revision.store import RevisionStore, RevisionStoreArgs
from components.security_groups import SecurityGroups, SecurityGroupsArgs
from components.tags import Tags
from components.user_data import InstanceEnvironment, render_user_data
from components.vpc import Network, NetworkArgs


@dataclass(frozen=True, kw_only=True)
class FoundationArgs:
    """The stack's settings and what was looked up for them."""

    settings: Settings
    region: str
    account: str
    zones: tuple[str, ...]
    image_id: str
    bundle: Bundle
    tags: Tags

    def __post_init__(self) -> None:
        """Refuses settings that do not belong to the Region, before any resource is made."""
        self.settings.check_region(self.region)


class Foundation(Component):
    """Everything but the instances and the way to them."""

    network: Network
    security: SecurityGroups
    revisions: RevisionStore
    database: Database
    identity: Identity
    machine: MachineArgs
    """How the instances are to be built, whether one or many."""

    def __init__(
        self, name: str, args: FoundationArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        """Creates everything; `name` is the prefix of every child's name."""
        super().__init__("service:Foundation", name, {"zones": list(args.zones)}, opts)
        settings = args.settings
        self.network = Network(
            f"{name}-network",
            NetworkArgs(
                cidr=settings.vpc_cidr,
                zones=args.zones,
                region=args.region,
                private=settings.network == "nat",
                flow_log_days=settings.log_retention if settings.flow_logs else None,
                tags=args.tags,
            ),
            self.child(),
        )
        self.security = SecurityGroups(
            f"{name}-security",
            SecurityGroupsArgs(
                vpc_id=self.network.vpc_id,
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
        self.database = Database(
            f"{name}-database",
            DatabaseArgs(
                subnet_ids=self.network.isolated_subnet_ids,
                security_group_id=self.security.database_id,
                instance_class=settings.database_class,
                engine_version=settings.database_engine_version,
                multi_az=settings.database_multi_az,
                log_retention_days=settings.log_retention,
                protect=settings.protect,
                tags=args.tags,
            ),
            self.child(),
        )
        self.identity = Identity(
            f"{name}-identity",
            IdentityArgs(
                bucket_arn=self.revisions.bucket_arn,
                secret_arn=self.database.secret_arn,
                region=args.region,
                tags=args.tags,
            ),
            self.child(),
        )
        self.machine = self._machine(args)
        self.finish({"vpcId": self.network.vpc_id, "bucketName": self.revisions.bucket_name})

    def _machine(self, args: FoundationArgs) -> MachineArgs:
        settings = args.settings

        def render(facts: Sequence[Any]) -> str:
            host, port, secret_arn = facts
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
        return MachineArgs(
            instance_type=settings.instance_type,
            image_id=args.image_id,
            pinned_image=settings.pinned_image,
            instance_profile_name=self.identity.instance_profile_name,
            security_group_id=self.security.instances_id,
            user_data=pulumi.Output.all(database.host, database.port, database.secret_arn).apply(
                render
            ),
            cpu_credits=settings.cpu_credits,
            tags=args.tags,
            prerequisites=(*self.network.routes, *self.identity.instance_grants),
        )
