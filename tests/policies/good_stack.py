"""The good stack: the project's own HA program under settings that keep every rule.

There is one model of a highly available stack, the program itself. The tests of pure rules use a
recording of its preview; the tests that run the real engine run the program (`preview/program`).
"""

from __future__ import annotations

import contextlib
import functools
import json
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from guardrails.resources import Options
from guardrails.values import UNKNOWN, leaves
from pulumi import FileAsset
from pulumi.output import Unknown

from tests.components.recording import Recording, Resource, run_program, stack_config
from tests.policies.computed import computed

SETTINGS: dict[str, Any] = {
    "availabilityZoneCount": 2,
    "network": "nat",
    "instanceTypes": ["t4g.micro"],
    "domainName": "www.example.com",
    "certificateArn": "arn:aws:acm:ap-northeast-2:123456789012:certificate/" + "0" * 36,
    "accessLogs": True,
    "databaseMultiAz": True,
    "protect": True,
    "alarmEmail": "operations@example.com",
    "releaseOnUp": False,
}
"""What the HA stack needs to keep also the rules that are advisory by default."""


@dataclass
class Part:
    """One resource of the stack, as a preview shows it.

    Attributes:
        kind: Pulumi type token.
        name: Logical name in the program.
        properties: Outputs: the inputs, and what the provider computes as `UNKNOWN`.
        dependencies: Names of the parts from which a top-level property's value came.
        left_open: Computed properties that the program does not set; not among the inputs.
    """

    kind: str
    name: str
    properties: dict[str, Any]
    dependencies: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    left_open: set[str] = field(default_factory=set[str])
    options: Options = field(default_factory=Options)

    def inputs(self) -> dict[str, Any]:
        """Return the properties without what the program leaves to the provider."""
        return {
            name: value for name, value in self.properties.items() if name not in self.left_open
        }


def plain(value: Any) -> Any:
    """Convert what the SDK recorded to what a rule sees."""
    if isinstance(value, Unknown):
        return UNKNOWN
    if isinstance(value, dict):
        return {key: plain(element) for key, element in value.items()}
    if isinstance(value, FileAsset):
        return {"path": str(value.path)}
    return [plain(element) for element in value] if isinstance(value, list) else value


def write_revision(directory: Path) -> Path:
    """Write the smallest application that is a CodeDeploy revision."""
    directory.mkdir()
    (directory / "appspec.yml").write_text("version: 0.0\nos: linux\n", encoding="utf-8")
    return directory


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


@functools.cache
def record() -> Recording:
    """Run the program once per session on the recording engine, in a preview."""
    own = {f"haproof:{key}": _text(value) for key, value in SETTINGS.items()}
    with tempfile.TemporaryDirectory() as directory, contextlib.chdir(directory):
        revision = write_revision(Path(directory, "revision"))
        config = {**stack_config("ha"), **own, "haproof:appPath": str(revision)}
        return run_program("ha", config, preview=True)


# --- names ----------------------------------------------------------------------------------------

Find = Callable[[Recording], Resource]


def _only(kind: str) -> Find:
    return lambda recording: recording.one(kind)


def _where(kind: str, prop: str, value: Any) -> Find:
    def find(recording: Recording) -> Resource:
        return next(r for r in recording.of(kind) if r.inputs.get(prop) == value)

    return find


def _source(owner: Find, prop: str, index: int = 0) -> Find:
    """Find the resource from which a property of another one came."""

    def find(recording: Recording) -> Resource:
        # Sorted: the SDK sends them as a set.
        urns = sorted(owner(recording).property_dependencies[prop])
        return recording.resources[urns[index]]

    return find


def _of(owner: Find, kind: str, prop: str) -> Find:
    """Find the first resource of a type whose property refers to another one."""

    def find(recording: Recording) -> Resource:
        urn = owner(recording).urn
        found = recording.of(kind)
        return next(r for r in found if urn in r.property_dependencies.get(prop, ()))

    return find


def _reads_revisions(recording: Recording) -> Resource:
    bucket = _BUCKET(recording).urn
    policies = recording.of("aws:iam/rolePolicy:RolePolicy")
    return next(r for r in policies if bucket in r.property_dependencies["policy"])


def _grants_sessions(recording: Recording) -> Resource:
    policies = recording.of("aws:iam/rolePolicy:RolePolicy")
    return next(r for r in policies if "ssmmessages" in str(r.inputs["policy"]))


_GROUP = _only("aws:autoscaling/group:Group")
_BALANCER = _only("aws:lb/loadBalancer:LoadBalancer")
_TEMPLATE = _only("aws:ec2/launchTemplate:LaunchTemplate")
_DEPLOYMENT_GROUP = _only("aws:codedeploy/deploymentGroup:DeploymentGroup")
_OBJECT = _only("aws:s3/bucketObjectv2:BucketObjectv2")
_BUCKET = _source(_OBJECT, "bucket")
_PROFILE = _source(_TEMPLATE, "iamInstanceProfile")
_DELIVERY_ROLE = _source(_DEPLOYMENT_GROUP, "serviceRoleArn")
_ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"

_ASSOCIATION = "aws:ec2/routeTableAssociation:RouteTableAssociation"
_INGRESS = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
_EGRESS = "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule"
_DATABASE = _only("aws:rds/instance:Instance")
_INSTANCES_GROUP = _source(_TEMPLATE, "vpcSecurityGroupIds")
_DATABASE_GROUP = _source(_DATABASE, "vpcSecurityGroupIds")
_BALANCER_GROUP = _source(_BALANCER, "securityGroups")


def _routes(subnet: Find) -> Find:
    return _source(_of(subnet, _ASSOCIATION, "subnetId"), "routeTableId")


_PRIVATE_ROUTES = _routes(_source(_GROUP, "vpcZoneIdentifiers", 0))
_PUBLIC_ROUTES = _routes(_source(_BALANCER, "subnets", 0))

HANDLES: dict[str, Find] = {
    "service": lambda recording: recording.service(),
    "vpc": _only("aws:ec2/vpc:Vpc"),
    "group": _GROUP,
    "scaling-policy": _only("aws:autoscaling/policy:Policy"),
    "subnet-a": _source(_GROUP, "vpcZoneIdentifiers", 0),
    "subnet-b": _source(_GROUP, "vpcZoneIdentifiers", 1),
    "template": _TEMPLATE,
    "profile": _PROFILE,
    "role": _source(_PROFILE, "role"),
    "sessions": _grants_sessions,
    "reads": _reads_revisions,
    "load-balancer": _BALANCER,
    "public-a": _source(_BALANCER, "subnets", 0),
    "public-b": _source(_BALANCER, "subnets", 1),
    "security-group": _BALANCER_GROUP,
    "ingress": _where(_INGRESS, "fromPort", 80),
    "ingress-https": _where(_INGRESS, "fromPort", 443),
    "public-routes": _PUBLIC_ROUTES,
    "private-routes": _PRIVATE_ROUTES,
    "internet-route": _of(_PUBLIC_ROUTES, "aws:ec2/route:Route", "routeTableId"),
    "private-route": _of(_PRIVATE_ROUTES, "aws:ec2/route:Route", "routeTableId"),
    "nat": _of(_source(_BALANCER, "subnets", 0), "aws:ec2/natGateway:NatGateway", "subnetId"),
    "instances-group": _INSTANCES_GROUP,
    "database-group": _DATABASE_GROUP,
    "from-balancer": _of(_BALANCER_GROUP, _INGRESS, "referencedSecurityGroupId"),
    "to-instances": _of(_BALANCER_GROUP, _EGRESS, "securityGroupId"),
    "to-https": _where(_EGRESS, "fromPort", 443),
    "to-database": _of(_DATABASE_GROUP, _EGRESS, "referencedSecurityGroupId"),
    "from-instances": _of(_DATABASE_GROUP, _INGRESS, "securityGroupId"),
    "target-group": _only("aws:lb/targetGroup:TargetGroup"),
    "https": _where("aws:lb/listener:Listener", "protocol", "HTTPS"),
    "http": _where("aws:lb/listener:Listener", "protocol", "HTTP"),
    "deployment-group": _DEPLOYMENT_GROUP,
    "config": _source(_DEPLOYMENT_GROUP, "deploymentConfigName"),
    "application": _source(_DEPLOYMENT_GROUP, "appName"),
    "delivery-role": _DELIVERY_ROLE,
    "delivery-policy": _of(
        _DELIVERY_ROLE, "aws:iam/rolePolicyAttachment:RolePolicyAttachment", "role"
    ),
    "alarm": _source(_DEPLOYMENT_GROUP, "alarmConfiguration"),
    "unhealthy-hosts": _where(_ALARM, "metricName", "UnHealthyHostCount"),
    "database-alarm": _where(_ALARM, "metricName", "DatabaseConnections"),
    "database": _DATABASE,
    "parameter-group": _only("aws:rds/parameterGroup:ParameterGroup"),
    "object": _OBJECT,
    "bucket": _BUCKET,
    "versioning": _of(_BUCKET, "aws:s3/bucketVersioning:BucketVersioning", "bucket"),
    "public-access": _of(
        _BUCKET, "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock", "bucket"
    ),
    "encryption": _of(
        _BUCKET,
        "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
        "bucket",
    ),
    "bucket-policy": _of(_BUCKET, "aws:s3/bucketPolicy:BucketPolicy", "bucket"),
}
"""Names of the tests for resources, found by AWS type and properties, never by logical name."""


@functools.cache
def good_parts() -> dict[str, Part]:
    """Return the recorded stack by name: a handle where there is one, else type and name."""
    recording = record()
    names = {urn: f"{one.type}::{one.name}" for urn, one in recording.resources.items()}
    names |= {find(recording).urn: handle for handle, find in HANDLES.items()}
    parts: dict[str, Part] = {}
    for urn, one in recording.resources.items():
        inputs = plain(one.inputs)
        left_open = set(computed(one.type)) - set(inputs) if one.custom else set()
        parts[names[urn]] = Part(
            kind=one.type,
            name=one.name,
            properties={**dict.fromkeys(left_open, UNKNOWN), **inputs},
            dependencies={
                prop: [names[source] for source in sorted(sources) if source in names]
                for prop, sources in one.property_dependencies.items()
            },
            left_open=left_open,
            options=options(one),
        )
    return parts


def options(one: Resource) -> Options:
    """Return the resource options that the engine passes on."""
    return Options(
        protected=one.protect,
        deleted_first=one.delete_before_replace,
        ignored=one.ignore_changes,
        provider=one.provider,
    )


def has_unknown(value: Any) -> bool:
    """Tell whether a value holds something that a preview does not know."""
    return UNKNOWN in leaves(value)
