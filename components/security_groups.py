"""Security groups: internet -> load balancer -> instances -> database, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.base import Component
from components.config.constants import ANYWHERE, HTTPS_PORT, POSTGRESQL_PORT
from components.tags import Tags, named


@dataclass(frozen=True, kw_only=True)
class SecurityGroupsArgs:
    """Arguments of `SecurityGroups`.

    Attributes:
        vpc_id: The VPC of the groups.
        app_port: The port that the application listens on.
        listener_ports: The load balancer's ports; empty without one, in which case the instances
            themselves are open to the internet on `app_port`.
        tags: Tags of every resource.
    """

    vpc_id: pulumi.Input[str]
    app_port: int
    listener_ports: tuple[int, ...]
    tags: Tags


class SecurityGroups(Component):
    """One group per tier, chained: each tier admits only the tier before it.

    Rules are separate resources, as the provider recommends (inline rules and rule resources
    overwrite each other). There is no port 22 and no key pair: shells go through Session Manager.
    """

    instances_id: pulumi.Output[str]
    database_id: pulumi.Output[str]
    load_balancer_id: pulumi.Output[str] | None

    def __init__(
        self, name: str, args: SecurityGroupsArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__(
            "network:SecurityGroups",
            name,
            {"appPort": args.app_port, "listenerPorts": list(args.listener_ports)},
            opts,
        )
        self._name = name
        self._args = args
        self.instances_id = self._group("instances", "Application instances").id
        self.database_id = self._group("database", "Database, reached by the instances only").id
        self.load_balancer_id = None
        if not args.listener_ports:
            self._admit_internet("instances", self.instances_id, (args.app_port,))
        else:
            self.load_balancer_id = self._group("balancer", "Load balancer, open to the world").id
            self._admit_internet("balancer", self.load_balancer_id, args.listener_ports)
            self._connect(
                ("balancer", self.load_balancer_id), ("instances", self.instances_id), args.app_port
            )
        self._connect(
            ("instances", self.instances_id), ("database", self.database_id), POSTGRESQL_PORT
        )
        # AWS APIs and the downloads of the agent and of packages are all HTTPS. Name resolution,
        # instance metadata and the time service do not pass through security groups (VPC guide).
        aws.vpc.SecurityGroupEgressRule(
            f"{name}-instances-to-https",
            security_group_id=self.instances_id,
            description="AWS APIs and package repositories",
            cidr_ipv4=ANYWHERE,
            ip_protocol="tcp",
            from_port=HTTPS_PORT,
            to_port=HTTPS_PORT,
            tags=dict(args.tags),
            opts=self.child(),
        )
        self.register({"instancesId": self.instances_id, "databaseId": self.database_id})

    def _group(self, role: str, description: str) -> aws.ec2.SecurityGroup:
        return aws.ec2.SecurityGroup(
            f"{self._name}-{role}",
            vpc_id=self._args.vpc_id,
            description=description,
            tags=named(self._args.tags, f"{self._name}-{role}"),
            opts=self.child(),
        )

    def _admit_internet(
        self, role: str, group_id: pulumi.Output[str], ports: tuple[int, ...]
    ) -> None:
        for number, port in enumerate(ports):
            aws.vpc.SecurityGroupIngressRule(
                # The first port's rule keeps its name when a second port is added.
                f"{self._name}-{role}-from-world" + (f"-{port}" if number else ""),
                security_group_id=group_id,
                description="Visitors",
                cidr_ipv4=ANYWHERE,
                ip_protocol="tcp",
                from_port=port,
                to_port=port,
                tags=dict(self._args.tags),
                opts=self.child(),
            )

    def _connect(
        self,
        source: tuple[str, pulumi.Output[str]],
        destination: tuple[str, pulumi.Output[str]],
        port: int,
    ) -> None:
        """Allow one tier to connect to the next: egress from the first, ingress to the second."""
        (source_role, source_id), (destination_role, destination_id) = source, destination
        aws.vpc.SecurityGroupEgressRule(
            f"{self._name}-{source_role}-to-{destination_role}",
            security_group_id=source_id,
            description=f"To the {destination_role}",
            referenced_security_group_id=destination_id,
            ip_protocol="tcp",
            from_port=port,
            to_port=port,
            tags=dict(self._args.tags),
            opts=self.child(),
        )
        aws.vpc.SecurityGroupIngressRule(
            f"{self._name}-{destination_role}-from-{source_role}",
            security_group_id=destination_id,
            description=f"From the {source_role}",
            referenced_security_group_id=source_id,
            ip_protocol="tcp",
            from_port=port,
            to_port=port,
            tags=dict(self._args.tags),
            opts=self.child(),
        )
