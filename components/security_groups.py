"""Security groups: world -> load balancer -> instances -> database, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.base import Component
from components.tags import Tags, named

ANYWHERE = "0.0.0.0/0"
HTTPS = 443
POSTGRESQL = 5432


@dataclass(frozen=True, kw_only=True)
class SecurityGroupsArgs:
    """`listener_ports` are the load balancer's; empty when there is none and the instances
    themselves face the world on `app_port`.
    """

    vpc_id: pulumi.Input[str]
    app_port: int
    listener_ports: tuple[int, ...]
    tags: Tags


class SecurityGroups(Component):
    """One group per tier, chained: each tier lets in only the tier before it.

    Rules are resources of their own, as the provider asks for (inline rules and rule resources
    overwrite each other). There is no port 22 and no key pair: Session Manager opens shells.
    """

    instances_id: pulumi.Output[str]
    database_id: pulumi.Output[str]
    balancer_id: pulumi.Output[str] | None

    def __init__(
        self, name: str, args: SecurityGroupsArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        """Creates everything; `name` is the prefix of every child's name."""
        super().__init__(
            "security:SecurityGroups",
            name,
            {"appPort": args.app_port, "listenerPorts": list(args.listener_ports)},
            opts,
        )
        self._name = name
        self._args = args
        self.instances_id = self._group("instances", "Application instances").id
        self.database_id = self._group("database", "Database, reached by the instances only").id
        self.balancer_id = None
        if not args.listener_ports:
            self._admit_world("instances", self.instances_id, (args.app_port,))
        else:
            self.balancer_id = self._group("balancer", "Load balancer, open to the world").id
            self._admit_world("balancer", self.balancer_id, args.listener_ports)
            self._connect(
                ("balancer", self.balancer_id), ("instances", self.instances_id), args.app_port
            )
        self._connect(("instances", self.instances_id), ("database", self.database_id), POSTGRESQL)
        # AWS's APIs, the agent's and the packages' downloads are all HTTPS. Name resolution,
        # instance metadata and the time service do not pass through security groups (VPC guide).
        aws.vpc.SecurityGroupEgressRule(
            f"{name}-instances-to-https",
            security_group_id=self.instances_id,
            description="AWS APIs and package repositories",
            cidr_ipv4=ANYWHERE,
            ip_protocol="tcp",
            from_port=HTTPS,
            to_port=HTTPS,
            tags=dict(args.tags),
            opts=self.child(),
        )
        self.finish({"instancesId": self.instances_id, "databaseId": self.database_id})

    def _group(self, role: str, description: str) -> aws.ec2.SecurityGroup:
        return aws.ec2.SecurityGroup(
            f"{self._name}-{role}",
            vpc_id=self._args.vpc_id,
            description=description,
            tags=named(self._args.tags, f"{self._name}-{role}"),
            opts=self.child(),
        )

    def _admit_world(self, role: str, group_id: pulumi.Output[str], ports: tuple[int, ...]) -> None:
        for number, port in enumerate(ports):
            aws.vpc.SecurityGroupIngressRule(
                # The first port's rule keeps its name when a second port comes.
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
        """Lets one tier open connections to the next: out of the first, into the second."""
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
