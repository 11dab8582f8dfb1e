"""The two services that `__main__` builds: on a single instance, and highly available."""

from __future__ import annotations

import hashlib
from abc import abstractmethod
from typing import Any

import pulumi

from components.access_logs import AccessLogs, AccessLogsArgs
from components.auto_scaling_group import AutoScalingGroup, AutoScalingGroupArgs
from components.base import Component
from components.codedeploy import CodeDeploy, CodeDeployArgs, LoadBalancedGroup, TaggedInstances
from components.config.constants import HTTP_PORT
from components.cost.bill import monthly_cost
from components.domain import AliasRecord, AliasRecordArgs, Certificate, CertificateArgs
from components.foundation import Foundation, FoundationArgs
from components.load_balancer import AccessLogBucket, LoadBalancer, LoadBalancerArgs
from components.observability.observability import (
    Observability,
    ObservabilityArgs,
    WatchedGroup,
    WatchedInstance,
)
from components.release import ReleaseArgs
from components.single_instance import SingleInstance, SingleInstanceArgs
from components.user_data import boot_digest

DEPLOYMENT_TAG = "DeploymentTarget"
"""The key of the tag by which CodeDeploy finds the single instance."""

OUTPUT_KEYS = (
    "url",
    "healthPath",
    "topology",
    "region",
    "instanceType",
    "instanceCount",
    "availabilityZones",
    "databaseClass",
    "codedeployApplication",
    "codedeployDeploymentGroup",
    "revisionBucket",
    "revisionKey",
    "revisionDigest",
    "seedUsers",
    "loadProfile",
    "loadBalancerDnsName",
    "monthlyCost",
    "autoScalingGroupName",
    "targetGroupArn",
    "instanceId",
)
"""The stack outputs: the contract with the release step and the load test, and the only thing they
know about a stack. `loadtest.stack.outputs.StackOutputs` declares the same keys on its own, because
neither package imports the other; a test keeps the two equal. What does not apply is null, and the
engine leaves nulls out of a stack's outputs: a missing key means null."""


RELEASED_TO = (
    "codedeployApplication",
    "codedeployDeploymentGroup",
    "revisionBucket",
    "loadBalancerDnsName",
    "autoScalingGroupName",
    "targetGroupArn",
    "instanceId",
)
"""Outputs that are others once what is released to has been replaced, and what its users reach."""

ESTIMATE_KEY = "costEstimate"
"""The itemised monthly cost: an output of the component alone, so that `pulumi up` ends in a short list.
`python -m loadtest cost` prints it, and the release hook hands it on."""


class Service(Component):
    """The base of both services: the foundation, the inputs, and the shape of the outputs."""

    outputs: dict[str, Any]
    """The stack's outputs: every key of `OUTPUT_KEYS`."""
    release: ReleaseArgs
    """What has to be released and measured again once it changes."""

    def __init__(
        self,
        type_name: str,
        name: str,
        args: FoundationArgs,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        props = {
            "topology": args.settings.topology,
            "zones": list(args.zones),
            "region": args.region,
        }
        super().__init__(f"service:{type_name}", name, props, opts)
        self._name = name
        self._args = args
        self._foundation = Foundation(name, args, self.child())
        own = self._build()
        self._estimate = monthly_cost(self, args.settings, args.region, args.zones)
        self.wait_for_children()
        # One output that resolves last is enough, because all are registered together.
        own["url"] = pulumi.Output.all(own["url"], self.settled).apply(_first)
        values = {**self._common(), **own}
        self.outputs = {key: values.get(key) for key in OUTPUT_KEYS}
        told = {**self.outputs, ESTIMATE_KEY: self._estimate}
        self.register_outputs(told)
        self.release = ReleaseArgs(causes={**props, **self._causes()}, outputs=told)

    @abstractmethod
    def _build(self) -> dict[str, Any]:
        """Create what the topology adds; return the outputs that only it has."""

    def _causes(self) -> dict[str, Any]:
        settings = f"{self._args.settings.digest()} {boot_digest()}"
        return {
            "revisionDigest": self._args.bundle.digest,
            "settingsDigest": hashlib.sha256(settings.encode()).hexdigest(),
            # A database that was replaced has its old name, and a new secret.
            "database": self._foundation.database.secret_arn,
            **{key: self.outputs[key] for key in RELEASED_TO},
        }

    def _common(self) -> dict[str, Any]:
        args, settings, revisions = self._args, self._args.settings, self._foundation.revisions
        return {
            "healthPath": settings.health_path,
            "topology": settings.topology,
            "region": args.region,
            "instanceType": settings.instance_type,
            "instanceCount": settings.instance_count,
            "availabilityZones": list(args.zones),
            "databaseClass": settings.database_class,
            "revisionBucket": revisions.bucket_name,
            "revisionKey": revisions.key,
            "revisionDigest": revisions.digest,
            "seedUsers": settings.seed_users,
            "loadProfile": settings.load_profile,
            "monthlyCost": self._estimate.get("total"),
        }

    def _observability(self, watched: WatchedGroup | WatchedInstance) -> Observability:
        args, settings, foundation = self._args, self._args.settings, self._foundation
        return Observability(
            f"{self._name}-watch",
            ObservabilityArgs(
                watched=watched,
                credits=foundation.instance_spec.credits,
                database_identifier=foundation.database.identifier,
                database_class=settings.database_class,
                region=args.region,
                account=args.account,
                dashboard_name=f"{pulumi.get_project()}-{pulumi.get_stack()}-{self._name}",
                email=settings.alarm_email,
                monthly_budget=settings.monthly_budget,
                tags=args.tags,
            ),
            self.child(),
        )

    def _codedeploy(
        self, targets: TaggedInstances | LoadBalancedGroup, observability: Observability
    ) -> dict[str, Any]:
        roles = self._foundation.iam_roles
        codedeploy = CodeDeploy(
            f"{self._name}-delivery",
            CodeDeployArgs(
                targets=targets,
                deployment_config=self._args.settings.pace,
                first_zone_monitor=self._args.settings.zone_monitor,
                stop_alarms=observability.stop_alarm_names,
                service_role_arn=roles.codedeploy_role_arn,
                prerequisites=roles.codedeploy_policies,
                tags=self._args.tags,
            ),
            self.child(),
        )
        return {
            "codedeployApplication": codedeploy.application_name,
            "codedeployDeploymentGroup": codedeploy.group_name,
        }


class SingleInstanceService(Service):
    """The baseline: visitors connect to one instance, which is down during a release."""

    def __init__(
        self, name: str, args: FoundationArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("SingleInstanceService", name, args, opts)

    def _build(self) -> dict[str, Any]:
        args, foundation = self._args, self._foundation
        target = TaggedInstances(
            key=DEPLOYMENT_TAG, value=f"{pulumi.get_project()}/{pulumi.get_stack()}/{self._name}"
        )
        first_zone = args.zones[0]
        instance = SingleInstance(
            f"{self._name}-instance",
            SingleInstanceArgs(
                spec=foundation.instance_spec,
                subnet_id=foundation.vpc.public_subnet_ids[first_zone],
                deployment_tag=(target.key, target.value),
            ),
            self.child(),
        )
        port = args.settings.app_port
        return {
            "url": instance.public_ip.apply(lambda address: http_url(address, port)),
            "instanceId": instance.instance_id,
            # Where the instance runs, not every zone that the VPC has subnets in.
            "availabilityZones": [first_zone],
            **self._codedeploy(
                target, self._observability(WatchedInstance(instance_id=instance.instance_id))
            ),
        }


class HighlyAvailableService(Service):
    """An Auto Scaling group behind a load balancer: survives a lost zone, instance or release."""

    def __init__(
        self, name: str, args: FoundationArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("HighlyAvailableService", name, args, opts)

    def _build(self) -> dict[str, Any]:
        settings, foundation = self._args.settings, self._foundation
        balancer = self._load_balancer()
        group = AutoScalingGroup(
            f"{self._name}-fleet",
            AutoScalingGroupArgs(
                spec=foundation.instance_spec,
                subnet_ids=foundation.vpc.instance_subnet_ids,
                target_group_arn=balancer.target_group_arn,
                resource_label=balancer.resource_label,
                min_size=settings.min_size,
                desired_capacity=settings.desired_capacity,
                max_size=settings.max_size,
                health_check_grace_seconds=settings.health_check_grace_period,
                requests_per_target=settings.requests_per_target,
                additional_types=settings.instance_types,
                spot_percentage=settings.spot_percentage,
                force_delete=not settings.protect,
            ),
            # Target tracking and ELB health checks work only once a listener uses the target group.
            pulumi.ResourceOptions(parent=self, depends_on=[balancer]),
        )
        observability = self._observability(
            WatchedGroup(
                group_name=group.group_name,
                load_balancer=balancer.load_balancer_arn_suffix,
                target_group=balancer.target_group_arn_suffix,
            )
        )
        return {
            "url": self._url(balancer),
            "loadBalancerDnsName": balancer.dns_name,
            "autoScalingGroupName": group.group_name,
            "targetGroupArn": balancer.target_group_arn,
            **self._codedeploy(
                LoadBalancedGroup(
                    group_name=group.group_name, target_group_name=balancer.target_group_name
                ),
                observability,
            ),
        }

    def _url(self, balancer: LoadBalancer) -> pulumi.Output[str]:
        domain, port = self._args.settings.domain_name, self._args.settings.listener_port
        if domain is not None:
            # The value is known at once, but resolves only when the load balancer exists.
            return balancer.dns_name.apply(lambda _: f"https://{domain}")
        return balancer.dns_name.apply(lambda host: http_url(host, port))

    def _load_balancer(self) -> LoadBalancer:
        settings, foundation = self._args.settings, self._foundation
        group_id = foundation.security_groups.load_balancer_id
        if group_id is None:
            raise ValueError(
                "the load balancer has no security group; pass its port as listener_ports"
            )
        balancer = LoadBalancer(
            f"{self._name}-balancer",
            LoadBalancerArgs(
                vpc_id=foundation.vpc.vpc_id,
                subnet_ids=foundation.vpc.public_subnet_ids,
                security_group_id=group_id,
                app_port=settings.app_port,
                listener_port=settings.listener_port,
                health_path=settings.health_path,
                certificate_arn=self._certificate_arn(),
                access_logs=self._access_logs() if settings.access_logs else None,
                protect=settings.protect,
                tags=self._args.tags,
            ),
            self.child(),
        )
        if settings.domain_name is not None and settings.hosted_zone_id is not None:
            AliasRecord(
                f"{self._name}-alias",
                AliasRecordArgs(
                    domain_name=settings.domain_name,
                    hosted_zone_id=settings.hosted_zone_id,
                    target_name=balancer.dns_name,
                    target_zone_id=balancer.zone_id,
                ),
                self.child(),
            )
        return balancer

    def _certificate_arn(self) -> pulumi.Input[str] | None:
        """Return the configured certificate, or create one; None without a domain."""
        settings = self._args.settings
        domain, zone = settings.domain_name, settings.hosted_zone_id
        if settings.certificate_arn is not None or domain is None or zone is None:
            return settings.certificate_arn
        return Certificate(
            f"{self._name}-tls",
            CertificateArgs(domain_name=domain, hosted_zone_id=zone, tags=self._args.tags),
            self.child(),
        ).arn

    def _access_logs(self) -> AccessLogBucket:
        logs = AccessLogs(
            f"{self._name}-access-logs",
            AccessLogsArgs(
                account_id=self._foundation.vpc.account_id,
                keep=self._args.settings.protect,
                tags=self._args.tags,
            ),
            self.child(),
        )
        return AccessLogBucket(name=logs.bucket_name, ready=logs.ready)


def http_url(host: str, port: int) -> str:
    """Build an http URL without a trailing slash, and without the port if it is the default."""
    return f"http://{host}" if port == HTTP_PORT else f"http://{host}:{port}"


def _first(values: list[Any]) -> Any:
    return values[0]
