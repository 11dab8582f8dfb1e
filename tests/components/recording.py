"""A recording engine for Pulumi programs: runs one on mocks and keeps all that it registered.

Everything the SDK sends is kept: resources with parents, dependencies and options, registered
outputs, invokes and hooks. Types and functions without a template are refused, so that a new
resource type cannot slip in with all its outputs missing.
"""

from __future__ import annotations

import asyncio
import contextvars
import runpy
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pulumi
import yaml
from google.protobuf import empty_pb2
from pulumi.runtime import rpc, set_all_config, settings
from pulumi.runtime.mocks import (
    MockCallArgs,
    MockEngine,
    MockMonitor,
    MockResourceArgs,
    Mocks,
    MockSettings,
)
from pulumi.runtime.stack import run_in_stack

ROOT = Path(__file__).resolve().parents[2]
REGION = "ap-northeast-2"
ACCOUNT = "123456789012"
IMAGE = "ami-0123456789abcdef0"
SLOW_SECONDS = 0.3


@dataclass
class Resource:
    """One registration as the engine saw it; property names are camelCase."""

    urn: str
    type: str
    name: str
    inputs: dict[str, Any]
    custom: bool
    parent: str
    dependencies: tuple[str, ...]
    property_dependencies: dict[str, tuple[str, ...]]
    ignore_changes: tuple[str, ...]
    retain_on_delete: bool
    hooks: dict[str, tuple[str, ...]]


@dataclass
class Recording:
    """All that a program registered."""

    resources: dict[str, Resource] = field(default_factory=dict)
    registered_outputs: dict[str, dict[str, Any]] = field(default_factory=dict)
    invokes: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    hooks: list[pulumi.ResourceHook] = field(default_factory=list)
    order: list[str] = field(default_factory=list)
    """URNs, in the order of completed registrations and registered outputs ("outputs <urn>")."""

    def of(self, kind: str) -> list[Resource]:
        """Resources of a type, sorted by name."""
        found = (resource for resource in self.resources.values() if resource.type == kind)
        return sorted(found, key=lambda resource: resource.name)

    def one(self, kind: str) -> Resource:
        """The only resource of a type."""
        (resource,) = self.of(kind)
        return resource

    def called(self, name: str) -> Resource:
        """The only custom resource with a name and any type."""
        (found,) = (r for r in self.resources.values() if r.name == name and r.custom)
        return found

    def counts(self) -> Counter[str]:
        """How many resources of each provider type."""
        return Counter(r.type for r in self.resources.values() if r.custom)

    def service(self) -> Resource:
        """The top component."""
        (found,) = (r for r in self.components() if r.parent.split("::")[2].endswith(":Stack"))
        return found

    def components(self) -> list[Resource]:
        return [r for r in self.resources.values() if not r.custom]

    def outputs(self) -> dict[str, Any]:
        """The stack's outputs."""
        (urn,) = (urn for urn in self.registered_outputs if "::pulumi:pulumi:Stack::" in urn)
        return self.registered_outputs[urn]

    def texts(self) -> Iterator[str]:
        """Every text in every input, at any depth."""

        def walk(value: Any) -> Iterator[str]:
            if isinstance(value, str):
                yield value
            elif isinstance(value, Mapping):
                for key, inner in value.items():
                    yield str(key)
                    yield from walk(inner)
            elif isinstance(value, list | tuple):
                for inner in value:
                    yield from walk(inner)

        for resource in self.resources.values():
            yield from walk(resource.inputs)


def _arn(service: str, path: str) -> str:
    return f"arn:aws:{service}:{REGION}:{ACCOUNT}:{path}"


def _load_balancer(args: MockResourceArgs) -> dict[str, Any]:
    suffix = f"app/{args.name}/50dc6c495c0c9188"
    return {
        "arn": _arn("elasticloadbalancing", f"loadbalancer/{suffix}"),
        "arnSuffix": suffix,
        "dnsName": f"{args.name}-123.{REGION}.elb.amazonaws.com",
        "zoneId": "ZWKZPGTI48KDX",
        "name": f"{args.name}-1234567",
    }


def _target_group(args: MockResourceArgs) -> dict[str, Any]:
    suffix = f"targetgroup/{args.name}-1234567/73e2d6bc24d8a067"
    return {
        "arn": _arn("elasticloadbalancing", suffix),
        "arnSuffix": suffix,
        "name": f"{args.name}-1234567",
    }


def _named(service: str) -> Callable[[MockResourceArgs], dict[str, Any]]:
    def outputs(args: MockResourceArgs) -> dict[str, Any]:
        return {"arn": _arn(service, args.name), "name": f"{args.name}-1234567"}

    return outputs


def _none(_: MockResourceArgs) -> dict[str, Any]:
    return {}


OUTPUTS: dict[str, Callable[[MockResourceArgs], dict[str, Any]]] = {
    "aws:ec2/vpc:Vpc": lambda _: {"ownerId": ACCOUNT},
    "aws:ec2/internetGateway:InternetGateway": _none,
    "aws:ec2/subnet:Subnet": _none,
    "aws:ec2/routeTable:RouteTable": _none,
    "aws:ec2/route:Route": _none,
    "aws:ec2/routeTableAssociation:RouteTableAssociation": _none,
    "aws:ec2/vpcEndpoint:VpcEndpoint": _none,
    "aws:ec2/eip:Eip": lambda args: {"allocationId": f"{args.name}-allocation"},
    "aws:ec2/natGateway:NatGateway": _none,
    "aws:ec2/flowLog:FlowLog": _none,
    "aws:cloudwatch/logGroup:LogGroup": lambda args: {
        "arn": _arn("logs", f"log-group:{args.name}"),
        "name": args.name,
    },
    "aws:ec2/securityGroup:SecurityGroup": _none,
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": _none,
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": _none,
    "aws:iam/role:Role": _named("iam"),
    "aws:iam/rolePolicy:RolePolicy": _none,
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": _none,
    "aws:iam/instanceProfile:InstanceProfile": _named("iam"),
    "aws:s3/bucket:Bucket": lambda args: {"arn": f"arn:aws:s3:::{args.name}-1234567"},
    "aws:s3/bucketVersioning:BucketVersioning": _none,
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": _none,
    (
        "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"
    ): _none,
    "aws:s3/bucketPolicy:BucketPolicy": _none,
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": _none,
    "aws:s3/bucketObjectv2:BucketObjectv2": _none,
    "aws:ec2/instance:Instance": lambda _: {"publicIp": "203.0.113.10"},
    # As the wire has it: numbers are floats there.
    "aws:ec2/launchTemplate:LaunchTemplate": lambda _: {"latestVersion": 7.0},
    "aws:autoscaling/group:Group": _named("autoscaling"),
    "aws:autoscaling/policy:Policy": _none,
    "aws:lb/loadBalancer:LoadBalancer": _load_balancer,
    "aws:lb/targetGroup:TargetGroup": _target_group,
    "aws:lb/listener:Listener": _named("elasticloadbalancing"),
    "aws:acm/certificate:Certificate": lambda args: {
        "arn": _arn("acm", "certificate/new"),
        "domainValidationOptions": [
            {
                "domainName": args.inputs["domainName"],
                "resourceRecordName": f"_proof.{args.inputs['domainName']}.",
                "resourceRecordType": "CNAME",
                "resourceRecordValue": "_value.acm-validations.aws.",
            }
        ],
    },
    "aws:acm/certificateValidation:CertificateValidation": _none,
    "aws:route53/record:Record": lambda args: {"fqdn": args.inputs.get("name", "")},
    "aws:rds/subnetGroup:SubnetGroup": _named("rds"),
    "aws:rds/parameterGroup:ParameterGroup": _named("rds"),
    "aws:rds/instance:Instance": lambda args: {
        "address": f"{args.name}.abc.{REGION}.rds.amazonaws.com",
        "port": 5432.0,
        "masterUserSecrets": [
            {
                "secretArn": _arn("secretsmanager", "secret:rds!db-1-AbCdEf"),
                "secretStatus": "active",
            }
        ],
    },
    "aws:codedeploy/application:Application": _named("codedeploy"),
    "aws:codedeploy/deploymentGroup:DeploymentGroup": _none,
    "aws:codedeploy/deploymentConfig:DeploymentConfig": lambda args: {
        "deploymentConfigName": f"{args.name}-1234567"
    },
    "aws:cloudwatch/metricAlarm:MetricAlarm": _named("cloudwatch"),
    "aws:cloudwatch/dashboard:Dashboard": _none,
    "aws:kms/key:Key": lambda args: {"arn": _arn("kms", f"key/{args.name}")},
    "aws:sns/topic:Topic": lambda args: {
        "arn": _arn("sns", args.name),
        "name": f"{args.name}-1234567",
    },
    "aws:sns/topicPolicy:TopicPolicy": _none,
    "aws:sns/topicSubscription:TopicSubscription": _none,
    "aws:budgets/budget:Budget": _none,
}
"""Computed outputs per type; the types are the contract between program and provider."""

INVOKES: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "aws:index/getRegion:getRegion": lambda _: {"id": REGION, "region": REGION, "name": REGION},
    "aws:index/getCallerIdentity:getCallerIdentity": lambda _: {
        "id": ACCOUNT,
        "accountId": ACCOUNT,
        "arn": f"arn:aws:iam::{ACCOUNT}:user/test",
        "userId": "test",
    },
    "aws:index/getAvailabilityZones:getAvailabilityZones": lambda _: {
        "names": [f"{REGION}{letter}" for letter in "abcd"]
    },
    "aws:ec2/getInstanceTypeOfferings:getInstanceTypeOfferings": lambda _: {
        # One zone does not have the type, as it is in this Region.
        "locations": [f"{REGION}{letter}" for letter in "dca"]
    },
    "aws:ssm/getParameter:getParameter": lambda args: {"name": args["name"], "value": IMAGE},
}


class RecordingMocks(Mocks):
    """Echoes inputs and adds the type's computed outputs; refuses what has no template."""

    def __init__(self, recording: Recording, invokes: Mapping[str, Any], preview: bool) -> None:
        self._recording = recording
        self._invokes = invokes
        self._preview = preview

    def new_resource(self, args: MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
        if not args.custom:
            return None, {}
        if args.typ not in OUTPUTS:
            raise AssertionError(
                f"{args.typ} has no output template in tests/components/recording.py"
            )
        if self._preview:
            # In a preview nothing is known of a new resource but its inputs.
            return "", dict(args.inputs)
        return f"{args.name}-id", {**args.inputs, **OUTPUTS[args.typ](args)}

    def call(self, args: MockCallArgs) -> Any:
        if args.token not in self._invokes:
            raise AssertionError(f"{args.token} has no answer in tests/components/recording.py")
        self._recording.invokes.append((args.token, dict(args.args)))
        return self._invokes[args.token](args.args), []


class RecordingMonitor(MockMonitor):
    """Keeps what the SDK's own mock monitor drops: options, parents and registered outputs."""

    def __init__(self, recording: Recording, invokes: Mapping[str, Any], preview: bool) -> None:
        super().__init__(RecordingMocks(recording, invokes, preview))
        self.recording = recording
        self.preview = preview
        self.slow: Collection[str] = ()

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802 - gRPC's name
        if request.type in self.slow:
            time.sleep(SLOW_SECONDS)
        response = super().RegisterResource(request)
        if request.type != "pulumi:pulumi:Stack":
            assert response.urn not in self.recording.resources, f"{response.urn} registered twice"
            self.recording.resources[response.urn] = _resource(request, response.urn)
            self.recording.order.append(response.urn)
        return response

    def RegisterResourceOutputs(self, request: Any) -> Any:  # noqa: N802 - gRPC's name
        assert request.urn not in self.recording.registered_outputs, f"{request.urn}: outputs twice"
        self.recording.registered_outputs[request.urn] = rpc.deserialize_properties(request.outputs)
        self.recording.order.append(f"outputs {request.urn}")
        return empty_pb2.Empty()


def _resource(request: Any, urn: str) -> Resource:
    return Resource(
        urn=urn,
        type=request.type,
        name=request.name,
        inputs=rpc.deserialize_properties(request.object),
        custom=request.custom,
        parent=request.parent,
        dependencies=tuple(request.dependencies),
        property_dependencies={
            key: tuple(value.urns) for key, value in request.propertyDependencies.items()
        },
        ignore_changes=tuple(request.ignoreChanges),
        retain_on_delete=request.retainOnDelete,
        hooks={
            moment: tuple(getattr(request.hooks, moment))
            for moment in ("after_create", "after_update", "before_create", "before_update")
        },
    )


class RecordingCallbacks:
    """Stands for the callback server: hooks never run on mocks, but which exist can be known."""

    def __init__(self, recording: Recording) -> None:
        self._recording = recording

    def register_resource_hook(self, hook: pulumi.ResourceHook) -> None:
        self._recording.hooks.append(hook)


def project_defaults() -> dict[str, str]:
    """What the engine adds to every stack's configuration from Pulumi.yaml."""
    schema = yaml.safe_load((ROOT / "Pulumi.yaml").read_text(encoding="utf-8"))["config"]
    return {key: as_text(entry["default"]) for key, entry in schema.items() if "default" in entry}


def stack_config(stack: str) -> dict[str, str]:
    """A stack's whole configuration as a program receives it: texts, defaults included."""
    document = yaml.safe_load((ROOT / f"Pulumi.{stack}.yaml").read_text(encoding="utf-8"))
    own = {key: as_text(value) for key, value in document["config"].items()}
    return {**project_defaults(), **own}


def as_text(value: Any) -> str:
    """How the engine hands a configuration value to a program."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def run_program(
    stack: str,
    config: Mapping[str, str],
    *,
    invokes: Mapping[str, Any] | None = None,
    preview: bool = False,
    slow: Collection[str] = (),
) -> Recording:
    """Runs the project's own `__main__.py`, and returns once every registration has landed."""
    return record(
        lambda: runpy.run_path(str(ROOT / "__main__.py"), run_name="__main__"),
        stack=stack,
        config=config,
        invokes=invokes,
        preview=preview,
        slow=slow,
    )


def record(
    program: Callable[[], object],
    *,
    stack: str = "test",
    config: Mapping[str, str] | None = None,
    invokes: Mapping[str, Any] | None = None,
    preview: bool = False,
    slow: Collection[str] = (),
) -> Recording:
    """Runs any program on the recording engine, on an event loop of its own.

    Resources of the types in `slow` take longer to make than all the others.
    """
    recording = Recording()
    monitor = RecordingMonitor(recording, {**INVOKES, **(invokes or {})}, preview)
    monitor.slow = slow
    # The SDK keeps its state in context variables: a context of its own leaks nothing to others.
    contextvars.copy_context().run(_run, program, monitor, stack, config or {})
    return recording


def _run(
    program: Callable[[], object],
    monitor: RecordingMonitor,
    stack: str,
    config: Mapping[str, str],
) -> None:
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    try:
        features = monitor.GetDeploymentInfo(empty_pb2.Empty()).supportedFeatures
        settings.configure(
            MockSettings(
                monitor=monitor,
                monitor_features=set(features),
                engine=MockEngine(None),
                project="haproof",
                stack=stack,
                dry_run=monitor.preview,
                organization=None,
            )
        )
        settings.SETTINGS.callbacks = RecordingCallbacks(monitor.recording)
        settings.set_root_resource(None)
        set_all_config(dict(config))
        # The engine's own way: waits for every registration, then registers the stack's outputs.
        loop.run_until_complete(run_in_stack(program))
    finally:
        for task in asyncio.all_tasks(loop):
            task.cancel()
        loop.run_until_complete(loop.shutdown_default_executor())
        loop.close()
        asyncio.set_event_loop(None)
